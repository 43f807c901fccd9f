"""One exchange is a reply, whatever happens in between: a real server here, and addresses where none is."""

from __future__ import annotations

import asyncio
import ssl

import pytest
from aiohttp import web

from proctor.errors import ModelError, UsageError
from proctor.models.http import transport
from proctor.models.http.transport import Connection, Transport, exchange
from proctor.types import Generate, Refusal

REQUESTS = [Generate(f"say {number}", {}) for number in range(12)]


@pytest.fixture
def respond(completions):
    def call(stub, requests=REQUESTS, **args):
        return dict(completions(stub, tokenizer_backend="none", **args).respond(requests))

    return call


def post(url, payload=None, **connection):
    return exchange(Connection(**connection), lambda one: one.post(url, payload or {"prompt": "x"}))


def answers(response):
    """A script of the stub that gives the same to whatever is posted."""
    return lambda path, payload: response() if payload else None


@pytest.mark.parametrize("text", ["<html>gateway</html>", "", '{"half": ', "[" * 100_000, "\ud55c"])
def test_a_body_that_is_no_json_is_kept_as_text(serve, text):
    stub = serve(script=answers(lambda: web.Response(body=text.encode(), status=200)))
    reply = post(f"{stub.url}/completions")
    assert (reply.status, reply.body) == (200, None)
    assert reply.text == text[: transport.BEGINNING]


def test_a_body_of_json_comes_with_its_headers_in_lower_case(serve):
    stub = serve(script=answers(lambda: web.json_response([1], headers={"X-Ratelimit-Remaining": "3"})))
    reply = post(f"{stub.url}/completions")
    assert (reply.body, reply.headers["x-ratelimit-remaining"]) == ([1], "3")


def test_a_post_is_not_redirected_to_a_get(serve):
    target = "http://127.0.0.1:9/elsewhere"
    stub = serve(script=answers(lambda: web.Response(status=301, headers={"Location": target})))
    reply = post(f"{stub.url}/completions")
    assert (reply.status, reply.headers["location"]) == (301, target)


@pytest.mark.parametrize(
    ("url", "text", "final"),
    [
        ("http://127.0.0.1:9/v1", "no connection (", False),
        ("ftp://127.0.0.1/v1", "its address is no HTTP address", True),
        ("http://", "its address is no HTTP address", True),
    ],
)
def test_no_reply_says_why(url, text, final):
    reply = post(url)
    assert (reply.status, reply.final) == (0, final)
    assert reply.text.startswith(text)


def test_a_connection_that_breaks_within_a_reply(serve):
    def torn():
        return web.Response(body=b"no deflate stream at all", headers={"Content-Encoding": "deflate"})

    reply = post(f"{serve(script=answers(torn)).url}/completions")
    assert reply.status == 0
    assert reply.text.startswith("the connection broke (")


def test_lines_that_are_no_json_are_left_out_and_an_error_is_read_as_one_value(serve):
    async def lines(one):
        return await one.get_lines(f"{stub.url}/file"), await one.get_lines(f"{stub.url}/gone")

    def script(path, payload):
        if path.endswith("file"):
            return web.Response(body=b'{"a": 1}\n\nnothing\n[2]\n')
        return web.json_response({"error": "gone"}, status=404) if path.endswith("gone") else None

    stub = serve(script=script)
    found, gone = exchange(Connection(), lines)
    assert found.body == [{"a": 1}, [2]]
    assert (gone.status, gone.body) == (404, {"error": "gone"})


def test_a_transport_that_is_not_open_is_a_mistake_of_the_code():
    with pytest.raises(RuntimeError, match="not open"):
        asyncio.run(Transport(Connection()).get("http://127.0.0.1:9"))


def test_an_exchange_works_where_a_loop_runs_already(serve):
    url = f"{serve().url}/models"

    async def within():
        return exchange(Connection(), lambda one: one.get(url))

    assert asyncio.run(within()).status == 200


def test_headers_are_sent_and_not_shown(serve):
    stub, connection = serve(), Connection(headers={"Authorization": "Bearer hunter2hunter2"})
    exchange(connection, lambda one: one.get(f"{stub.url}/models"))
    assert stub.headers[-1]["Authorization"] == "Bearer hunter2hunter2"
    assert "hunter2" not in repr(connection)


def test_an_endless_stream_is_given_up(serve, respond, monkeypatch):
    monkeypatch.setattr(transport, "LARGEST_REPLY", 1000)
    stub = serve(script=answers(lambda: web.Response(body=b" " * 5000)))
    assert "longer than" in respond(stub, REQUESTS[:1], max_retries=1)[0].why


def test_a_slow_reply_is_given_up(serve, respond):
    response = respond(serve(delay=1.0), REQUESTS[:1], max_retries=1, timeout=0.2)[0]
    assert isinstance(response, Refusal)
    assert "no reply in 0.2 seconds" in response.why


def test_a_certificate_that_does_not_verify(serve, respond):
    stub = serve()
    stub.url = stub.url.replace("http://", "https://")
    with pytest.raises(ModelError, match="cannot be used: its certificate is not accepted"):
        respond(stub)


def test_a_file_without_certificates(tmp_path, serve, respond):
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(UsageError, match="no certificates can be read"):
        respond(serve(), ca_cert_path=str(tmp_path / "ca.pem"))


def test_certificates_of_the_system_are_the_default():
    assert Connection().certificates() is True
    assert Connection(verify=False).certificates() is False
    assert ssl.create_default_context() is not None


def test_proxies_are_those_of_the_environment(serve, respond, monkeypatch):
    transport.proxy_of.cache_clear()
    proxy = serve()
    monkeypatch.setenv("HTTP_PROXY", proxy.url.removesuffix("/v1"))
    monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/v1"))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "direct.invalid")
    stub = serve()
    stub.url = "http://api.invalid/v1"
    responses = respond(stub)
    assert [responses[place].text for place in range(12)] == [f"echo say {number}" for number in range(12)]
    assert proxy.headers[-1]["Host"] == "api.invalid"
    assert transport.proxy_of("http://direct.invalid/v1") is None
    transport.proxy_of.cache_clear()
