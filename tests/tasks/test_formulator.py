"""A task's documents in other formulations: what is shown and scored, and what is refused."""

from __future__ import annotations

import json

import pytest

from proctor.errors import TaskError
from proctor.run.exam import load_exam
from proctor.run.progress import Quiet
from proctor.settings.config import build_config
from proctor.tasks.formulations import Formulations
from proctor.tasks.prompt import PLAIN, PromptStyle

LISTED = "A. {{choices[0]}}\\nB. {{choices[1]}}\\nC. {{choices[2]}}\\n"
LETTERS = f"""\
task: letters
dataset_path: json
dataset_kwargs: {{data_files: {{test: test.jsonl, dev: dev.jsonl}}}}
test_split: test
fewshot_split: dev
fewshot_config: {{sampler: first_n}}
output_type: multiple_choice
doc_to_text: "{{{{question}}}}\\n{LISTED}Answer:"
doc_to_choice: [A, B, C]
doc_to_target: answer
"""
TEXTS = LETTERS.replace(LISTED, "").replace("[A, B, C]", "choices")
ROW = {"question": "Which is long?", "choices": ["red", "blue", "green"], "answer": 0}
SHOT = {"question": "Which is short?", "choices": ["one", "two", "three"], "answer": 2}
CHOICES = "metadata: {choices: {options: choices, answer: answer, question: QUESTION}}\n"
EVERY = ("letter", "hybrid", "text", "generate")


@pytest.fixture
def load(tmp_path):
    def load(rows=(ROW,), text=LETTERS, shots=0, shot=SHOT):
        for name, some in (("test", rows), ("dev", [shot])):
            (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in some), encoding="utf-8")
        (tmp_path / "letters.yaml").write_text(text, encoding="utf-8")
        given = {"model": "dummy", "tasks": [str(tmp_path / "letters.yaml")], "num_fewshot": shots}
        (task,) = load_exam(build_config(given), Quiet).tasks
        return task

    return load


def style(*names, choices_only=False):
    return PromptStyle(formulations=Formulations(names, choices_only))


def example(task, *names, choices_only=False):
    return next(iter(task.examples(range(1), style(*names, choices_only=choices_only), 0)))


def shown(task, *names, choices_only=False):
    """By formulation its prompt and what is scored."""
    variants = example(task, *names, choices_only=choices_only).variants
    return {
        variant.formulation.name: (
            "".join(turn.content + turn.delimiter for turn in variant.contexts[0]),
            variant.options,
        )
        for variant in variants
    }


def test_a_task_by_letter_in_every_other_formulation(load):
    found = shown(load(shots=1), *EVERY, choices_only=True)
    letters, texts = ("A", "B", "C"), ("red", "blue", "green")
    block = "A. red\nB. blue\nC. green\nAnswer:"
    shot = "A. one\nB. two\nC. three\nAnswer:"
    by_letter = f"Which is short?\n{shot} C\n\nWhich is long?\n{block}"
    assert found == {
        "task": (by_letter, letters),
        "hybrid": (f"Which is short?\n{shot} three\n\nWhich is long?\n{block}", texts),
        "text": ("Which is short?\nAnswer: three\n\nWhich is long?\nAnswer:", texts),
        "generate": (by_letter, letters),
        "choices_only": (f"{shot} C\n\n{block}", letters),
        "choices_only_hybrid": (f"{shot} three\n\n{block}", texts),
        "choices_only_text": ("Answer: three\n\nAnswer:", texts),
    }


def test_a_task_by_text_is_listed_with_letters_and_its_own_texts_are_not_requested_again(load):
    task = load(text=TEXTS, shots=1)
    found = shown(task, *EVERY, choices_only=True)
    assert found["letter"] == (
        "Which is short?\nA. one\nB. two\nC. three\nAnswer: C\n\nWhich is long?\nA. red\nB. blue\nC. green\nAnswer:",
        ("A", "B", "C"),
    )
    assert found["hybrid"][1] == found["task"][1] == ("red", "blue", "green")
    assert found["choices_only"] == ("Answer: three\n\nAnswer:", ("red", "blue", "green"))
    asks = task.asks(example(task, *EVERY), style(*EVERY))
    assert [ask.role for ask in asks if ask.variant == 3] == ["unconditional", "neutral"]
    assert len({ask.request for ask in asks if ask.request.kind == "loglikelihood"}) == len(asks) - 1


def test_the_formulation_of_one_task_is_the_own_one_of_the_other(load):
    letters = shown(load(), "text")
    texts = shown(load(text=TEXTS), "letter")
    assert (letters["task"], letters["text"]) == (texts["letter"], texts["task"])


def test_a_task_that_scores_texts_beside_letters_is_hybrid(load):
    found = shown(load(text=LETTERS.replace("[A, B, C]", "choices")), *EVERY)
    assert set(found) == {"task", "letter", "text", "generate"}
    assert found["letter"][0] == found["task"][0]
    assert found["text"][0] == "Which is long?\nAnswer:"


def test_the_task_alone_is_as_without_formulations(load):
    task = load(shots=1)
    plain = next(iter(task.examples(range(1), PLAIN, 0)))
    own = example(task, *EVERY, choices_only=True)
    assert (own.text, own.target, own.shots) == (plain.text, plain.target, plain.shots)
    (first,) = task.asks(plain, PLAIN)
    assert task.asks(own, style(*EVERY, choices_only=True))[0] == first


def test_the_question_is_that_which_the_task_declares(load):
    declared = CHOICES.replace("QUESTION", "'Question: {{question}}'")
    assert shown(load(text=LETTERS + declared), "text")["text"][0] == "Question: Which is long?\nAnswer:"
    listed = shown(load(text=TEXTS + declared), "letter")["letter"][0]
    assert listed == "Question: Which is long?\nA. red\nB. blue\nC. green\nAnswer:"
    column = CHOICES.replace("QUESTION", "question")
    assert shown(load(text=LETTERS + column), "text")["text"][0] == "Which is long?\nAnswer:"


