"""A task's documents in other orders: what is shown, what keeps its place, and what is refused."""

from __future__ import annotations

import json

import pytest

from proctor.analysis.orders import OrderMode
from proctor.errors import TaskError
from proctor.run.exam import load_exam
from proctor.run.progress import Quiet
from proctor.settings.config import build_config
from proctor.tasks.choice_orders import ChoiceOrders
from proctor.tasks.prompt import PLAIN, PromptStyle

CYCLIC, ALL = ChoiceOrders(OrderMode("cyclic")), ChoiceOrders(OrderMode("all"))
LETTERS = """\
task: letters
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}\\nA. {{choices[0]}}\\nB. {{choices[1]}}\\nC. {{choices[2]}}\\nAnswer:"
doc_to_choice: [A, B, C]
doc_to_target: answer
"""
LISTED = "A. {{choices[0]}}\\nB. {{choices[1]}}\\nC. {{choices[2]}}\\n"
ROW = {"question": "Which is long?", "choices": ["red", "blue", "green"], "answer": 0}


@pytest.fixture
def load(tmp_path):
    def load(rows=(ROW,), text=LETTERS):
        (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        (tmp_path / "letters.yaml").write_text(text, encoding="utf-8")
        (task,) = load_exam(build_config({"model": "dummy", "tasks": [str(tmp_path / "letters.yaml")]}), Quiet).tasks
        return task

    return load


def shown(task, orders=CYCLIC, **style):
    (example, *_) = task.examples(range(1), PromptStyle(orders=orders, **style), 0)
    return example


def test_each_order_shows_the_options_moved_and_its_own_right_one(load):
    example = shown(load())
    assert [variant.order for variant in example.variants] == [(0, 1, 2), (1, 2, 0), (2, 0, 1)]
    assert [variant.gold for variant in example.variants] == [0, 2, 1]
    assert [variant.options for variant in example.variants] == [("A", "B", "C")] * 3
    last = [variant.contexts[0][-1].content for variant in example.variants]
    assert last[1] == "Which is long?\nA. blue\nB. green\nC. red\nAnswer:"
    assert last[2] == "Which is long?\nA. green\nB. red\nC. blue\nAnswer:"
    assert (example.item.contents, example.item.golds, example.item.kind) == (("red", "blue", "green"), (0,), "free")


def test_the_document_and_its_own_variant_are_those_of_a_run_without_orders(load):
    task = load()
    (plain,) = task.examples(range(1), PLAIN, 0)
    ordered = shown(task)
    assert ordered.canonical == plain.canonical
    assert (ordered.doc, ordered.target, ordered.text) == (plain.doc, plain.target, plain.text)
    assert plain.item is None


def test_all_orders(load):
    assert len({variant.order for variant in shown(load(), ALL).variants}) == 6


def test_orders_do_not_depend_on_the_other_documents(load):
    rows = [{**ROW, "question": f"Which is long, {number}?"} for number in range(4)]
    style = PromptStyle(orders=ChoiceOrders(OrderMode("sampled", 6)))
    task = load(rows)
    every = [[variant.order for variant in one.variants] for one in task.examples(range(4), style, 0)]
    (third,) = task.examples([2], style, 0)
    assert [variant.order for variant in third.variants] == every[2]
    assert [len(orders) for orders in every] == [6] * 4


@pytest.mark.parametrize(
    ("choices", "kept", "free"),
    [
        (["red", "blue", "None of the above"], [(0, 1, 2), (1, 0, 2)], 3),
        (["1 km", "2 km", "3 km"], [(0, 1, 2), (2, 1, 0)], 3),
        (["Both A and B", "blue", "red"], [(0, 1, 2)], 3),
        (["위의 모두", "파랑", "빨강"], [(0, 1, 2), (0, 2, 1)], 3),
    ],
)
def test_options_that_speak_of_others_or_are_sorted_keep_their_place(load, choices, kept, free):
    task = load([{**ROW, "choices": choices}])
    assert [variant.order for variant in shown(task).variants] == kept
    unbound = ChoiceOrders(OrderMode("cyclic"), frozenset())
    assert len(shown(task, unbound).variants) == free


def test_a_function_of_the_task_says_which_positions_stay(load, tmp_path):
    (tmp_path / "utils.py").write_text("def last(doc):\n    return [2]\n", encoding="utf-8")
    text = LETTERS + "metadata: {choices: {options: choices, answer: answer, keep: !function utils.last}}\n"
    assert [variant.order for variant in shown(load(text=text)).variants] == [(0, 1, 2), (1, 0, 2)]


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ("[7]", r"positions from 0 to 2, not \[7\]"),
        ("['x']", r"positions from 0 to 2, not \['x'\]"),
        ("None", "positions from 0 to 2, not None"),
        ("1 / 0", r"keep failed on a document: ZeroDivisionError.*utils\.py:2"),
        ("exit(3)", "keep failed on a document: it called"),
    ],
)
def test_a_function_that_gives_no_positions_is_an_error_of_the_task(load, tmp_path, returned, message):
    (tmp_path / "utils.py").write_text(f"def keep(doc):\n    return {returned}\n", encoding="utf-8")
    text = LETTERS + "metadata: {choices: {options: choices, answer: answer, keep: !function utils.keep}}\n"
    with pytest.raises(TaskError, match=message) as raised:
        shown(load(text=text))
    assert "Name them in the task file" not in str(raised.value)


