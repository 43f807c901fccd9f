"""Every place where results can lie, in every layout since lm-eval 0.4.0; what cannot be read is named."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from stored_runs import STAMP, right_and_wrong, write_run

from proctor.errors import DataError, UsageError
from proctor.results.choice_view import choice_view
from proctor.results.open_runs import Unread, open_path, open_runs
from proctor.results.parquet_samples import write_parquet_samples
from proctor.results.text_state import text_state

LATER = "2026-02-02T03-04-05.678901"


def scores(run, task="t"):
    return [one.metrics["acc"] for one in run.samples(task)]


def test_a_results_file_brings_its_samples(tmp_path):
    (run,) = open_runs([write_run(tmp_path, {"t": right_and_wrong("101")})]).runs
    assert (run.name, run.stamp, run.tasks) == ("org/small", STAMP, ("t",))
    assert scores(run) == [1.0, 0.0, 1.0]


def test_compressed_samples_are_read(tmp_path):
    (run,) = open_runs([write_run(tmp_path, {"t": right_and_wrong("101")}, compress=True)]).runs
    assert scores(run) == [1.0, 0.0, 1.0]


def test_lm_eval_before_0_4_3(tmp_path):
    """results.json without a time, samples as one indented array under the model's arguments, no hashes."""
    lines = right_and_wrong("101", style="old")
    document = {"results": {"t": {"acc,none": 2 / 3}, "big_t": {}}, "configs": {"t": {}, "big_t": {}},
                "config": {"model": "hf", "model_args": "pretrained=org/old,dtype=float32"}}  # fmt: skip
    (tmp_path / "results.json").write_text(json.dumps(document))
    (tmp_path / "pretrained__org__old,dtype__float32_t.jsonl").write_text(json.dumps(lines, indent=2))
    (tmp_path / "pretrained__org__old,dtype__float32_big_t.jsonl").write_text(json.dumps(lines[:1], indent=2))
    (run,) = open_runs([tmp_path]).runs
    assert run.name == "org/old"
    assert scores(run) == [1.0, 0.0, 1.0]
    assert scores(run, "big_t") == [1.0]


def test_lm_eval_before_0_4_3_with_results_of_another_name(tmp_path):
    """--output_path out/x.json: of several such runs in a folder, each finds the samples that its model's name has."""
    for name in ("x", "y"):
        document = {"results": {"t": {}}, "configs": {"t": {}}, "config": {"model_args": f"pretrained={name}"}}
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
        pattern = "10" if name == "x" else "01"
        (tmp_path / f"pretrained__{name}_t.jsonl").write_text(json.dumps(right_and_wrong(pattern, style="old")))
    assert [scores(open_runs([tmp_path / f"{name}.json"]).runs[0]) for name in "xy"] == [[1.0, 0.0], [0.0, 1.0]]


def test_a_folder_is_searched_to_the_bottom_and_runs_are_in_the_order_of_time(tmp_path):
    write_run(tmp_path / "a" / "..__models__x", {"t": right_and_wrong("1")}, stamp=LATER, model_name="later")
    write_run(tmp_path / "b" / "c" / "d", {"t": right_and_wrong("0")}, model_name="earlier")
    opened = open_runs([tmp_path])
    assert [run.name for run in opened.runs] == ["earlier", "later"]
    assert (opened.files, opened.unread) == (4, ())


def test_samples_without_their_results_are_a_run(tmp_path):
    write_run(tmp_path, {"t": right_and_wrong("10"), "u": right_and_wrong("1")}).unlink()
    (run,) = open_runs([tmp_path]).runs
    assert run.tasks == ("t", "u")
    assert scores(run) == [1.0, 0.0]
    assert run.scores("t") == {}


def test_a_run_that_was_killed_when_it_had_packed_its_samples_is_one_run(tmp_path):
    write_run(tmp_path, {"t": right_and_wrong("10"), "u": right_and_wrong("1")})
    lines = tmp_path / f"samples_t_{STAMP}.jsonl"
    write_parquet_samples(map(json.loads, lines.read_text().splitlines()), lines.with_suffix(".parquet"))
    (run,) = open_runs([tmp_path]).runs
    assert run.tasks == ("t", "u")
    assert scores(run) == [1.0, 0.0]
    # Samples of another time are a run of their own.
    lines.rename(tmp_path / f"samples_t_{LATER}.jsonl")
    assert [one.stamp for one in open_runs([tmp_path]).runs] == [STAMP, LATER]


def test_a_samples_file_is_its_task_of_the_run_beside_it(tmp_path):
    write_run(tmp_path, {"t": right_and_wrong("10"), "u": right_and_wrong("1")}, group_subtasks={"g": ["t", "u"]})
    file = tmp_path / f"samples_u_{STAMP}.jsonl"
    (run,) = open_runs([file]).runs
    assert (run.tasks, run.name, run.source, dict(run.groups)) == (("u",), "org/small", str(file), {})
    alone = tmp_path / "somewhere" / "mine.jsonl"
    alone.parent.mkdir()
    file.rename(alone)
    (run,) = open_runs([alone]).runs
    assert run.tasks == ("mine",)


def test_samples_alone_in_an_archive_are_called_after_it(tmp_path):
    file = write_run(tmp_path / "a", {"t": right_and_wrong("10")})
    (samples,) = file.parent.glob("samples_*")
    with zipfile.ZipFile(tmp_path / "mail.zip", "w") as packed:
        packed.write(samples, samples.name)
    (run,) = open_path(tmp_path / "mail.zip").runs
    assert run.name == "mail.zip"