def test_labels_are_those_of_the_task(load):
    text = (
        LETTERS.replace("A. ", "(1) ")
        .replace("B. ", "(2) ")
        .replace("C. ", "(3) ")
        .replace("[A, B, C]", "['1', '2', '3']")
    )
    assert shown(load(text=text), "text", choices_only=True)["choices_only"] == (
        "(1) red\n(2) blue\n(3) green\nAnswer:",
        ("1", "2", "3"),
    )


def test_more_options_than_letters_are_numbered(load):
    row = {"question": "Which?", "choices": [f"option {number}" for number in range(30)], "answer": 29}
    text, options = shown(load([row], TEXTS), "letter")["letter"]
    assert text.startswith("Which?\n1. option 0\n2. option 1\n")
    assert text.endswith("\n30. option 29\nAnswer:")
    assert options == tuple(str(number) for number in range(1, 31))


UNLABELLED = LETTERS.replace("A. {{", "{{").replace("\\nB. {{", " or {{").replace("\\nC. {{", " or {{")
UNLABELLED = UNLABELLED.replace("[A, B, C]", "choices")


def test_a_question_that_cannot_be_told_from_the_options_is_refused_with_the_key_that_names_it(load):
    with pytest.raises(TaskError) as refused:
        example(load(text=UNLABELLED), "text")
    assert "--formulations: document 0 cannot be put in another formulation: its prompt does not show where" in str(
        refused.value
    )
    assert "metadata: {choices:" in str(refused.value)
    assert "question: '{{question}}'" in str(refused.value)
    declared = UNLABELLED + CHOICES.replace("QUESTION", "question")
    assert shown(load(text=declared), "text")["text"][0] == "Which is long?\nAnswer:"


@pytest.mark.parametrize(
    ("row", "text", "message"),
    [
        ({"choices": ["red"]}, TEXTS, "it has one option, so that there is nothing to choose"),
        ({"question": " "}, LETTERS, "its question is empty"),
        ({}, LETTERS + CHOICES.replace("QUESTION", "'{% if false %}x{% endif %}'"), "its question is empty"),
        (
            {},
            LETTERS.replace("[A, B, C]", "[A, B]") + CHOICES.replace("QUESTION", "question"),
            "3 options and 2 labels",
        ),
    ],
)
def test_a_document_that_cannot_be_put_so_is_named(load, row, text, message):
    with pytest.raises(TaskError, match=message):
        example(load([{**ROW, **row}], text), "text", "letter")


@pytest.mark.parametrize(
    "text", [LETTERS, TEXTS, LETTERS + CHOICES.replace("QUESTION", "question")], ids=["letters", "texts", "declared"]
)
def test_a_question_that_is_empty_already_cannot_be_left_out(load, text):
    with pytest.raises(TaskError, match="its question is empty already, so that --choices_only leaves nothing out"):
        example(load([{**ROW, "question": " "}], text), choices_only=True)


def test_options_that_change_from_call_to_call_are_refused(load, tmp_path):
    code = "import itertools\nCALLS = itertools.count()\n\n\ndef choices(doc):\n    return ['x', f'y{next(CALLS)}']\n"
    (tmp_path / "utils.py").write_text(code, encoding="utf-8")
    with pytest.raises(TaskError, match="doc_to_choice gives other options from one call to the next"):
        example(load(text=TEXTS.replace("doc_to_choice: choices", "doc_to_choice: !function utils.choices")), "letter")


def test_a_column_that_is_missing_is_an_error_of_the_declaration(load):
    wrong = LETTERS + CHOICES.replace("QUESTION", "question").replace("options: choices", "options: endings")
    with pytest.raises(TaskError, match=r"a document does not fit metadata\.choices: it has no column 'endings'"):
        example(load(text=wrong), "text")


def test_an_example_whose_answer_is_no_option_is_named(load):
    task = load(
        text=TEXTS.replace("doc_to_target: answer", "doc_to_target: '{{answer}}'"), shots=1, shot={**SHOT, "answer": 7}
    )
    with pytest.raises(TaskError, match="its answer is choice 7"):
        example(task, "letter")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("question", "[1]", "must have a column, a template or a !function as 'question'"),
        ("question", "' '", "must have a column, a template or a !function as 'question'"),
        ("unconditional", "''", "must have a text as 'unconditional'"),
        ("questions", "x", "has no key 'questions'"),
    ],
)
def test_a_declaration_that_is_wrong_is_a_sentence(load, key, value, message):
    text = f"{LETTERS}metadata: {{choices: {{options: choices, answer: answer, {key}: {value}}}}}\n"
    with pytest.raises(TaskError, match=message):
        example(load(text=text), "text")


def test_the_prompt_that_says_nothing_is_that_which_the_task_declares(load):
    text = TEXTS + "metadata: {choices: {options: choices, answer: answer, unconditional: '정답:'}}\n"
    task = load(text=text)
    (neutral,) = [ask for ask in task.asks(example(task, "text"), style("text")) if ask.role == "neutral"]
    assert neutral.request.context == "정답:"


def test_orders_and_formulations_go_together(load):
    from proctor.analysis.orders import OrderMode
    from proctor.tasks.choice_orders import ChoiceOrders

    both = PromptStyle(orders=ChoiceOrders(OrderMode("cyclic")), formulations=Formulations(("text",)))
    (found,) = load().examples(range(1), both, 0)
    names = [one.formulation.name if one.formulation else one.order for one in found.variants]
    assert names == ["task", (1, 2, 0), (2, 0, 1), "text"]
