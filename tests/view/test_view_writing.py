"""Notes and flags over the server: from its own pages and from scripts with its cookie, and from nowhere else."""

from __future__ import annotations

import json
import socket

import pytest
from browser_pages import BROWSERS, needs_more_than_bidi, opened_browser
from stored_runs import right_and_wrong, write_run
from view_requests import ask, ids_of, post, serving

from proctor.cli.main import main
from proctor.view.server import LARGEST_POST

FLAG = {"task": "t", "doc_id": 3, "doc_hash": "ab" * 32, "flag": "bad_key", "note": "서울"}


def written(folder):
    return sorted(one.name for one in folder.iterdir() if one.is_file())


def test_a_flag_is_written_and_given_out_again(served, tmp_path):
    response, value = post(served, "flags", FLAG)
    assert (response.status, value) == (200, {"file": str(tmp_path / "runs" / "flags.jsonl")})
    assert json.loads(ask(served, "/api/flags")[1])["flags"] == [FLAG]
    response, lines = ask(served, "/flags.jsonl")
    assert response.headers["Content-Type"] == "application/jsonl; charset=utf-8"
    assert [json.loads(line) for line in lines.splitlines()] == [FLAG]


def test_a_note_stands_in_the_list_and_in_the_api(served, tmp_path):
    first, second = ids_of(served)
    note = "<b>the good one</b> 좋음"
    assert post(served, "notes", {"run": first, "note": note})[0].status == 200
    runs = {one["id"]: one["note"] for one in json.loads(ask(served, "/api/runs")[1])["runs"]}
    assert runs == {first: note, second: ""}
    page = ask(served, "/")[1]
    assert "&lt;b&gt;the good one&lt;/b&gt; 좋음" in page
    assert "<b>the good" not in page
    assert written(tmp_path / "runs") == ["notes.jsonl"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"cookie": False}, 403),
        ({"X_Proctor_View": None}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": None}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content_Length": ""}, 411),
        ({"Content_Length": "-1"}, 411),
        ({"Content_Length": "\xb2"}, 411),
        ({"Content_Length": str(LARGEST_POST + 1)}, 413),
        ({"Content_Length": "9" * 5_000}, 413),
    ],
)
def test_a_request_that_is_not_of_this_servers_pages_writes_nothing(served, tmp_path, headers, status):
    response, value = post(served, "flags", FLAG, **headers)
    assert (response.status, set(value)) == (status, {"error", "hint"})
    assert response.headers["Connection"] == "close"
    assert written(tmp_path / "runs") == []


def test_the_token_in_the_address_is_no_leave_to_write(served, tmp_path):
    response, _ = post(served, f"flags?token={served.token}", FLAG, cookie=False)
    assert response.status == 403
    assert written(tmp_path / "runs") == []


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "1", "null", "{}", '{"task": 1}', "[" * 30_000, '{"task": "t", "doc_id": NaN}', '"\\ud800"']
)
def test_what_is_no_flag_and_no_note_is_a_sentence(served, tmp_path, body):
    for route in ("flags", "notes"):
        response, value = post(served, route, body)
        assert response.status == 400
        assert value["error"]
    assert written(tmp_path / "runs") == []


def test_a_run_that_is_not_there_and_other_addresses(served, tmp_path):
    for run in ("../../etc/passwd", "", None, "0" * 10):
        assert post(served, "notes", {"run": run, "note": "x"})[0].status == 400
    for route in ("runs", "rows", "flags/x", "../flags", ""):
        assert post(served, route, FLAG)[0].status == 404
    assert written(tmp_path / "runs") == []


def test_a_body_that_is_refused_is_no_further_request(served):
    inner = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nCookie: {served.cookie}={served.token}\r\n\r\n"
    head = f"POST /api/flags HTTP/1.1\r\nHost: evil\r\nContent-Length: {len(inner)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        connection.sendall((head + inner).encode())
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"403 Forbidden" in answer