@pytest.mark.parametrize("labels", ["'1', '2', '3'", "'①', '②', '③'", "'(1)', '(2)', '(3)'", "one, two, three"])
@pytest.mark.parametrize("choices", [["2", "1", "3"], ["2", "9", "4"], ["two", "red", "blue"], [5, 3, 9]])
def test_labels_may_be_equal_to_options(load, labels, choices):
    first, second, third = (label.strip("' ") for label in labels.split(","))
    text = LETTERS.replace("A. ", f"{first} ").replace("B. ", f"{second} ").replace("C. ", f"{third} ")
    example = shown(load([{**ROW, "choices": choices}], text.replace("[A, B, C]", f"[{labels}]")))
    assert [variant.gold for variant in example.variants] == [0, 2, 1]
    assert example.variants[1].contexts[0][-1].content == (
        f"Which is long?\n{first} {choices[1]}\n{second} {choices[2]}\n{third} {choices[0]}\nAnswer:"
    )


def test_texts_that_are_not_moved_along_are_no_labels(load):
    row = {**ROW, "other": ["Red", "Blue", "Green"]}
    with pytest.raises(
        TaskError, match=r"gives neither labels that its prompt shows beside its options nor the moved options: .'Red'"
    ):
        shown(load([row], LETTERS.replace("[A, B, C]", "other")))


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("{{sentence1}}\\nQuestion: {{sentence2}} True or False?\\nAnswer:", '["True", "False"]'),
        ("Sentence 1: {{sentence1}}\\nSentence 2: {{sentence2}}\\nThe same?", '["no", "yes"]'),
        ("{{sentence1}} {{sentence2}} Answer A if that follows, else B:", "[A, B]"),
    ],
)
def test_two_sentences_of_a_question_are_no_options(load, text, choices):
    rows = [{"sentence1": f"All {n} sleep.", "sentence2": f"{n} of us sleep.", "label": n % 2} for n in range(3)]
    yaml = LETTERS.replace("{{question}}\\n" + LISTED + "Answer:", text).replace("[A, B, C]", choices)
    task = load(rows, yaml.replace("doc_to_target: answer", "doc_to_target: label"))
    assert len(shown(task).variants) == 1
    assert not task.lists_options(PromptStyle(orders=CYCLIC))


@pytest.mark.parametrize(
    ("row", "old", "new", "message"),
    [
        ({"answer": -1}, "", "", "lists those of 'choices', and no column names the right one"),
        (
            {"choices": "red|blue|green", "answer": 1},
            "{{question}}",
            "{% set choices = choices.split('|') %}{{question}}",
            "lists options, and no column holds them",
        ),
        ({"answer": 3}, "[A, B, C]", "[A, B, C, D]", "."),
    ],
    ids=["the last one", "one text", "an option that is not there"],
)
def test_options_that_are_listed_and_not_found_are_no_absence_of_options(load, row, old, new, message):
    with pytest.raises(TaskError, match=message):
        shown(load([{**ROW, **row}], LETTERS.replace(old, new)))