def test_archives(tmp_path):
    write_run(tmp_path / "out" / "org__small", {"t": right_and_wrong("101")})
    with zipfile.ZipFile(tmp_path / "mail.zip", "w") as packed:
        for file in (tmp_path / "out").rglob("*.json*"):
            packed.write(file, file.relative_to(tmp_path))
    with tarfile.open(tmp_path / "mail.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "out", "out")
    for name in ("mail.zip", "mail.tar.gz"):
        (run,) = open_runs([tmp_path / name]).runs
        assert scores(run) == [1.0, 0.0, 1.0]
        assert run.source.startswith(str(tmp_path / name))


def test_what_cannot_be_read_is_named_and_the_rest_is_read(tmp_path):
    write_run(tmp_path / "good", {"t": right_and_wrong("1")})
    broken = write_run(tmp_path / "bad", {"t": right_and_wrong("1")})
    broken.write_text("{")
    opened = open_runs([tmp_path])
    assert len(opened.runs) == 1
    (one,) = opened.unread
    assert one.place == str(broken)
    assert "cannot be read as a results file" in one.reason


def test_a_folder_without_results_says_what_it_holds(tmp_path):
    (tmp_path / "task.yaml").write_text("")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "README").write_text("")
    with pytest.raises(DataError, match=r"no results_\*\.json .* it holds 1 \.yaml, 1 without an ending\."):
        open_runs([tmp_path])
    (tmp_path / "results_x.json").write_text("[]")
    with pytest.raises(DataError, match="it has no 'results'"):
        open_runs([tmp_path])


def test_a_path_that_stands_for_nothing(tmp_path):
    write_run(tmp_path, {"t": right_and_wrong("1")})
    with pytest.raises(UsageError, match="There is nothing at") as error:
        open_runs([tmp_path / f"result_{STAMP}.json"])
    assert f"results_{STAMP}.json" in (error.value.hint or "")


def test_a_run_of_the_store_by_its_number(tmp_path, monkeypatch):
    from proctor.store.db import connect
    from proctor.store.runs import NewRun, begin, note_results

    file = write_run(tmp_path, {"t": right_and_wrong("10")})
    path = tmp_path / "store.sqlite"
    connection = connect(path)
    for started in (1.0, 2.0):
        begin(connection, NewRun(started, "m", "proctor run", str(tmp_path), {}, None, None))
    note_results(connection, 1.0, str(file))
    connection.close()
    (run,) = open_runs(["1"], store=path).runs
    assert scores(run) == [1.0, 0.0]
    with monkeypatch.context() as patch:
        patch.setenv("PROCTOR_STORE", str(path))
        assert open_runs(["1"]).runs[0].source == run.source
    with pytest.raises(UsageError, match="Run 2 wrote no results file") as error:
        open_runs(["2"], store=path)
    assert "regrade 2" in (error.value.hint or "")
    with pytest.raises(UsageError, match="There is no run 3"):
        open_runs(["3"], store=path)
    with pytest.raises(DataError, match="There is no store"):
        open_runs(["3"], store=tmp_path / "none.sqlite")


def test_reading_loads_nothing_heavy(tmp_path):
    """Neither a model's packages nor numpy: results are read on a laptop that has none of them."""
    write_run(tmp_path, {"t": right_and_wrong("10")})
    code = (
        "import sys\n"
        "from proctor.results.open_runs import open_runs\n"
        "from proctor.results.choice_view import choice_view\n"
        f"[run] = open_runs([{str(tmp_path)!r}]).runs\n"
        "assert [choice_view(one, run.config('t')).golds for one in run.samples('t')] == [(0,), (1,)]\n"
        "print(sorted({'torch', 'datasets', 'transformers', 'numpy', 'jinja2'} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_files_that_lm_eval_0_4_13_wrote():
    """Two runs of real models on six documents a task, as lm-eval wrote them (without facts of the machine)."""
    opened = open_runs([Path(__file__).parent / "lm_eval_0_4_13.tar.gz"])
    assert [run.name for run in opened.runs] == ["../models/llama-bos", "../models/neox"]
    for run in opened.runs:
        assert run.tasks == ("mmlu_anatomy", "hellaswag", "gsm8k")
        for task, metrics in (("mmlu_anatomy", ["acc"]), ("hellaswag", ["acc", "acc_norm"])):
            samples = list(run.samples(task))
            assert len(samples) == 6
            for sample in samples:
                view = choice_view(sample, run.config(task))
                assert {name: float(view.picked(name) in view.golds) for name in metrics} == sample.metrics
                assert len(view.texts) == 4
                assert view.texts == tuple(sample.line["doc"]["choices"])
            for name in metrics:
                mean = sum(sample.metrics[name] for sample in samples) / 6
                assert run.scores(task)[name, "none"] == pytest.approx(mean)
        texts = list(run.samples("gsm8k"))
        assert [one.filter for one in texts] == ["strict-match"] * 6 + ["flexible-extract"] * 6
        assert {text_state(one) for one in texts} <= {"read", "unread"}
    first, second = (list(run.samples("mmlu_anatomy")) for run in opened.runs)
    assert [one.identity for one in first] == [one.identity for one in second]
    assert [one.prompt_hash for one in first] == [one.prompt_hash for one in second]


@pytest.mark.parametrize("path", ["", "  "])
def test_an_empty_path_is_no_folder(path):
    with pytest.raises(UsageError, match="The path of a run is empty"):
        open_path(path)


def test_a_file_that_cannot_be_read_is_named_once(tmp_path):
    file = tmp_path / "cut" / "results_2026-11-28T10-00-00.123456.json"
    file.parent.mkdir()
    file.write_text('{"results": ')
    with pytest.raises(DataError) as caught:
        open_runs([tmp_path / "cut"])
    assert caught.value.message.count(str(file)) == 1
    assert Unread("a.json", "it is empty").sentence == "a.json cannot be read: it is empty"
