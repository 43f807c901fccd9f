"""Exams with one thing wrong: each command says it in a sentence, with the place, and no traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from proctor.cli.main import main

ROWS = [{"question": f"{n} + 1?", "choices": [str(n), str(n + 1)], "answer": 1} for n in range(4)]

GOOD = """\
task: sums
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl, train: train.jsonl}}
test_split: test
fewshot_split: train
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: choices
doc_to_target: answer
"""

Exam = Callable[..., list[str]]


def write_rows(folder: Path, split: str, rows: list[dict[str, object]]) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / f"{split}.jsonl").write_text(text, encoding="utf-8")


@pytest.fixture
def exam(tmp_path: Path) -> Exam:
    """Writes an exam of one file, changed by (old, new) pairs, and gives the flags that select it."""

    def make(*changes: tuple[str, str], more: str = "", rows: list[dict[str, object]] | None = None) -> list[str]:
        write_rows(tmp_path, "train", list(ROWS))
        write_rows(tmp_path, "test", list(ROWS) if rows is None else rows)
        text = GOOD + more
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "prompts.py").write_text("def ask(doc):\n    return doc['question']\n", encoding="utf-8")
        (tmp_path / "sums.yaml").write_text(text, encoding="utf-8")
        return ["--tasks", str(tmp_path / "sums.yaml")]

    return make


def ask(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit code and stderr of a command."""
    code = main(list(words))
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    return code, captured.err


def test_the_exam_without_a_mistake_runs(exam: Exam, capsys):
    assert ask(capsys, "run", "--model", "dummy", *exam())[0] == 0


def test_a_function_that_fails(exam: Exam, capsys, tmp_path):
    words = exam(('"{{question}}"', "!function prompts.ask"))
    (tmp_path / "prompts.py").write_text("def ask(doc):\n    return doc['nothing']\n", encoding="utf-8")
    code, said = ask(capsys, "run", "--model", "dummy", *words)
    assert code == 2
    assert "sums.yaml:7: task 'sums': doc_to_text failed on a document: KeyError: 'nothing' (at" in said
    assert "prompts.py:2)" in said


