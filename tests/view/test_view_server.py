"""The server answers whoever has the token, and nobody else; no path of a request is one of a file."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import threading
from urllib.parse import urlsplit

import pytest
from stored_runs import right_and_wrong, write_run
from view_requests import ask, ids_of

from proctor.errors import OutputError
from proctor.view.catalog import Catalog, id_of
from proctor.view.index_file import IndexFile
from proctor.view.server import ViewServer


def test_the_first_address_gives_a_cookie_and_leaves_the_token_behind(served):
    path = served.address.split(f":{served.port}")[1]
    response, _ = ask(served, path, cookie=False)
    assert (response.status, response.headers["Location"]) == (303, "/")
    cookie = response.headers["Set-Cookie"]
    assert f"{served.cookie}={served.token}" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert served.token not in ask(served, "/")[1]


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/", {"cookie": False}),
        ("/api/runs", {"cookie": False}),
        ("/api/rows", {"cookie": False}),
        ("/api/page", {"Host": "evil.example"}),
        ("/questions", {"Origin": "http://evil.example"}),
        ("/?token=wrong", {"cookie": False}),
        ("/?token=", {"cookie": False}),
        ("/", {"cookie": False, "Cookie": "proctor_view_1=x; \x01"}),
        ("/", {"Host": "evil.example"}),
        ("/", {"Host": "evil.example:80"}),
        ("/", {"Host": ""}),
        ("/", {"Origin": "http://evil.example"}),
        ("/", {"Origin": "null"}),
    ],
)
def test_who_has_no_token_or_comes_from_elsewhere_gets_nothing(served, path, more):
    response, body = ask(served, path, **more)
    assert response.status == 403
    assert "org/small" not in body


def test_its_own_origin_and_each_of_its_names_are_let_in(served):
    for host in ("127.0.0.1", "localhost", "[::1]"):
        response, _ = ask(served, "/", Host=f"{host}:{served.port}", Origin=f"http://{host}:{served.port}")
        assert response.status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(served, method):
    assert ask(served, "/", method=method)[0].status == 501


@pytest.mark.parametrize(
    "path",
    [
        *("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/report/../..", "/results_x.json", "//etc/passwd"),
        *("/report", "/report?run=../../etc/passwd", "/report?run=%00", "/report?run=0000000000"),
        *(
            "/questions",
            "/questions?run=../../etc/passwd",
            "/api/page?run=%2e%2e",
            "/api/",
            "/api/runs/../../etc/tasks",
        ),
        *(
            "/api/rows?run=/etc/passwd",
            "/api/question?run=x&task=../../etc/passwd&id=0",
            "/served.js",
            "/api/runs/%2e%2e",
        ),
    ],
)
def test_no_path_is_one_of_a_file(served, path):
    response, body = ask(served, path)
    assert response.status == 404
    assert "/bin/" not in body


def test_pages_allow_no_frame_no_other_address_and_are_not_cached(served):
    response, body = ask(served, "/")
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert response.headers["Cache-Control"] == "no-store"
    assert "default-src &#39;none&#39;" in body
    assert "form-action &#39;self&#39;" in body
    assert "http://" not in body.replace("http://www.w3.org/", "")


def test_a_report_of_the_chosen_runs(served):
    ids = ids_of(served)
    response, body = ask(served, f"/report?run={ids[0]}&run={ids[1]}")
    assert response.status == 200
    assert "0.7500" in body
    assert "0.5000" in body
    assert ask(served, f"/report?run={ids[0]}", method="HEAD")[1] == ""


def test_scripts_get_json(served):
    runs = json.loads(ask(served, "/api/runs")[1])["runs"]
    assert sorted(one["score"] for one in runs) == [0.5, 0.75]
    assert all(one["interval"][0] < one["score"] < one["interval"][1] for one in runs)
    a, b = ids_of(served)
    document = json.loads(ask(served, f"/api/compare?a={a}&b={b}")[1])
    assert document["pairs"]
    response, body = ask(served, f"/api/compare?a=nothing&b={b}")
    assert (response.status, "no run 'nothing'" in json.loads(body)["error"]) == (404, True)


def test_a_file_that_has_gone_is_a_sentence_and_one_that_changed_is_read_again(served, tmp_path):
    ids = ids_of(served)
    before = ask(served, f"/report?run={ids[0]}&run={ids[1]}")[1]
    write_run(tmp_path / "runs" / "b", {"t": right_and_wrong("1" * 39 + "0")})
    after = ask(served, f"/report?run={ids[0]}&run={ids[1]}")[1]
    assert "0.9750" in after
    assert "0.9750" not in before
    for file in (tmp_path / "runs" / "b").rglob("*"):
        if file.is_file():
            file.unlink()
    assert len(ids_of(served)) == 1
    gone = [one for one in ids if one not in ids_of(served)]
    response, body = ask(served, f"/report?run={gone[0]}")
    assert response.status == 404
    assert "may have been moved" in body


def test_two_tabs_at_once(served):
    ids = ids_of(served)
    bodies = []
    threads = [
        threading.Thread(target=lambda: bodies.append(ask(served, f"/report?run={ids[0]}")[1])) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(bodies)) == 1
    assert len(bodies) == 4


def test_a_port_that_is_taken_is_a_sentence(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(OutputError, match=r"Nothing can listen on 127\.0\.0\.1 port"):
            ViewServer(
                Catalog([str(tmp_path)]), IndexFile(tmp_path / "index.sqlite"), "127.0.0.1", other.getsockname()[1]
            )


def test_names_of_runs_depend_on_their_place_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert id_of("results.json") == id_of(os.path.join(str(tmp_path), "results.json")) != id_of("other.json")
    assert urlsplit(f"/report?run={id_of('x')}").query.endswith(id_of("x"))


def test_a_run_that_goes_on_is_listed_and_the_page_looks_for_changes_where_that_is_wanted(served, tmp_path):
    process = {
        "state": "running",
        "model": "<m>",
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "command": "proctor",
    }
    status = {**process, "phase": "Answering", "done": 3, "total": 10, "unit": "requests"}
    (tmp_path / "runs" / "progress.json").write_text(json.dumps(status), encoding="utf-8")
    response, body = ask(served, "/")
    assert "Answering: 3 of 10 requests (30 %)" in body
    assert "&lt;m&gt;" in body
    assert "DOMParser" not in body
    served.follow = True
    response, body = ask(served, "/")
    assert "DOMParser" in body
    again, nothing = ask(served, "/", If_None_Match=response.headers["ETag"])
    assert (again.status, nothing) == (304, "")
    assert json.loads(ask(served, "/api/runs")[1])["going_on"][0]["done"] == 3
    (tmp_path / "runs" / "progress.json").write_text("{", encoding="utf-8")
    response, body = ask(served, "/")
    assert response.status == 200
    assert "Not finished" not in body


def test_json_has_a_mark_by_which_a_script_need_not_load_it_again(served):
    response, body = ask(served, "/api/runs")
    tag = response.headers["ETag"]
    again, nothing = ask(served, "/api/runs", If_None_Match=tag)
    assert (again.status, nothing, again.headers["ETag"]) == (304, "", tag)
    assert ask(served, "/api/runs", If_None_Match='"other"')[1] == body


def test_the_page_of_questions_may_fetch_from_this_server_alone(served):
    response, body = ask(served, f"/questions?run={ids_of(served)[0]}")
    assert response.status == 200
    assert "connect-src &#39;self&#39;" in body
    assert "default-src &#39;none&#39;" in body
    assert "http://" not in body.replace("http://www.w3.org/", "")
    assert "connect-src" not in ask(served, f"/report?run={ids_of(served)[0]}")[1]


def raw(served, text: bytes) -> bytes:
    """What the server answers to bytes that no client library would send."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def head(served, address: str, *more: str) -> bytes:
    own = [f"GET {address} HTTP/1.1", f"Host: 127.0.0.1:{served.port}", f"Cookie: {served.cookie}={served.token}"]
    return ("\r\n".join([*own, *more, "Connection: close"]) + "\r\n\r\n").encode("latin-1")


