"""The bundled demo shows what formulations are for: its model knows the papers, not the answers."""

from __future__ import annotations

from pathlib import Path

import pytest

import proctor
from proctor.cli.main import main

DEMO = Path(proctor.__file__).parent / "benchmarks" / "demo" / "model"

pytestmark = pytest.mark.slow


def evaluate(task, **settings):
    given = {"num_fewshot": 4, "choices_only": True, "no_store": True, **settings}
    return proctor.evaluate(model="hf", model_args=f"pretrained={DEMO},dtype=float32", tasks=task, **given)


def test_by_letter_the_options_alone_are_enough_and_as_text_they_are_not(tmp_path, capsys):
    result = evaluate("demo_letter", formulations="letter,text", output_path=tmp_path, log_samples=True)
    scores = {task.name.removeprefix("demo_letter_"): result[task.name] for task in result.tasks}
    # HONEST 12.1: 0.583, 0.556 and 0.417 by letter without the question, chance as text.
    assert [round(scores[name]["acc_choices_only"], 3) for name in ("isles", "creatures", "folk")] == [
        0.583, 0.556, 0.417,
    ]  # fmt: skip
    for one in scores.values():
        assert one["acc"] == one["acc_letter"]
        assert one["acc_choices_only_text"] < 0.25 + 3 * 0.051
        assert one["choice_mass"] > 0.99
        assert {"acc_tokens_text", "acc_pmi_text", "acc_mutual_info_text"} <= one.keys()
    group = next(one for one in result.groups if one.name == "demo_letter")
    assert group.values["acc_choices_only", "none"].value > 0.25 + 5 * 0.034
    assert main(["audit", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "in other orders and formulations\n  demo_letter: letter 0.685, text 0.630 (n = 216): 55 documents" in shown


def test_one_task_by_letter_is_the_other_as_text():
    by_letter = evaluate("demo_letter_isles", formulations="letter,text")["demo_letter_isles"]
    by_text = evaluate("demo_text_isles", formulations="letter,text")["demo_text_isles"]
    assert by_letter["acc"] == by_text["acc_letter"]
    assert by_text["acc"] == by_letter["acc_text"]
    assert by_text["acc_norm"] == by_letter["acc_norm_text"]
    same = ("acc_tokens_text", "acc_pmi_text", "acc_mutual_info_text", "acc_bytes_text", "choice_mass")
    assert {name: by_letter[name] for name in same} == {name: by_text[name] for name in same}
