"""SGLang's server as a process of its own, with a stub in its place: started late, used, stopped."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest
from stub_api import StubTokenizer, distribution, stub_encode

from proctor.errors import ModelError, UsageError
from proctor.models.http import sglang_server
from proctor.models.http.sglang_server import SglangModel, open_sglang, server_command
from proctor.models.tokens.tokenizer import Tokens
from proctor.types import Loglikelihood

HELPERS = Path(__file__).resolve().parents[2] / "helpers"
PROGRAM = f"""
import sys
sys.path.insert(0, {str(HELPERS)!r})
from aiohttp import web
from stub_api import Stub
stub = Stub(model=sys.argv[2])
application = web.Application()
application.router.add_get("/health", lambda request: web.Response())
application.router.add_route("*", "/{{path:.*}}", stub.handle)
web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""


@pytest.fixture
def start(monkeypatch, tmp_path):
    """Open a model whose server is the stub: ``start(PROGRAM)``."""
    models = []

    def make(program=PROGRAM, **args):
        monkeypatch.setattr(sglang_server, "need_installed", lambda *_, **__: None)
        monkeypatch.setattr(
            sglang_server,
            "server_command",
            lambda options, port: [sys.executable, "-c", textwrap.dedent(program), str(port), options["model_path"]],
        )
        model = open_sglang({"pretrained": str(tmp_path), "dtype": "bfloat16", **args})
        vars(model)["tokens"] = Tokens(StubTokenizer(), max_length=510, add_bos_token=False)
        models.append(model)
        return model

    yield make
    for model in models:
        model.close()


def test_the_server_starts_with_the_first_request_and_ends_with_the_model(start):
    model = start()
    assert isinstance(model, SglangModel)
    assert model._process is None
    request = Loglikelihood("one two three", (" A", " B"))
    [(_, response)] = model.respond([request])
    for (value, _), text in zip(response.values, request.continuations, strict=True):
        assert value == pytest.approx(distribution(stub_encode(request.context))[stub_encode(text)[0]])
    process = model._process
    assert process.poll() is None
    model.close()
    assert process.poll() is not None


def test_a_server_that_ends_is_a_sentence(start):
    with pytest.raises(ModelError, match=r"server ended: .*no CUDA device") as caught:
        list(start("raise SystemExit('no CUDA device')").respond([Loglikelihood("a", (" b",))]))
    assert ".log" in caught.value.hint


def test_options_of_the_server():
    command = server_command({"model_path": "m", "tp_size": 2, "trust_remote_code": True, "enable_x": "False"}, 5)
    assert command[3:] == [
        "--host",
        "127.0.0.1",
        "--port",
        "5",
        "--model-path",
        "m",
        "--tp-size",
        "2",
        "--trust-remote-code",
    ]


def test_arguments_and_identity(start, tmp_path):
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    base = start()
    assert base.arguments.tokenizer == str(tmp_path)
    assert start(max_model_len=300).arguments.max_length == 300
    assert start().identity == base.identity
    assert start(tp_size=4, num_concurrent=3).identity == base.identity
    assert start(dtype="float16").identity != base.identity
    with pytest.raises(UsageError, match="two names of one argument"):
        start(max_model_len=300, context_length=300)


def test_the_tokenizer_needs_no_server(shared_models):
    from proctor.models import open_tokenizer

    tokens = open_tokenizer(
        "sglang", {"pretrained": str(shared_models / "llama-bos"), "context_length": 300, "tp_size": 2}
    )
    assert tokens.max_length == 298