def test_a_file_of_notes_that_is_damaged_is_named_in_the_list_and_stays(served, tmp_path):
    (tmp_path / "runs" / "notes.jsonl").write_text("mine")
    response, page = ask(served, "/")
    assert response.status == 200
    assert "notes.jsonl is no JSON object." in page
    assert post(served, "notes", {"run": ids_of(served)[0], "note": "x"})[0].status == 400
    assert (tmp_path / "runs" / "notes.jsonl").read_text() == "mine"
    (tmp_path / "runs" / "flags.jsonl").write_text("mine")
    response, body = ask(served, "/api/flags")
    assert (response.status, "flags.jsonl" in body) == (404, True)


@pytest.fixture(scope="module", params=BROWSERS)
def browser(request):
    with opened_browser(request.param) as opened:
        yield opened


@pytest.fixture
def opened(browser, served):
    page = browser.new_context().new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda one: page.errors.append(one.text) if one.type == "error" else None)
    page.goto(served.address)
    yield page
    page.context.close()


@pytest.mark.browser
def test_a_note_is_typed_in_the_list(opened, served, tmp_path):
    field = opened.locator("input[data-run]").first
    field.fill("the good one")
    field.press("Enter")
    opened.locator("input[data-run][data-state=saved]").wait_for()
    assert "/report" not in opened.url
    opened.reload()
    assert opened.locator("input[data-run]").first.input_value() == "the good one"
    assert written(tmp_path / "runs") == ["notes.jsonl"]
    (tmp_path / "runs" / "notes.jsonl").write_text("mine")
    opened.locator("input[data-run]").first.fill("another one")
    opened.locator("input[data-run][data-state=failed]").wait_for()
    assert "Not written down: Line 1 of" in opened.locator("#runs tbody tr").first.text_content()


@pytest.mark.browser
def test_a_flag_of_the_page_excludes_its_question(browser, opened, served, tmp_path, capsys):
    needs_more_than_bidi(browser, "downloads")
    served.indexer.update()
    query = "&".join(f"run={one}" for one in ids_of(served))
    place = f"http://127.0.0.1:{served.port}/questions?{query}#q=t/3"
    opened.goto(place)
    opened.locator("#q-pane .flagging button", has_text="Duplicate").click()
    opened.locator("#q-pane .flagging button[aria-pressed=true]").wait_for()
    flags = tmp_path / "runs" / "flags.jsonl"
    (line,) = map(json.loads, flags.read_text(encoding="utf-8").splitlines())
    assert (line["task"], line["doc_id"], line["flag"], len(line["doc_hash"])) == ("t", 3, "duplicate", 64)
    opened.goto("about:blank")
    opened.goto(place)
    opened.locator("#q-pane .flagging button[aria-pressed=true]", has_text="Duplicate").wait_for()
    with opened.expect_download() as download:
        opened.locator("#q-flags").click()
    with open(download.value.path(), encoding="utf-8") as file:
        assert [json.loads(text) for text in file] == [line]
    assert opened.errors == []
    opened.context.set_offline(True)
    opened.locator("#q-pane .flagging button", has_text="Duplicate").click()
    opened.locator("#q-missing", has_text="The server does not answer").wait_for()
    assert opened.locator("#q-pane .flagging button[aria-pressed=true]").count() == 1
    run = next((tmp_path / "runs" / "a").glob("results_*"))
    assert main(["audit", str(run), "--exclude", str(flags)]) == 0


def test_a_folder_with_flags_and_notes_is_read_as_before(served, tmp_path):
    post(served, "flags", FLAG)
    post(served, "notes", {"run": ids_of(served)[0], "note": "x"})
    write_run(tmp_path / "runs" / "c", {"t": right_and_wrong("10")})
    assert len(ids_of(served)) == 3
    with serving(tmp_path / "runs", tmp_path / "other.sqlite") as other:
        assert json.loads(ask(other, "/api/flags")[1])["flags"] == [FLAG]