def test_a_document_with_one_option_keeps_its_order(load):
    text = LETTERS.replace(LISTED, "{% for one in choices %}{{'ABC'[loop.index0]}}. {{one}}\\n{% endfor %}")
    text = text.replace("[A, B, C]", "\"{{['A', 'B', 'C'][:choices|length]}}\"")
    task = load([ROW, {**ROW, "choices": ["red"]}], text)
    first, second = task.examples(range(2), PromptStyle(orders=CYCLIC), 0)
    assert (len(first.variants), len(second.variants), second.item.kind) == (3, 1, "fixed")


def test_a_right_option_that_is_not_listed_is_refused(load):
    text = LETTERS.replace("[A, B, C]", "[A, B, C, D]").replace("doc_to_target: answer", "doc_to_target: 3")
    with pytest.raises(TaskError, match="its right option is number 4 of 3"):
        shown(load(text=text))


@pytest.mark.parametrize("value", ["--5", "9" * 5000, "²"])
def test_columns_that_hold_odd_numbers_are_no_answers(load, value):
    assert len(shown(load([{**ROW, "answer_of_another": value, "aanswer": value}])).variants) == 3


def test_more_options_than_letters_are_refused_with_the_reason(load):
    row = {**ROW, "choices": [f"option {number} is this" for number in range(28)], "answer": "B"}
    text = LETTERS.replace(LISTED, "{% for one in choices %}{{loop.index}}) {{one}}\\n{% endfor %}")
    text = text.replace("[A, B, C]", "'{{range(1, 29)|map(\"string\")|list}}'")
    text = text.replace("doc_to_target: answer", "doc_to_target: '{{\"ABC\".index(answer)}}'")
    with pytest.raises(TaskError, match="there are 26 labels, and none for option 27"):
        shown(load([row], text))


def test_columns_that_are_declared_are_used_and_checked(load):
    text = LETTERS + "metadata: {choices: {options: choices, answer: answer}}\n"
    assert len(shown(load(text=text)).variants) == 3
    with pytest.raises(TaskError, match=r"letters\.yaml:9: .*no column 'options'"):
        shown(load(text=LETTERS + "metadata: {choices: {options: options, answer: answer}}\n"))
    with pytest.raises(TaskError, match="none of 3 options"):
        shown(load(text=LETTERS + "metadata: {choices: {options: choices, answer: answer, answer_form: number}}\n"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("C. {{choices[2]}}", "C. {{choices[2]}}, not {{choices[0]}}"),
        ("{{question}}", "{{question}} (the first has {{choices[0]|length}} letters)"),
        ("C. {{choices[2]}}", ""),
        ("doc_to_choice: [A, B, C]", "doc_to_choice: '{{choices|sort}}'"),
    ],
    ids=["an option twice", "the prompt depends on an option", "an option is missing", "options are sorted"],
)
def test_a_prompt_that_changes_in_more_than_the_order_is_refused(load, old, new):
    assert old in LETTERS
    with pytest.raises(TaskError, match=r"(?s)--choice_orders: .*metadata: \{choices:"):
        shown(load(text=LETTERS.replace(old, new)))


def test_a_document_that_does_not_fit_is_named(load):
    declared = LETTERS + "metadata: {choices: {options: choices, answer: answer}}\n"
    rows = [ROW] * 30 + [{**ROW, "choices": ["red", "red", "{{x}}", "blue"], "answer": 3}]
    task = load(rows, declared)
    with pytest.raises(TaskError, match="document 30 cannot be shown in another order"):
        list(task.examples(range(31), PromptStyle(orders=CYCLIC), 0))


@pytest.mark.parametrize("declared", ["", "metadata: {choices: {options: choices, answer: answer}}\n"])
@pytest.mark.parametrize("place", [3, 30])
def test_a_document_whose_answer_names_no_option_is_shown_in_its_own_order(load, declared, place):
    rows = [ROW] * 31
    rows[place] = {**ROW, "answer": -1}
    examples = list(load(rows, LETTERS + declared).examples(range(31), PromptStyle(orders=CYCLIC), 0))
    assert [len(example.variants) for example in examples] == [1 if number == place else 3 for number in range(31)]
    assert (examples[place].item.golds, examples[0].item.golds) == ((), (0,))


