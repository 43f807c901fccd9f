"""The API in JSON, as scripts and the server's own pages use it."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from stored_runs import right_and_wrong, write_run
from view_requests import ask, ids_of

from proctor.errors import UsageError
from proctor.html_report.cells import NONE
from proctor.view.api import row_filter


def get(server, path):
    response, body = ask(server, path)
    return response.status, json.loads(body)


@pytest.fixture
def ready(served):
    served.indexer.update()
    return served


def named(server):
    return {one["source"].split("/")[-2]: one["id"] for one in get(server, "/api/runs")[1]["runs"]}


def test_scripts_get_runs_and_comparisons(ready):
    runs = get(ready, "/api/runs")[1]["runs"]
    assert sorted(one["score"] for one in runs) == [0.5, 0.75]
    a, b = ids_of(ready)
    assert get(ready, f"/api/compare?a={a}&b={b}")[1]["pairs"]
    status, found = get(ready, f"/api/compare?a=nothing&b={b}")
    assert (status, "no run 'nothing'" in found["error"]) == (404, True)


def test_tasks_of_a_run(ready):
    status, found = get(ready, f"/api/runs/{named(ready)['a']}/tasks")
    assert (status, found["reading"], found["groups"]) == (200, 0, {})
    assert found["tasks"] == [{"task": "t", "alias": "t", "scores": {"acc,none": 0.75}, "rows": 40, "problem": None}]


def test_pages_of_rows(ready):
    a, b = named(ready)["a"], named(ready)["b"]
    _, first = get(ready, f"/api/rows?run={a}&f=wrong&limit=6")
    _, second = get(ready, f"/api/rows?run={a}&f=wrong&limit=6&after={quote(first['after'])}")
    assert [row["doc_id"] for row in (*first["rows"], *second["rows"])] == list(range(30, 40))
    assert (second["after"], first["reading"]) == (None, 0)
    assert [row["doc_id"] for row in get(ready, f"/api/rows?run={a}&run={b}&f=only_a")[1]["rows"]] == list(
        range(20, 30)
    )
    assert get(ready, f"/api/rows?run={b}&run={a}&f=only_a")[1]["rows"] == []


def test_one_question(ready):
    ids = named(ready)
    status, found = get(ready, f"/api/question?run={ids['a']}&run={ids['b']}&task=t&id=25")
    assert (status, found["question"]) == (200, "Question 25?")
    assert [one["scores"] for one in found["runs"]] == [{"acc": 1.0}, {"acc": 0.0}]
    assert [one["run"] for one in found["runs"]] == [ids["a"], ids["b"]]


def test_the_data_of_the_page(ready):
    ids = named(ready)
    runs = f"run={ids['a']}&run={ids['b']}"
    _, page = get(ready, f"/api/page?{runs}")
    assert page["info"]["tasks"][0]["n"] == 40
    assert len(base64.b64decode(page["columns"])) >= 40 * 12
    _, found = get(ready, f"/api/lines?{runs}&version={page['version']}&places=0,39")
    assert found["lines"] == ["Question 0?", "Question 39?"]
    assert get(ready, f"/api/search?{runs}&version={page['version']}&s=question%2039")[1]["places"] == [39]
    assert get(ready, f"/api/reading?{runs}")[1] == {"reading": 0}


def test_a_page_gets_the_texts_of_the_files_as_they_were_when_it_was_loaded(ready, tmp_path):
    run = f"run={named(ready)['b']}"
    version = get(ready, f"/api/page?{run}")[1]["version"]
    write_run(tmp_path / "runs" / "b", {"t": right_and_wrong("1" * 39 + "0")[::-1]})
    ready.indexer.update()
    assert get(ready, f"/api/lines?{run}&places=0&version={version}")[1]["lines"] == ["Question 0?"]
    assert get(ready, f"/api/search?{run}&s=39&version={version}")[1]["places"] == [39]
    now = get(ready, f"/api/page?{run}")[1]["version"]
    assert now != version
    assert get(ready, f"/api/lines?{run}&places=0&version={now}")[1]["lines"] == ["Question 39?"]
    for path in (f"/api/lines?{run}&places=0&version=0123", f"/api/search?{run}&s=x&version=0123"):
        status, found = get(ready, path)
        assert status == 404
        assert "have changed since the page was loaded" in found["error"]


def test_what_is_not_read_yet_is_counted(served, monkeypatch):
    # Not started: nothing is read in the background.
    run = named(served)["a"]
    _, found = get(served, f"/api/rows?run={run}")
    assert (found["rows"], found["reading"]) == ([], 1)
    _, page = get(served, f"/api/page?run={run}")
    assert (page["info"]["tasks"], page["reading"]) == ([], 1)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("rows?run={a}&f=nonsense", "There is no filter 'nonsense'"),
        ("rows?run={a}&o=id;--", "Rows have no order"),
        ("rows?run={a}&limit=0", "limit=0: a page has 1 to 200 rows"),
        ("rows?run={a}&limit=1e9", "a page has 1 to 200 rows"),
        ("rows?run={a}&after=x", "No page ended at 'x'"),
        ("rows?run={a}&p=x..", "'x' is no probability"),
        ("rows?run={a}&k=%3F", "'?' is no option"),
        ("rows?run={a}&run={a}&run={a}", "That takes 2 runs"),
        ("rows", "The parameter run is missing: the id of a run."),
        ("question?run={a}&task=t", "The parameter id is missing."),
        ("question?run={a}&task=t&id=99", "No chosen run has the question t/99"),
        *((f"lines?run={{a}}&places={one}", "places: up to 200") for one in ("9" * 5_000, "x", "-1", "0,,1", "%C2%B2")),
        *((f"question?run={{a}}&task=t&id={one}", "named by") for one in ("--5", "9" * 30, "9" * 5_000, "%D9%A3")),
        *((f"rows?run={{a}}&limit={one}", "1 to 200 rows") for one in ("9" * 5_000, "%D9%A3", "-1")),
        *((f"rows?run={{a}}&k={one}", "no option") for one in ("9" * 50, "9" * 5_000)),
        *((f"rows?run={{a}}&after={one}", "No page ended") for one in ("[0,1,1e999]", "[0,1,1e30]", "[9e30,1,1]")),
        ("rows?run={a}&s=" + "+".join(f"w{number}" for number in range(2_000)), "up to 100 words"),
        ("search?run={a}&s=" + "+".join(f"w{number}" for number in range(2_000)), "up to 100 words"),
        ("lines?run={a}&places=40", "places: up to 200"),
        ("runs/nothing/tasks", "no run 'nothing'"),
        ("nothing", "There is no such address of the API."),
    ],
)
def test_mistakes_are_sentences(ready, more, sentence):
    status, found = get(ready, f"/api/{more.format(a=named(ready)['a'])}")
    assert status == 404
    assert sentence in found["error"]


def test_a_query_as_the_pages_addresses_have_it():
    given = {"f": ["wrong,unread"], "t": ["exam"], "s": ["Two words"], "k": ["C"], "p": ["0.5.."], "o": ["p-"]}
    found = row_filter(given)
    assert (found.names, found.task, found.words) == (("wrong", "unread"), "exam", ("two", "words"))
    assert (found.picked, found.p, found.order, found.down) == (2, (0.5, None), "p", True)
    assert (row_filter({"k": ["–"]}).picked, row_filter({"k": ["27"]}).picked, row_filter({}).picked) == (
        NONE,
        26,
        None,
    )
    with pytest.raises(UsageError):
        row_filter({"k": ["AB"]})


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/compare", "a"),
        ("/api/compare?a={run}", "b"),
        ("/api/compare?b={run}", "a"),
        ("/api/rows", "run"),
        ("/api/tasks", "run"),
        ("/api/page", "run"),
        ("/api/question?task=t&id=1", "run"),
        ("/api/question?run={run}&id=1", "task"),
        ("/api/question?run={run}&task=t", "id"),
    ],
)
def test_an_error_names_the_parameter_that_is_missing(ready, path, name):
    status, found = get(ready, path.format(run=ids_of(ready)[0]))
    assert status == 404
    assert found["error"].startswith(f"The parameter {name} is missing")
    assert "list" not in found["hint"]


def test_dates_are_by_iso_8601(ready):
    runs = get(ready, "/api/runs")[1]["runs"]
    assert {one["date"] for one in runs} == {"2026-01-02T03:04:05.678901"}
    a, b = ids_of(ready)
    compared = get(ready, f"/api/compare?a={a}&b={b}")[1]["runs"]
    assert [one["date"] for one in compared.values()] == ["2026-01-02T03:00:00+00:00"] * 2
