"""The models that a server lists: the wanted one, its limit, and what is wrong with the others."""

from __future__ import annotations

import asyncio

import pytest

from proctor.errors import ModelError
from proctor.models.http.endpoints import Endpoint
from proctor.models.http.model_list import listed_models, look_at_models
from proctor.models.http.replies import Reply

SERVER = Endpoint("http://h/v1/completions", "http://h/v1", "http://h")


class Lists:
    """A transport whose server lists these models."""

    def __init__(self, reply):
        self.reply, self.asked = reply, []

    async def get(self, url):
        self.asked.append(url)
        return self.reply


def look(reply, model="m"):
    probes = []
    limit = asyncio.run(look_at_models(Lists(reply), SERVER, model, probes))
    return limit, [(probe.state, probe.detail) for probe in probes]


def test_the_rows_are_by_name_and_the_address_is_the_api_s():
    transport = Lists(Reply(200, {"data": [{"id": "m"}, {"id": 3}, "odd", {"name": "x"}]}))
    assert asyncio.run(listed_models(transport, SERVER)) == {"m": {"id": "m"}, "3": {"id": 3}}
    assert transport.asked == ["http://h/v1/models"]


@pytest.mark.parametrize(
    ("row", "limit"),
    [
        ({"id": "m", "max_model_len": 1536}, 1536),
        ({"id": "m", "meta": {"n_ctx": 512}}, 512),
        ({"id": "m", "meta": None}, None),
        ({"id": "m", "max_model_len": "many"}, None),
        ({"id": "m", "max_model_len": 0}, None),
    ],
)
def test_the_limit_is_vllm_s_or_llama_server_s(row, limit):
    assert look(Reply(200, {"data": [row]})) == (limit, [("passed", "the server's only model")])


@pytest.mark.parametrize(
    "reply", [Reply(404, None), Reply(200, None), Reply(200, ["m"]), Reply(200, {"data": None}), Reply(0, None)]
)
def test_a_server_without_a_list_is_no_error(reply):
    assert look(reply) == (None, [("skipped", "the server lists no models")])


def test_a_model_that_is_not_listed_is_an_error_with_the_name_that_was_meant():
    listed = Reply(200, {"data": [{"id": "llama-3-8b"}, {"id": "qwen"}]})
    with pytest.raises(ModelError, match="no model named 'llama-3-8B'") as caught:
        look(listed, "llama-3-8B")
    assert "llama-3-8b" in (caught.value.hint or "")
    with pytest.raises(ModelError) as caught:
        look(listed, "zzz")
    assert caught.value.hint == "Its models: llama-3-8b, qwen."