BAD = {
    "broken YAML": ([("test_split: test", "test_split: [test")], 2, "sums.yaml:4: this is not valid YAML"),
    "unknown key": ([("doc_to_text", "doc_to_txt")], 2, "sums.yaml:7: task 'sums': there is no key 'doc_to_txt'"),
    "missing split": (
        [("test_split: test", "test_split: tset")],
        2,
        "sums.yaml:4: task 'sums': its data set has no split 'tset'.\n  Did you mean 'test'?",
    ),
    "undefined variable": ([("{{question}}", "{{questoin}}")], 2, "'questoin' is undefined"),
    "broken template": ([("{{question}}", "{% if %}")], 2, "sums.yaml:7: task 'sums': doc_to_text is not a valid"),
    "unknown metric": (
        [("answer\n", "answer\nmetric_list: [{metric: acccc}]\n")],
        2,
        "There is no metric named 'acccc'.\n  Did you mean 'acc'?",
    ),
    "unknown aggregation": (
        [("answer\n", "answer\nmetric_list: [{metric: acc, aggregation: meen}]\n")],
        2,
        "There is no aggregation named 'meen'.\n  Did you mean 'mean'",
    ),
    "unknown filter": (
        [("answer\n", "answer\nfilter_list: [{name: a, filter: [{function: take_frist}]}]\n")],
        2,
        "There is no filter named 'take_frist'.\n  Did you mean 'take_first'",
    ),
    "unknown output type": ([("multiple_choice", "multiple_choise")], 2, "Did you mean 'multiple_choice'?"),
    "empty choice list in the file": ([("doc_to_choice: choices", "doc_to_choice: []")], 2, "doc_to_choice is empty"),
    "missing data file": ([("test.jsonl", "nothing.jsonl")], 2, "task 'sums': there is no file nothing.jsonl"),
    "missing function file": (
        [('"{{question}}"', "!function wordings.ask")],
        2,
        "sums.yaml:7: '!function wordings.ask': there is no file",
    ),
    "prompt function without its tag": (
        [('"{{question}}"', "prompts.ask")],
        2,
        "sums.yaml:7: task 'sums': doc_to_text is the text 'prompts.ask', and no function of prompts.py.\n"
        "  To call a function, write '!function prompts.ask'.",
    ),
    "option function without its tag": ([("doc_to_choice: choices", "doc_to_choice: prompts.ask()")], 2, "prompts.py"),
    "function within quotes": (
        [('"{{question}}"', "'!function prompts.ask'")],
        2,
        "To call a function, write '!function prompts.ask' without quotes.",
    ),
    "example's function without its tag": (
        [("answer\n", "answer\nfewshot_config: {doc_to_text: prompts.ask}\n")],
        2,
        "doc_to_text is the text 'prompts.ask', and no function of prompts.py.",
    ),
    "process_docs without its tag": (
        [("answer\n", "answer\nprocess_docs: prompts.ask\n")],
        2,
        "process_docs must be a !function, but it is text: 'prompts.ask'.\n"
        "  To call a function, write '!function prompts.ask'.",
    ),
    "no output_type": (
        [("output_type: multiple_choice\n", ""), ("answer\n", "answer\nmetric_list: [{metric: acc}]\n")],
        2,
        "The metric 'acc' is not one of generated text, and output_type is generate_until.",
    ),
    "missing include": (
        [("task: sums", "task: sums\ninclude: _gone")],
        2,
        "sums.yaml:2: include: '_gone' does not exist",
    ),
    "negative number of shots in the file": (
        [("answer\n", "answer\nnum_fewshot: -1\n")],
        2,
        "num_fewshot must be 0 or more",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_each_mistake_in_a_file_is_a_sentence_with_its_place(name: str, exam: Exam, capsys):
    changes, expected, sentence = BAD[name]
    code, said = ask(capsys, "run", "--model", "dummy", *exam(*changes))
    assert code == expected
    assert sentence in said


@pytest.mark.parametrize("name", BAD)
def test_validate_finds_each_of_them_too(name: str, exam: Exam, capsys):
    changes, _, _ = BAD[name]
    assert main(["validate", *exam(*changes)]) == 1
    shown = capsys.readouterr().out
    assert "sums.yaml:" in shown
    assert "\n0 errors" not in shown
    assert "All tasks found and valid" not in shown


def test_an_empty_choice_list_of_a_document(exam: Exam, capsys):
    rows = [*ROWS, {"question": "?", "choices": [], "answer": 0}]
    code, said = ask(capsys, "run", "--model", "dummy", *exam(rows=rows))
    assert code == 2
    assert "doc_to_choice gave an empty list on document 4: there is nothing to choose from." in said


def test_a_task_without_documents(exam: Exam, capsys, tmp_path):
    words = exam(("answer\n", "answer\nprocess_docs: !function prompts.none\n"))
    (tmp_path / "prompts.py").write_text("def none(docs):\n    return docs.select([])\n", encoding="utf-8")
    code, said = ask(capsys, "run", "--model", "dummy", *words)
    assert code == 1
    assert "Task 'sums': the split 'test' holds no document after process_docs." in said
    assert main(["validate", "--run_task_code", *words]) == 1
    assert "sums.yaml:10: task 'sums': the split 'test' holds no document" in capsys.readouterr().out


def test_a_target_out_of_range_counts_as_wrong_and_is_a_error_for_validate(exam: Exam, capsys):
    rows = [*ROWS, {"question": "?", "choices": ["a", "b"], "answer": 2}]
    words = exam(rows=rows)
    code, said = ask(capsys, "run", "--model", "dummy", *words)
    assert code == 0
    assert "doc_to_target gave 2, but there are 2 choices: any answer counts as wrong (document 4)." in said
    assert main(["validate", *words]) == 1
    shown = capsys.readouterr().out
    assert "sums.yaml:9: task 'sums': doc_to_target gave 2, but there are 2 choices" in shown
    assert "(document 4)" in shown
    assert "Is the target counted from 1?" in shown


FLAGS = {
    "no shots below zero": (["--num_fewshot", "-1"], 2, "--num_fewshot"),
    "more shots than there are examples": (
        ["--num_fewshot", "9"],
        2,
        "sums.yaml:5: task 'sums': 9 few-shot examples are asked for, but the split 'train', which they are drawn "
        "from, holds 4 documents.",
    ),
    "limit 0": (["--limit", "0"], 2, "--limit"),
    "unknown model": (["--model", "dumy"], 2, "There is no model named 'dumy'.\n  Did you mean 'dummy'?"),
    "unknown flag": (["--num_fewshots", "1"], 2, "There is no flag --num_fewshots. Did you mean '--num_fewshot'?"),
    "unknown task": (["--tasks", "mmlu_anatomi"], 2, "Tasks not found: 'mmlu_anatomi'."),
    "a document that is not there": (["--samples", '{"sums": [9]}'], 2, "it has 4 documents"),
    "a sample of a task that is not there": (["--samples", '{"tums": [0]}'], 2, "--samples names tasks that are not"),
    "an include path without tasks": (["--include_path", "EMPTY"], 2, "holds no task"),
    "an include path that is not there": (["--include_path", "EMPTY/no"], 2, "does not exist"),
}


@pytest.mark.parametrize("name", FLAGS)
def test_each_mistake_on_the_command_line_is_a_sentence(name: str, exam: Exam, capsys, tmp_path):
    flags, expected, sentence = FLAGS[name]
    (tmp_path / "empty").mkdir()
    words = [word.replace("EMPTY", str(tmp_path / "empty")) for word in flags]
    code, said = ask(capsys, "run", "--model", "dummy", *exam(), *words)
    assert code == expected
    assert sentence in said


def test_an_output_path_that_cannot_be_written(exam: Exam, capsys, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    words = ["--output_path", str(tmp_path / "file" / "below")]
    code, said = ask(capsys, "run", "--model", "dummy", *exam(), *words)
    assert code == 1
    assert "below" in said


def test_a_model_folder_without_weights(exam: Exam, capsys, tmp_path):
    pytest.importorskip("transformers")
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "gpt2"}', encoding="utf-8")
    code, said = ask(capsys, "run", "--model", "hf", "--model_args", f"pretrained={folder}", *exam())
    assert code == 1
    assert "weights" in said
