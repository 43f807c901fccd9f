from __future__ import annotations

import json

from report_pages import facts_of, page_of, stored, unpacked
from stored_runs import choice_line, text_line

from proctor.analysis.audit import audit_run
from proctor.html_report.collect import Collector
from proctor.html_report.facts import ReportOptions
from proctor.html_report.page_data import page_data
from proctor.html_report.spool import Spool


def made(*runs, room=10**9, **options):
    with Spool() as spool:
        collector = Collector(spool)
        for place, run in enumerate(runs):
            audit_run(run, None, collector.watch(place, run))
        return page_data(facts_of(*runs), collector, spool, ReportOptions(**options), room)


def info_of(data):
    return json.loads(unpacked(next(block.text for block in data.blocks if block.name == "info")))


def test_the_script_gets_runs_tasks_and_columns(pair):
    data = made(*pair)
    info = info_of(data)
    assert [run["name"] for run in info["runs"]] == ["org/small", "org/large"]
    assert [(task["name"], task["group"], task["n"]) for task in info["tasks"]] == [
        ("exam_one", "exam", 40), ("exam_two", "exam", 40)
    ]  # fmt: skip
    assert info["groups"] == [{"name": "exam", "alias": "exam", "tasks": ["exam_one", "exam_two"]}]
    assert data.count == 80
    assert not data.reduced
    assert {block.name for block in data.blocks} == {"info", "columns", "texts-0", "heads"}


def test_what_does_not_fit_is_left_out_step_by_step(tmp_path):
    lines = [text_line(i, f"{i} {'long ' * 2000}", "4", float(i % 2)) for i in range(20)]
    run = stored(tmp_path, "text", {"sums": lines})
    levels = [(found.level.name, found.reduced) for room in (10**7, 6000, 100) if (found := made(run, room=room))]
    assert levels[0] == ("all", False)
    assert levels[-1] == ("none", True)


def test_a_page_that_is_too_large_all_the_same_says_so(tmp_path):
    run = stored(tmp_path, "text", {"sums": [text_line(i, f"{i}", "4", 1.0) for i in range(20)]})
    assert made(run, room=10**6).fits
    assert not made(run, room=10).fits
    page = page_of(run, max_size=10)
    assert "the file is larger than" in page.text
    assert "stays below" not in page.text


def test_what_must_not_get_out_is_not_there(tmp_path):
    run = stored(
        tmp_path,
        "text",
        {"sums": [text_line(0, "SECRET-ANSWER", "4", 1.0)], "exam": [choice_line(0, [-1.0, -2.0, -3.0, -4.0], 0)]},
    )
    names = {
        part: {block.name for block in made(run, without=(part,)).blocks}
        for part in ("questions", "prompts", "answers")
    }
    assert "texts-0" in names["prompts"]
    assert "heads" not in names["prompts"]
    assert "run-0-0" not in names["answers"]
    assert "run-0-0" in names["questions"]


def test_runs_without_samples_have_no_data(tmp_path):
    assert made(stored(tmp_path, "bare", {"exam": "10"}, samples=[])) is None
