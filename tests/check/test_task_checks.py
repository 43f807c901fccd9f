"""What is wrong with a task though every prompt can be made: run, preview and validate say the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from proctor.cli.main import main

HEAD = """\
task: quiz
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
"""
CHOICE = HEAD + "output_type: multiple_choice\n"
PLAIN = CHOICE + 'doc_to_text: "{{question}}"\ndoc_to_choice: choices\ndoc_to_target: answer\n'
TEXT = HEAD + 'doc_to_text: "{{question}}"\ndoc_to_target: answer\n'
ROWS = [{"question": f"Q{n}?", "choices": ["w", "x", "y", "z"], "answer": n % 4} for n in range(6)]
SETTINGS = ("run", "--model", "dummy")

Ask = Callable[..., tuple[int, str]]


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """``ask(command, config, rows, code)``: the exit code and everything that was said."""

    def say(*words: str, config: str = PLAIN, rows: Sequence[Mapping[str, Any]] = ROWS, code: str = "") -> Any:
        (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        (tmp_path / "code.py").write_text(code, encoding="utf-8")
        (tmp_path / "quiz.yaml").write_text(config, encoding="utf-8")
        status = main([*words, "--tasks", str(tmp_path / "quiz.yaml")])
        return status, "".join(capsys.readouterr())

    return say


def with_answers(answers: Sequence[Any], choices: Sequence[str] = ("w", "x", "y", "z")) -> list[dict[str, Any]]:
    return [{"question": f"Q{n}?", "choices": choices, "answer": one} for n, one in enumerate(answers)]


def test_a_good_exam_has_nothing_said(ask):
    code, said = ask(*SETTINGS)
    assert code == 0
    assert "quiz.yaml" not in said


# ---------------------------------------------------------------- functions that do not agree with themselves

SHUFFLE = """\
import random
def _options(doc):
    options = list(doc["choices"])
    random.shuffle(options)
    return options
def text(doc):
    return doc["question"] + "".join(f"\\n{l}. {o}" for l, o in zip("ABCD", _options(doc)))
def choice(doc):
    return _options(doc)
def target(doc):
    return _options(doc).index(doc["choices"][doc["answer"]])
def letters(doc):
    return ["A", "B", "C", "D"]
def gold(doc):
    return doc["answer"]
def phrase(doc):
    return random.choice(["Say: ", "Tell me: ", "Please: ", "Now: ", "So: "]) + doc["question"]
_count = 0
def counted(doc):
    global _count
    _count += 1
    return f"{_count}. {doc['question']}"
def seeded(doc):
    return random.Random(doc["question"]).randrange(4)
def pops(doc):
    doc["choices"].reverse()
    return doc["question"]
def at_home(doc):
    return doc["choices"].index("w")
def adds(doc):
    doc["note"] = 1
    return doc["question"]
