"""What a run could show before it is asked: documents, limits, clusters, groups."""

from __future__ import annotations

import json

import pytest

from proctor.analysis.power import detectable_effect, documents_needed
from proctor.errors import UsageError
from proctor.preview.power import effect_of, needed, task_power
from proctor.run.progress import Quiet
from proctor.settings.config import build_config


@pytest.fixture
def exam(tmp_path, write_exam):
    """Two tasks of twelve documents in a group, three questions to a passage."""
    folder = write_exam(tmp_path, "one", "two", documents=12)
    (folder / "both.yaml").write_text("group: both\ntask: [one, two]\n", encoding="utf-8")
    rows = [json.loads(line) for line in (folder / "test.jsonl").read_text(encoding="utf-8").splitlines()]
    lines = [json.dumps({**row, "passage": place // 3}) for place, row in enumerate(rows)]
    (folder / "test.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def rows_of(exam, **settings):
    given = {"model": "dummy", "tasks": ["both"], "include_path": [str(exam)], **settings}
    rows, tests = task_power(build_config(given), progress=Quiet)
    return {row.name: row for row in rows}, tests


def test_documents_of_tasks_and_of_their_group(exam):
    rows, tests = rows_of(exam)
    assert {name: (row.n, row.of, row.clusters, row.is_group) for name, row in rows.items()} == {
        "both": (24, 24, None, True), "one": (12, 12, None, False), "two": (12, 12, None, False),
    }  # fmt: skip
    assert tests == 2
    assert rows["one"].effect() == detectable_effect(0.2, 12)
    assert rows["one"].effect(2) == detectable_effect(0.2, 12, alpha=0.025) > rows["one"].effect()


def test_limits_and_samples_count(exam):
    assert {name: row.n for name, row in rows_of(exam, limit=5)[0].items()} == {"both": 10, "one": 5, "two": 5}
    assert rows_of(exam, limit=0.5)[0]["one"].n == 6
    assert rows_of(exam, samples={"one": [0, 7]})[0]["one"].n == 2
    assert rows_of(exam, limit=5)[0]["one"].of == 12


def test_clusters_bound_the_effect(exam):
    rows, _ = rows_of(exam, cluster="passage", limit=7)
    assert (rows["one"].clusters, rows["both"].clusters) == (3, 6)
    task = exam / "one.yaml"
    task.write_text(task.read_text(encoding="utf-8") + "metadata: {cluster: passage}\n", encoding="utf-8")
    rows, _ = rows_of(exam)
    assert (rows["one"].clusters, rows["two"].clusters, rows["both"].clusters) == (4, None, 16)
    with pytest.raises(UsageError, match="--cluster pasage: no task has documents with such a column"):
        rows_of(exam, cluster="pasage")


def test_effects_and_documents_are_those_of_the_statistics():
    assert effect_of(1273) == detectable_effect(0.2, 1273)
    assert needed(0.01) == documents_needed(0.2, 0.01)
    assert effect_of(needed(0.05)) == pytest.approx(0.05, abs=1e-4)