def test_answers_that_name_no_option_at_all_are_an_error(load):
    with pytest.raises(TaskError, match=r"no document fits metadata.choices: its answer -1"):
        shown(load([{**ROW, "answer": -1}], LETTERS + "metadata: {choices: {options: choices, answer: answer}}\n"))


def test_an_answer_by_true_and_false(load):
    text = LETTERS.replace("C. {{choices[2]}}\\n", "").replace("[A, B, C]", "[A, B]")
    text = text.replace("doc_to_target: answer", "doc_to_target: '{{answer | int}}'")
    assert "C." not in text
    rows = [{"question": "Is it?", "choices": ["no", "yes"], "answer": answer} for answer in (True, False)]
    examples = list(load(rows, text).examples(range(2), PromptStyle(orders=CYCLIC), 0))
    assert [example.item.golds for example in examples] == [(1,), (0,)]
    assert [[variant.gold for variant in example.variants] for example in examples] == [[1, 0], [0, 1]]


def test_an_answer_by_a_list_of_marks(load):
    text = LETTERS.replace("doc_to_target: answer", "doc_to_target: '{{marks.index(1)}}'")
    rows = [
        {"question": "Which?", "choices": ["red", "blue", "green"], "marks": marks} for marks in ([1, 0, 0], [0, 0, 1])
    ]
    examples = list(load(rows, text).examples(range(2), PromptStyle(orders=CYCLIC), 0))
    assert [example.item.golds for example in examples] == [(0,), (2,)]
    assert [variant.gold for variant in examples[0].variants] == [0, 2, 1]


@pytest.mark.parametrize(
    "text",
    [
        LETTERS.replace("A. {{choices[0]}}\\nB. {{choices[1]}}\\nC. {{choices[2]}}\\n", "").replace(
            "[A, B, C]", "choices"
        ),
        LETTERS.replace("multiple_choice", "generate_until").replace("doc_to_choice: [A, B, C]\n", ""),
    ],
    ids=["options are continuations", "no options"],
)
def test_a_task_whose_prompt_lists_no_options_has_its_own_order(load, text):
    task = load(text=text)
    assert len(shown(task).variants) == 1
    assert not task.lists_options(PromptStyle(orders=CYCLIC))


def test_a_model_that_chooses_by_label_gets_labelled_options_in_each_order(load):
    text = LETTERS.replace("A. {{choices[0]}}\\nB. {{choices[1]}}\\nC. {{choices[2]}}\\n", "").replace(
        "[A, B, C]", "choices"
    )
    example = shown(load(text=text), choose="letters")
    assert "A. blue\nB. green\nC. red\n" in example.variants[1].contexts[0][-1].content
    assert [variant.gold for variant in example.variants] == [0, 2, 1]


def test_too_many_orders_are_refused_with_the_flag_that_helps(load):
    row = {**ROW, "choices": [f"option of colour {letter}" for letter in "abcdefghij"]}
    lines = "\\n".join(f"{letter}. {{{{choices[{number}]}}}}" for number, letter in enumerate("ABCDEFGHIJ"))
    text = LETTERS.replace("A. {{choices[0]}}\\nB. {{choices[1]}}\\nC. {{choices[2]}}", lines)
    text = text.replace("[A, B, C]", "[A, B, C, D, E, F, G, H, I, J]")
    task = load([row], text)
    assert len(shown(task).variants) == 10
    with pytest.raises(TaskError, match=r"(?s)3,628,800 orders; at most 120 of an item are run\.\n.*sampled:"):
        shown(task, ALL)


def test_a_prompt_that_a_column_holds_ready_made_cannot_be_reordered(load):
    row = {**ROW, "query": "Which is long?\n(A) red (B) blue (C) green"}
    with pytest.raises(TaskError, match="lists options that do not come from those columns"):
        shown(load([row], LETTERS.replace('"{{question}}\\n' + LISTED + 'Answer:"', "query")))


def test_python_that_scores_sees_the_document_as_it_was_shown(load, tmp_path):
    (tmp_path / "utils.py").write_text(
        "def score(doc, results):\n    return {'acc': float(doc['choices'][0] == 'blue')}\n", encoding="utf-8"
    )
    task = load(text=LETTERS + "process_results: !function utils.score\n")
    example = shown(task)
    assert [task.measure(example, variant, [])["acc"] for variant in range(3)] == [0, 1, 0]