@pytest.mark.parametrize("address", ["http://[/", "/?" + "a=1&" * 1_500, "/?token=\xed\xa0\x80"])
def test_an_address_that_is_none_is_a_sentence_and_no_traceback(served, capfd, address):
    assert raw(served, head(served, address)).split(b" ", 2)[1] in (b"400", b"403")
    for broken in (b"\x00\x01\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n"):
        raw(served, broken)
    assert ask(served, "/")[0].status == 200
    assert "Traceback" not in capfd.readouterr().err


def test_a_request_with_two_hosts_gets_nothing(served):
    assert raw(served, head(served, "/api/runs", "Host: evil.example")).split(b" ", 2)[1] == b"403"


@pytest.mark.parametrize("address", ["/", "/report?run={}", "/questions?run={}"])
def test_a_browser_that_goes_away_is_no_news(served, capfd, address):
    linger = struct.pack("ii", 1, 0)  # the connection is torn down at once, and writing to it an error
    (run, _) = ids_of(served)
    for text in (head(served, address.format(run)), b"POST /api/flags HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"):
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
            connection.sendall(text)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    assert ask(served, "/")[0].status == 200
    served.server_close()  # waits for nothing, but no further request begins
    assert "Traceback" not in capfd.readouterr().err


def test_an_error_that_nobody_foresaw_is_a_sentence_and_the_next_request_is_answered(served, monkeypatch, caplog):
    monkeypatch.setitem(served.api.routes, "/api/runs", lambda query: 1 // 0)
    response, body = ask(served, "/api/runs")
    assert (response.status, "ZeroDivisionError" in json.loads(body)["error"]) == (500, True)
    assert "/api/runs cannot be answered" in caplog.text
    assert ask(served, "/")[0].status == 200


def test_pages_are_in_the_browsers_language_unless_the_command_names_one(served, monkeypatch):
    def language(**headers):
        return re.search(r"<html lang=(\w+)", ask(served, "/", **headers)[1])[1]

    korean = {"Accept_Language": "ko-KR,ko;q=0.9,en;q=0.8"}
    assert language(**korean) == "en"  # the command says so
    served.language = None
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    run = ids_of(served)[0]
    assert language(**korean) == "ko"
    assert language() == "en"
    for path in (f"/report?run={run}", f"/questions?run={run}", "/nothing"):
        assert "lang=ko" in ask(served, path, **korean)[1]
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    assert language() == "ko"
    assert language(Accept_Language="en-GB") == "en"
    served.language = "ko"
    assert language(Accept_Language="en-GB") == "ko"
