"""``run`` of several models: each is run, none is lost for another, one table has them all."""

from __future__ import annotations

import json

import pytest
import yaml

from proctor.cli.main import main
from proctor.cli.run_models import model_labels
from proctor.settings.config import build_config


@pytest.fixture
def config(write_exam, tmp_path):
    folder = write_exam(tmp_path / "exam", "one", documents=4)

    def write(*models, **more):
        values = {"tasks": ["one"], "include_path": str(folder), "models": list(models), **more}
        file = tmp_path / "c.yaml"
        file.write_text(yaml.safe_dump(values), encoding="utf-8")
        return ["run", "--config", str(file), "--no_store", "--output_path", str(tmp_path / "out")]

    return write


DUMMY, OTHER = {"model": "dummy"}, {"model": "dummy", "batch_size": 3}
ABSENT = {"model_args": {"pretrained": "/nowhere/at/all"}}


def results(tmp_path):
    return sorted((tmp_path / "out").rglob("results_*.json"))


def test_all_are_run_and_stand_in_one_table(config, tmp_path, capsys):
    assert main(config(DUMMY, OTHER)) == 0
    table = next(part for part in capsys.readouterr().out.split("\n\n") if "dummy (batch_size=1)" in part)
    assert "dummy (batch_size=3)" in table
    scores = [json.loads(file.read_text())["results"]["one"]["acc,none"] for file in results(tmp_path)]
    assert len(scores) == 2
    assert all(f"{score:.4f} ± " in table for score in scores)


def test_a_model_that_fails_costs_no_other_one(config, tmp_path, capsys):
    assert main(config(ABSENT, DUMMY)) == 1
    out, error = capsys.readouterr()
    assert "There is no folder '/nowhere/at/all'" in error
    assert "1 of 2 models failed: /nowhere/at/all. The same command runs them again." in out
    assert len(results(tmp_path)) == 1


def test_a_mistake_in_the_last_one_is_found_before_the_first_is_run(config, tmp_path, capsys):
    assert main(config(DUMMY, {"model": "hf"})) == 2
    assert "--model hf needs to know which model to load" in capsys.readouterr().err
    assert main(config(DUMMY, {"model": "no such kind"})) == 2
    assert results(tmp_path) == []


def test_a_mistake_that_is_one_of_all_runs_ends_the_list(config, capsys):
    assert main(config(DUMMY, OTHER, tasks=["nosuch"])) == 2
    assert capsys.readouterr().err.count("Tasks not found: 'nosuch'") == 1


def test_other_subcommands_take_one_model(config, capsys):
    words = config(DUMMY, OTHER)
    assert main(["preview", *words[1:3]]) == 2
    assert "lists 2 models, and this subcommand takes one" in capsys.readouterr().err


def flags(tmp_path, *occurrences):
    given = [word for one in occurrences for word in ("--model_args", one)]
    exam = [
        "--include_path",
        str(tmp_path / "exam"),
        "--tasks",
        "one",
        "--output_path",
        str(tmp_path / "out"),
        "--log_samples",
    ]
    return ["--model", "dummy", *given, *exam, "--no_store"]


def test_several_model_args_are_several_models(config, tmp_path, capsys):
    assert main(["run", *flags(tmp_path, "pretrained=a,seed=1", "pretrained=b,seed=2")]) == 0
    table = capsys.readouterr().out.split("\n\n")[-1]
    files = [json.loads(file.read_text()) for file in results(tmp_path)]
    assert sorted(one["config"]["model_args"]["pretrained"] for one in files) == ["a", "b"]
    assert "a" in table.split("\n")[0]
    assert f"proctor report {tmp_path / 'out'}" in table


@pytest.mark.parametrize(
    ("occurrences", "said"),
    [
        (
            ("pretrained=a", "pretrained=b", "seed=1"),
            "names 2 models, and one of its occurrences names none (it has seed)",
        ),
        (("pretrained=a", "pretrained=a"), "names the same model twice, with equal arguments"),
    ],
)
def test_several_model_args_that_say_too_little(config, tmp_path, capsys, occurrences, said):
    assert main(["run", *flags(tmp_path, *occurrences)]) == 2
    assert said in capsys.readouterr().err
    assert results(tmp_path) == []


def test_models_of_flags_and_of_a_file(config, tmp_path, capsys):
    assert main([*config(DUMMY, OTHER), "--model_args", "pretrained=a", "--model_args", "pretrained=b"]) == 2
    assert "the file lists several models, and --model_args names one" in capsys.readouterr().err
    assert main(["preview", *flags(tmp_path, "pretrained=a", "pretrained=b")]) == 2
    assert "--model_args names 2 models, and this subcommand takes one" in capsys.readouterr().err


def test_a_label_says_what_differs_between_models_of_one_name_and_hides_secrets():
    def built(**args):
        return build_config({"model": "hf", "tasks": ["t"], "model_args": {"pretrained": "m", **args}})

    assert model_labels([built()]) == ["m"]
    assert model_labels([built(dtype="float32"), built()]) == ["m (dtype=float32)", "m (no dtype)"]
    labels = model_labels([built(token="hf_abcdefghijKLMNOP1234"), built(token="hf_zyxwvutsrqKLMNOP9876")])
    assert "hf_" not in "".join(labels)
