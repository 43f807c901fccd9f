"""``proctor probe``: the table, the sentences, JSON, and mistakes before the model is loaded."""

from __future__ import annotations

import json

import pytest

from proctor.cli.main import main

ASKED = ["probe", "--model", "dummy", "--limit", "3", "--no_store"]
WORDS = [*ASKED, "--tasks", "demo_by_letter"]


def test_a_row_a_task_and_what_can_be_said(capsys):
    assert main(WORDS) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:5]] == [
        "all",
        "demo_letter_creatures",
        "demo_letter_folk",
        "demo_letter_isles",
    ]
    assert any(line.startswith("all tasks: ") for line in lines)


def test_json_and_a_reference(tmp_path, capsys):
    file = str(tmp_path / "probe.json")
    assert main([*WORDS, "--output", file]) == 0
    capsys.readouterr()
    assert main([*WORDS, "--reference", file, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["documents"] for row in rows] == [9, 3, 3, 3]
    # The model is its own reference: its ranks are the same.
    assert rows[0]["against"]["mean"] == 0
    assert all(row["reference_firsts"] == row["first_places"] for row in rows)
    assert main([*WORDS, "--reference", file]) == 0
    assert "reference: first" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--probe_orders", "1"], "needs at least one other"),
        (["--reference", "nothing.json"], "The reference nothing.json cannot be read"),
        (["--tasks", "nosuch"], "Tasks not found"),
        (["--model", "hf"], "needs to know which model to load"),
        (["--output", "/dev/null/x.json"], "cannot be written"),
        (["--min_k", "1.5"], "the share of tokens lies between 0 and 1"),
        (["--min_k", "nan"], "the share of tokens lies between 0 and 1"),
        (["--min_k"], "--model dummy gives log-likelihoods alone"),
    ],
)
def test_mistakes_are_sentences(capsys, words, sentence):
    assert main([*WORDS, *words]) in (1, 2)
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error


def test_tasks_without_listed_options_are_said(capsys):
    assert main([*ASKED, "--tasks", "demo_text_isles"]) == 2
    assert "No prompt of demo_text_isles lists its options" in capsys.readouterr().err
    assert main([*WORDS, "--tasks", "demo_text_isles"]) == 0
    assert "Left out, since their prompts list no options: demo_text_isles." in capsys.readouterr().out


def test_the_least_likely_tokens_of_the_demo(shared_models, capsys):
    words = ["probe", "--model", "hf", "--model_args", f"pretrained={shared_models / 'neox'}", "--device", "cpu"]
    words += ["--tasks", "demo_letter_isles", "--limit", "2", "--no_store", "--probe_orders", "4", "--min_k"]
    assert main(words) == 0
    assert "The least likely 20 % of the tokens of a question" in capsys.readouterr().out
    assert main([*words, "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert row["min_k"] < 0
    assert row["min_k_plus_plus"] is not None


def test_an_encoder_decoder_is_refused(shared_models, capsys):
    words = ["probe", "--model", "hf", "--model_args", f"pretrained={shared_models / 't5'}", "--device", "cpu"]
    assert main([*words, "--tasks", "demo_letter_isles", "--limit", "2", "--no_store", "--min_k"]) == 2
    assert "is an encoder-decoder" in capsys.readouterr().err
