"""Prompts and options that are valid each and together measure something else; scores that are no numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from task_folders import PLAIN

from proctor.cli.main import main

Ask = Callable[..., tuple[int, str]]
DIFFERENT_OPTIONS = PLAIN.replace("doc_to_choice: choices", 'doc_to_choice: \'{{[question, "b", "c"]}}\'')
OPTIONS = ("w", "x", "y", "z")


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """``ask(options, config, code)``: the exit code and everything that a run prints."""

    def run(
        options: Sequence[str] = OPTIONS,
        config: str = PLAIN,
        code: str = "",
        command: str = "run",
        flags: Sequence[str] = (),
    ) -> Any:
        rows = [{"question": f"Q{n}?", "choices": options, "answer": n % 3} for n in range(6)]
        (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        (tmp_path / "code.py").write_text(code, encoding="utf-8")
        (tmp_path / "quiz.yaml").write_text(config, encoding="utf-8")
        model = ("--model", "dummy") if command == "run" else ()
        status = main([command, *model, "--tasks", str(tmp_path / "quiz.yaml"), *flags])
        return status, "".join(capsys.readouterr())

    return run


@pytest.mark.parametrize("command", ["run", "validate"])
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("w", "", "y"), "a choice is empty; it costs a model next to nothing, and wins (document 0 and 5 more"),
        (("w", "w", "y"), "two choices are the same: 'w' (document 0 and 5 more"),
        (("w", " x", "y"), "two spaces stand before a choice: target_delimiter's, and that of ' x'"),
    ],
)
def test_options_that_give_another_score_than_is_meant_are_named(ask, command, options, sentence):
    code, printed = ask(options, command=command)
    assert code == 0
    assert " ".join(printed.split()).count(sentence) == 1


def test_a_delimiter_without_a_space_takes_options_with_one(ask):
    assert "two spaces" not in ask(("w", " x", "y"), PLAIN + "target_delimiter: ''\n")[1]


@pytest.mark.parametrize("command", ["run", "validate"])
def test_a_prompt_that_is_the_same_for_every_document_is_named(ask, command):
    config = PLAIN.replace("{{question}}", "Question:")
    assert (
        "all 6 documents have the same prompt and the same options: 'Question:'"
        in ask(config=config, command=command)[1]
    )
    assert "documents have the same" not in ask(command=command)[1]


@pytest.mark.parametrize("command", ["run", "validate"])
def test_one_prompt_for_options_that_differ_is_named(ask, command):
    config = DIFFERENT_OPTIONS.replace('{{question}}"\n', 'Which?"\n', 1)
    printed = " ".join(ask(config=config, command=command)[1].split())
    assert "all 6 documents have the same prompt: 'Which?'; only their options differ." in printed


@pytest.mark.parametrize("text", ["", "{{answer * 0}}"])
def test_options_that_differ_may_stand_without_a_prompt(ask, text):
    """An empty prompt, and options that are prompts themselves."""
    assert "documents have the same" not in ask(config=DIFFERENT_OPTIONS.replace('{{question}}"\n', f'{text}"\n', 1))[1]


@pytest.mark.parametrize("command", ["run", "validate"])
@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            'doc_to_text: "{{question}} A: "',
            "before a choice: the last of doc_to_text, 'Q0? A: ', and target_delimiter's",
        ),
        ('target_delimiter: " - "\ndoc_to_text: "{{question}} "', "the last of doc_to_text, 'Q0? ', and target_delim"),
        ('target_delimiter: ""\ndoc_to_text: "{{question}} "\ndoc_to_choice: [" a", " b", " c"]', "the choice's own"),
        ('gen_prefix: "It is "', "the last of gen_prefix, 'It is ', and target_delimiter's"),
        (
            'doc_to_text: "{{answer}}"\ndoc_to_choice: ["a ", "b", "c"]\ndoc_to_target: question',
            "the last of doc_to_choice",
        ),
    ],
)
def test_a_prompt_that_ends_with_a_space_before_a_delimiter_with_one_is_named(ask, command, lines, sentence):
    keys = [line.partition(":")[0] for line in lines.split("\n")]
    kept = [line for line in PLAIN.splitlines() if line.partition(":")[0] not in keys]
    code, printed = ask(config="\n".join([*kept, lines, ""]), command=command)
    assert code == 0
    assert " ".join(printed.split()).count(sentence) == 1


@pytest.mark.parametrize(
    "lines",
    [
        'target_delimiter: ""\ndoc_to_text: "{{question}} "',
        'doc_to_text: "{{question}}\\n"',
        'doc_to_text: "{{question}} "\ngen_prefix: "It is"',
    ],
)
def test_one_space_before_a_choice_is_no_matter(ask, lines):
    keys = [line.partition(":")[0] for line in lines.split("\n")]
    kept = [line for line in PLAIN.splitlines() if line.partition(":")[0] not in keys]
    assert "two spaces" not in ask(config="\n".join([*kept, lines, ""]))[1]


def test_two_spaces_before_the_answer_of_an_example_are_named(ask):
    config = PLAIN.replace("multiple_choice", "generate_until").replace("{{question}}", "{{question}} ")
    config = config.replace("doc_to_choice: choices\n", "").replace("answer\n", '"{{question}}!"\n')
    assert "two spaces" not in ask(config=config)[1]
    config += "num_fewshot: 1\nfewshot_config: {samples: [{question: a}, {question: b}]}\n"
    assert "two spaces stand before the answer of a few-shot example" in ask(config=config)[1]


@pytest.mark.parametrize(
    ("lines", "flags", "are_two"),
    [
        ("", ("--apply_chat_template",), False),
        ("gen_prefix: 'It is '\n", (), True),
        ("gen_prefix: 'It is '\n", ("--apply_chat_template",), False),
    ],
)
def test_in_a_chat_no_delimiter_stands_before_a_choice(ask, lines, flags, are_two):
    spaced = PLAIN.replace("{{question}}", "{{question}} ") + lines
    assert ("two spaces" in ask(config=spaced, flags=flags)[1]) is are_two
    config = PLAIN + lines
    assert ("two spaces" in ask((" w", "x", "y"), config=config, flags=flags)[1]) is (not flags or bool(lines))


def test_in_a_chat_only_examples_that_are_no_turns_have_a_delimiter_before_the_answer(ask):
    config = PLAIN.replace("multiple_choice", "generate_until").replace("{{question}}", "{{question}} ")
    config = config.replace("doc_to_choice: choices\n", "").replace("answer\n", '"{{question}}!"\n')
    config += "num_fewshot: 1\nfewshot_config: {samples: [{question: a}, {question: b}]}\n"
    chat = ("--apply_chat_template", "--fewshot_as_multiturn")
    assert "two spaces" not in ask(config=config, flags=(*chat, "true"))[1]
    assert "two spaces" in ask(config=config, flags=(*chat, "false"))[1]


def test_prompts_of_published_benchmarks_are_not_objected_to(ask, tmp_path, monkeypatch):
    monkeypatch.setattr("proctor.check.prompts.BUNDLED", tmp_path)
    assert "two spaces" not in ask(config=PLAIN.replace("{{question}}", "{{question}} "))[1]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("float('nan')", "acc is NaN: so are 6 of the 6 values it is made of"),
        ("float('inf')", "acc is infinite: so are 6 of the 6 values"),
    ],
)
def test_a_metric_that_gives_no_number_ends_with_1(ask, value, sentence):
    config = PLAIN + "process_results: !function code.score\nmetric_list: [{metric: acc}]\n"
    code, printed = ask(config=config, code=f"def score(doc, results):\n    return {{'acc': {value}}}\n")
    assert code == 1
    assert sentence in printed


def test_an_aggregation_that_gives_no_number_ends_with_1(ask):
    config = PLAIN + "metric_list: [{metric: acc, aggregation: !function code.total, higher_is_better: true}]\n"
    code, printed = ask(config=config, code="def total(values):\n    return float('nan')\n")
    assert code == 1
    assert "acc is NaN: its aggregation gave that" in printed