"""


def fields(text: str, choice: str, target: str) -> str:
    keys = (("doc_to_text", text), ("doc_to_choice", choice), ("doc_to_target", target))
    return CHOICE + "".join(f"{key}: {value}\n" for key, value in keys)


F = "!function code."
WRONG = {
    "three shuffles": (fields(F + "text", F + "choice", F + "target"), ["doc_to_choice", "doc_to_target"]),
    "options alone": (fields("question", F + "choice", "answer"), ["doc_to_choice"]),
    "target alone": (fields("question", "choices", F + "target"), ["doc_to_target"]),
    "letters after a shuffled prompt": (fields(F + "text", F + "letters", F + "gold"), ["doc_to_text"]),
    "a template that draws": (
        fields("question", "choices", '"{{ range(4) | random }}"'),
        ["doc_to_target"],
    ),
}


@pytest.mark.parametrize(("config", "named"), WRONG.values(), ids=WRONG)
def test_functions_that_give_something_else_each_time_stop_a_run(ask, config, named):
    for words in (SETTINGS, ("validate", "--run_task_code")):
        code, said = ask(*words, config=config, code=SHUFFLE)
        assert code == (2 if words is SETTINGS else 1)
        for key in named:
            assert f"{key} gives another value each time it is called: prompt and gold disagree (document 0" in said
        assert "random.Random(doc[" in said


def test_strict_asks_all_the_same_and_says_it(ask):
    code, said = ask(*SETTINGS, "--strict_lm_eval", config=WRONG["three shuffles"][0], code=SHUFFLE)
    assert code == 0
    assert "prompt and gold disagree" in said


def test_preview_says_it_and_shows_the_prompt(ask):
    code, said = ask("preview", config=WRONG["three shuffles"][0], code=SHUFFLE)
    assert code == 0
    assert "prompt and gold disagree" in said
    assert "A. " in said


@pytest.mark.parametrize("text", [F + "phrase", F + "counted"])
def test_a_prompt_that_differs_while_the_gold_does_not_is_a_warning(ask, text):
    code, said = ask(*SETTINGS, config=fields(text, "choices", "answer"), code=SHUFFLE)
    assert code == 0
    assert "doc_to_text gives another value each time it is called (document 0 and 2 more documents)." in said


def test_what_is_drawn_from_the_document_has_nothing_said(ask):
    code, said = ask(*SETTINGS, config=fields("question", "choices", F + "seeded"), code=SHUFFLE)
    assert code == 0
    assert "code.py" not in said
    assert "gives another" not in said


def test_a_function_that_changes_its_document_under_another_stops_a_run(ask):
    rows = [{**row, "choices": list("wxyz")} for row in ROWS]
    config = fields(F + "pops", "choices", F + "at_home")
    status, said = ask(*SETTINGS, config=config, rows=rows, code=SHUFFLE)
    assert "doc_to_text changes the document that it is given ('choices')" in said
    assert status == 2
    assert "gives another value after another function changed the document: prompt and gold disagree" in said


def test_a_key_that_is_added_to_a_document_is_a_warning(ask):
    code, said = ask(*SETTINGS, config=fields(F + "adds", "choices", "answer"), code=SHUFFLE)
    assert code == 0
    assert "doc_to_text changes the document that it is given ('note') (document 0 and 2 more" in said


def test_what_the_checks_draw_is_put_back(tmp_path):
    import random

    from proctor.random_state import random_state_restored

    space: dict[str, Any] = {}
    exec("import random\nown = random.Random(1)\ndef draw():\n    return random.random(), own.random()\n", space)
    random.seed(3)
    expected = (random.Random(3).random(), random.Random(1).random())
    with random_state_restored([space["draw"]]):
        space["draw"]()
    assert space["draw"]() == expected


# ---------------------------------------------------------------- targets

HOPELESS = {
    "circled digits": (PLAIN, with_answers("②①③②"), "doc_to_target gave '②', which is none of the choices"),
    "withheld": (PLAIN, with_answers([-1] * 4), "doc_to_target gave -1, but there are 4 choices"),
    "withheld as text": (PLAIN, with_answers([""] * 4), "doc_to_target gave '', which is none of the choices"),
    "null": (PLAIN, with_answers([None] * 4), "doc_to_target gave None (NoneType)"),
    "empty lists": (PLAIN, with_answers([[]] * 4), "doc_to_target gave an empty list"),
    "lists of nothing": (PLAIN, with_answers([[7], [9]]), "doc_to_target gave 7, but there are 4 choices"),
    "fractions": (PLAIN, with_answers([1.0, 2.0]), "doc_to_target gave 1.0 (float)"),
    "a misspelt column": (PLAIN.replace(": answer", ": anwser"), ROWS, "doc_to_target gave 'anwser'"),
    "generated, empty": (TEXT, with_answers(["", " "]), "doc_to_target is empty"),
    "generated, null": (TEXT, with_answers([None, None]), "doc_to_target gave nothing (null)"),
    "generated, withheld": (TEXT, with_answers(["?"] * 3), "looks like a label that was not published"),
    "a number beyond the choices": (
        HEAD + 'doc_to_text: "{{question}}"\ndoc_to_choice: choices\ndoc_to_target: answer\n',
        with_answers([4, 5]),
        "doc_to_target gave 4, but there are 4 choices",
    ),
}


@pytest.mark.parametrize(("config", "rows", "sentence"), HOPELESS.values(), ids=HOPELESS)
def test_a_task_without_a_target_that_can_be_read_is_an_error_before_the_model(
    ask, monkeypatch, config, rows, sentence
):
    monkeypatch.setattr("proctor.models.dummy.DummyModel.respond", None)
    code, said = ask(*SETTINGS, config=config, rows=rows)
    assert code == 2
    assert f"no target of its {len(rows)} documents can be read" in said
    assert sentence in said


def test_one_warning_a_task_names_the_count_and_the_first_three(ask):
    rows = with_answers([*"②①③", *(["w"] * 3), *(["④"] * 3000)])
    code, said = ask(*SETTINGS, "--limit", "2000", config=PLAIN, rows=rows)
    assert code == 0
    assert said.count("which is none of the choices") == 1
    assert "(document 0 and 1,996 more documents; also '①', '③')" in said
    assert '"①②③④".index(column)' in said


def test_a_limit_that_leaves_the_good_documents_out_is_no_error(ask):
    code, said = ask(*SETTINGS, "--limit", "1", rows=with_answers([-1, 2]))
    assert code == 0
    assert "doc_to_target gave -1" in said


def test_what_only_predicts_needs_no_target(ask, tmp_path):
    out = str(tmp_path / "out")
    code, said = ask(*SETTINGS, "--predict_only", "--output_path", out, rows=with_answers([-1, -1]))
    assert code == 0
    assert "can be read" not in said


def test_results_carry_what_was_said(ask, tmp_path):
    ask(*SETTINGS, "--output_path", str(tmp_path / "out"), rows=with_answers([0, 7]))
    [file] = (tmp_path / "out").rglob("results_*.json")
    [line] = json.loads(file.read_text())["proctor"]["warnings"]["quiz"]
    assert "doc_to_target gave 7, but there are 4 choices" in line


def test_counted_from_one(ask):
    answers = [1 + n % 3 for n in range(28)]
    for words in (SETTINGS, ("validate",)):
        code, said = ask(*words, rows=with_answers(answers))
        assert code == 0
        assert "0 never occurs in 28 documents: counted from 1?" in said


@pytest.mark.parametrize("answers", [[1, 2, 3, 1], [1] * 40, [0, *[1, 2, 3] * 10]])
def test_no_pattern_no_word(ask, answers):
    _, said = ask(*SETTINGS, rows=with_answers(answers))
    assert "counted from 1" not in said


NUMBERS = CHOICE + 'doc_to_text: "{{question}}"\ndoc_to_choice: choices\ndoc_to_target: "{{answer}}"\n'


def test_a_number_that_is_also_the_text_of_another_option(ask):
    code, said = ask(*SETTINGS, config=NUMBERS, rows=with_answers(["2", "3"], ["1", "2", "3", "4"]))
    assert code == 0
    assert "doc_to_target gave the number 2, which is option 2 counted from 0 ('3'), but '2' is the text of" in said


DOWN = NUMBERS.replace("{{answer}}", "{{ answer | int - 1 }}")


def test_a_template_that_counts_down_to_a_position_has_nothing_said(ask):
    for answers in (["2", "3"], ["2", "3", "4"] * 12, ["1", "2", "3", "4"]):
        for words in (SETTINGS, ("validate",)):
            code, said = ask(*words, config=DOWN, rows=with_answers(answers, ["1", "2", "3", "4"]))
            assert code == 0
            assert "is the text of another option" not in said
            assert "counted from 1" not in said


@pytest.mark.parametrize(
    "template", ["{{answer}}", "{{ answer }}", "{{ answer | int }}", "{{answer|trim}}", "{{ x['answer'] }}"]
)
def test_a_template_that_writes_a_column_as_it_is_has_its_numbers_looked_at(ask, template):
    rows = [{**row, "x": {"answer": row["answer"]}} for row in with_answers(["2", "3"], ["1", "2", "3", "4"])]
    _, said = ask(*SETTINGS, config=NUMBERS.replace("{{answer}}", template), rows=rows)
    assert "'2' is the text of another option" in said


def test_digits_that_are_text_have_both_ways_of_counting_said(ask):
    config = NUMBERS.replace('"{{answer}}"', "answer")
    _, said = ask(*SETTINGS, config=config, rows=with_answers(["2", "3"]))
    assert "'{{ column }}' where the data counts from 0, '{{ column | int - 1 }}' where it counts from 1" in said


def test_positions_among_numbers_have_nothing_said(ask):
    _, said = ask(*SETTINGS, config=NUMBERS, rows=with_answers(["2", "0", "1"], ["1", "2", "3", "4"]))
    assert "is the text of another option" not in said


# ---------------------------------------------------------------- texts that are not rendered

BRACES = {
    "options": ('doc_to_choice: ["{{opt1}}", "{{opt2}}"]\n', "'{{ [opt1, opt2] }}'"),
    "options with signs": ('doc_to_choice: ["A. {{opt1}}", "B"]\n', "'{{ ['A. ' ~ opt1, 'B'] }}'"),
    "a mapping": ('doc_to_choice: {a: "{{opt1}}", b: "x"}\n', "'{{ [opt1, 'x'] }}'"),
    "a delimiter": ('doc_to_choice: [a, b]\ntarget_delimiter: "{{opt1}}"\n', "target_delimiter is not rendered"),
    "an example's": (
        'doc_to_choice: [a, b]\nfewshot_config: {doc_to_choice: ["{{opt1}}", b]}\n',
        "whose items are not rendered",
    ),
    "single braces": ('doc_to_choice: ["{opt1}", b]\n', "Write '{{opt1}}'"),
    "names of columns": ("doc_to_choice: [opt1, opt2]\n", "'{{ [opt1, opt2] }}'"),
}


@pytest.mark.parametrize(("keys", "remedy"), BRACES.values(), ids=BRACES)
def test_a_template_that_is_not_rendered_is_said_with_the_form_that_works(ask, keys, remedy):
    config = CHOICE + 'doc_to_text: "{{question}}"\ndoc_to_target: answer\n' + keys
    rows = [{"question": "Q", "opt1": "x", "opt2": "y", "answer": n % 2} for n in range(3)]
    code, said = ask(*SETTINGS, config=config, rows=rows)
    assert code == 0
    assert remedy in said
    code, said = ask("validate", config=config, rows=rows)
    assert code == 1
    assert remedy in said


@pytest.mark.parametrize(("text", "options"), [("{{A}} {{B}}", "[A, B]"), ("{{opt1}}", "[opt1, opt2]")])
def test_labels_that_are_names_of_columns_have_nothing_said(ask, text, options):
    config = CHOICE + f'doc_to_text: "{text} {{{{n}}}}"\ndoc_to_target: answer\ndoc_to_choice: {options}\n'
    rows = [{"n": n, "A": "x", "B": "y", "opt1": "x", "opt2": "y", "answer": n % 2} for n in range(3)]
    _, said = ask(*SETTINGS, config=config, rows=rows)
    assert "names of columns" not in said


def test_a_path_without_braces_is_a_text(ask):
    rows = [{"question": "Q", "meta": {"answer": "x"}}]
    code, said = ask(*SETTINGS, config=TEXT.replace(": answer", ": meta.answer"), rows=rows)
    assert code == 0
    assert "doc_to_target is the text 'meta.answer', the same for every document. Write '{{meta.answer}}'" in said


def test_braces_of_other_kinds_have_nothing_said(ask):
    config = PLAIN.replace('"{{question}}"', "'{{question}} Write \\boxed{answer}, f(${answer}) or {x}.'")
    _, said = ask(*SETTINGS, config=config)
    assert "braces" not in said


# ---------------------------------------------------------------- cells

OPTIONS = CHOICE + 'doc_to_text: "{{question}} ⑤ {{e}}"\ndoc_to_choice: "{{[a, e]}}"\ndoc_to_target: answer\n'


def test_an_empty_cell_in_the_prompt(ask, tmp_path):
    (tmp_path / "test.csv").write_text("question,e,answer\nQ,x,0\nQ,,0\nQ,None of these,0\nQ,NA,1\n", encoding="utf-8")
    config = OPTIONS.replace("path: json", "path: csv").replace("jsonl", "csv").replace('"{{[a, e]}}"', "[a, b]")
    for words in (SETTINGS, ("validate",)):
        code, said = ask(*words, config=config)
        assert code == 0
        assert "the column 'e' is empty, and stands as 'None' in doc_to_text (document 1 and 1 more document)" in said
        assert """'{{ e or "" }}'""" in said


def test_an_empty_cell_that_a_template_leaves_out_has_nothing_said(ask):
    rows = [{"question": "Q", "a": "x", "e": None, "answer": 0}, {"question": "Q", "a": "x", "e": "y", "answer": 0}]
    config = OPTIONS.replace("⑤ {{e}}", "{% if e %}⑤ {{e}}{% endif %}").replace("[a, e]", "[a, e or 'n']")
    _, said = ask(*SETTINGS, config=config, rows=rows)
    assert "is empty" not in said


def test_whole_numbers_that_became_fractions(ask):
    rows = [{"question": "Q", "answer": one} for one in (2.0, 3.0, None)]
    _, said = ask(*SETTINGS, config=TEXT.replace(": answer", ': "{{answer}}"'), rows=rows)
    assert "the column 'answer' holds whole numbers that were read as fractions, and '2.0' stands in" in said
    assert "'{{ answer | int }}'" in said
    rows = [{"question": "Q", "answer": one} for one in (2.0, 3.5)]
    _, said = ask(*SETTINGS, config=TEXT.replace(": answer", ': "{{answer}}"'), rows=rows)
    assert "fractions" not in said


def test_dates_that_became_times(ask):
    rows = [{"question": "2020-05-01", "choices": ["a", "b"], "answer": 0}]
    _, said = ask(*SETTINGS, rows=rows)
    assert "the column 'question' was read as dates or times, and '2020-05-01 00:00:00' stands in doc_to_text" in said
