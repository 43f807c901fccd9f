"""A table that ``export`` wrote as Parquet is read back as the runs that it was made of."""

from __future__ import annotations

import base64
import json
import math
import zlib

import pytest
from stored_runs import choice_line, right_and_wrong, text_line, write_run

from proctor.cli.main import main
from proctor.errors import DataError
from proctor.results.open_runs import open_path

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def folder(tmp_path):
    odd = choice_line(
        4, [-1.0, -2, -3, -4], 2, question="한국어 = @", passage="HALF \x00", scores={"acc_norm": math.nan}
    )
    tasks = {"t": [*right_and_wrong("1101"), odd], "a/b": [text_line(0, "reply", "4", 1.0)]}
    write_run(tmp_path / "in" / "a", tasks, model_name="org/a", samples=["t"], group_subtasks={"g": ["t", "a/b"]})
    (samples,) = (tmp_path / "in" / "a").glob("samples_t_*")
    samples.write_text(samples.read_text(encoding="utf-8").replace("HALF", r"\ud800"), encoding="utf-8")
    write_run(tmp_path / "in" / "b", {"t": right_and_wrong("0101")}, model_name="org/b")
    return tmp_path / "in"


def exported(folder, *words):
    out = folder.parent / "all.parquet"
    assert main(["export", str(folder), "-o", str(out), *words]) == 0
    return out


def as_text(run):
    return [json.dumps(dict(sample.line)) for task in run.tasks for sample in run.samples(task)]


def test_runs_come_back_with_their_settings_and_each_line_as_it_was(folder):
    before = open_path(folder).runs
    after = open_path(exported(folder)).runs
    assert [run.name for run in after] == ["org/a", "org/b"]
    assert [(run.stamp, run.document) for run in after] == [(run.stamp, run.document) for run in before]
    assert list(map(as_text, after)) == list(map(as_text, before))
    assert after[0].source == str(folder.parent / "all.parquet" / str(before[0].source).lstrip("/"))


def test_report_compare_and_export_read_the_table(folder, capsys):
    out = exported(folder)
    capsys.readouterr()

    def shown(*words):
        assert main([*words]) == 0
        return capsys.readouterr().out

    compared = [json.loads(shown("compare", str(one), "--json")) for one in (folder, out)]
    assert compared[0]["pairs"] == compared[1]["pairs"]
    again = folder.parent / "again.parquet"
    assert main(["export", str(out), "-o", str(again)]) == 0
    columns = [name for name in parquet.read_schema(out).names if name != "run"]
    tables = [parquet.read_table(one, columns=columns).to_pylist() for one in (out, again)]
    assert json.dumps(tables[0]) == json.dumps(tables[1])
    page = folder.parent / "page.html"
    assert main(["report", str(out), "-o", str(page), "--language", "en"]) == 0
    assert "org/b" in page.read_text(encoding="utf-8")


def test_a_part_of_the_tasks_is_a_run_of_these(folder):
    run = open_path(exported(folder / "a", "--tasks", "t")).runs[0]
    assert (run.tasks, set(run.groups)) == (("t", "a/b"), {"g"})  # all samples that there are
    more = folder.parent / "more"
    write_run(more, {"t": right_and_wrong("10"), "u": right_and_wrong("01")}, group_subtasks={"g": ["t", "u"]})
    run = open_path(exported(more, "--tasks", "u")).runs[0]
    assert (run.tasks, run.groups, len(list(run.samples("u")))) == (("u",), {}, 2)


def test_chosen_columns_are_a_table_and_no_run(folder):
    out = exported(folder, "--columns", "task,score.acc")
    assert parquet.read_schema(out).names == ["task", "score.acc"]
    with pytest.raises(DataError, match="is a table, and no samples file") as caught:
        list(open_path(out).runs[0].samples("all"))
    assert "export without --columns" in caught.value.hint


def test_samples_without_a_results_file_come_back_as_such(folder):
    for file in folder.glob("*/results_*"):
        file.unlink()
    after = open_path(exported(folder)).runs
    assert [(run.document, run.tasks) for run in after] == [({}, ("t",)), ({}, ("t",))]


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ("not packed", "does not say which runs"),
        ([], None),
        ([{"name": 1, "source": "x", "stamp": "", "document": {}}], "does not say which runs"),
        ([{"name": "m", "source": "x", "stamp": "", "document": {"results": []}}], "is no results file"),
        ([{"name": "m", "source": "other", "stamp": "", "document": {}}], "of none of its runs"),
    ],
)
def test_damaged_and_hostile_tables_are_sentences(tmp_path, facts, sentence):
    packed = facts if isinstance(facts, str) else base64.b64encode(zlib.compress(json.dumps(facts).encode())).decode()
    schema = pa.schema([(name, pa.string()) for name in ("run", "task", "sample")], metadata={"proctor_runs": packed})
    rows = [{"run": "x", "task": "../../t", "sample": "{}"}] if facts else []
    file = tmp_path / "t.parquet"
    parquet.write_table(pa.Table.from_pylist(rows, schema=schema), file)
    if sentence is None:
        assert open_path(file).runs == ()
        return
    with pytest.raises(DataError, match=sentence):
        open_path(file)


def test_a_name_in_the_table_chooses_no_place(tmp_path):
    facts = [{"name": "m", "source": "/etc/../x", "stamp": "../..", "document": {}}]
    packed = base64.b64encode(zlib.compress(json.dumps(facts).encode())).decode()
    schema = pa.schema([(name, pa.string()) for name in ("run", "task", "sample")], metadata={"proctor_runs": packed})
    row = {"run": "/etc/../x", "task": "../../t", "sample": '{"doc_id": 0}'}
    parquet.write_table(pa.Table.from_pylist([row], schema=schema), tmp_path / "t.parquet")
    (run,) = open_path(tmp_path / "t.parquet").runs
    assert run.samples_files["../../t"].resolve().is_relative_to(run.folder.path.resolve())


def test_the_columns_are_those_that_were_before(folder):
    names = parquet.read_schema(exported(folder)).names
    assert names[-1] == "sample"
    assert main(["export", str(folder), "-o", str(folder.parent / "x.csv")]) == 0
    assert "sample" not in (folder.parent / "x.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
