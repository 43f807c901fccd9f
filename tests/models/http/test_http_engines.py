"""Real servers: what the stub plays is what they do. Each runs where its packages are installed (``make engines``)."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gguf_file import write_gguf
from real_server import ServerFailedError, free_port, start_server, stop_server
from stub_api import Serving, Stub

from proctor.errors import ModelError
from proctor.models import open_model
from proctor.types import Choice, Choose, Generate, Loglikelihood, Refusal, Request, Rolling, Text

pytestmark = pytest.mark.engine

REQUESTS = [
    Loglikelihood("The capital of France is", (" A", " B", " C")),
    Loglikelihood("The capital of France is", (" Paris, of course", " a river in the north", " B")),
    Loglikelihood("", (" one two", " three")),
]
NAME = "served-model"


def has(*packages: str) -> bool:
    """Whether packages are installed; a folder of tests of the same name has no origin."""
    specs = map(importlib.util.find_spec, packages)
    return all(spec is not None and spec.origin is not None for spec in specs)


def start(command: list[str], port: int, log: Path, path: str = "/v1/models", **more: str) -> subprocess.Popen[bytes]:
    """Start a server and wait until it answers."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", **more}
    try:
        return start_server(command, f"http://127.0.0.1:{port}{path}", log, environment)
    except ServerFailedError as error:
        pytest.fail(str(error))


@pytest.fixture(scope="module")
def checkpoint(shared_models: Path) -> Path:
    return shared_models / "llama-bos"


@pytest.fixture(scope="module")
def vllm_server(checkpoint, tmp_path_factory) -> Iterator[str]:
    if not has("vllm"):
        pytest.skip("vLLM is not installed here")
    port = free_port()
    flags = ["--dtype", "float32", "--max-model-len", "1024", "--enforce-eager"]
    flags += ["--max-logprobs", "20", "--block-size", "32"]
    module = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(checkpoint)]
    command = [*module, "--served-model-name", NAME, "--host", "127.0.0.1", "--port", str(port), *flags]
    more = {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1"}
    process = start(command, port, tmp_path_factory.mktemp("vllm") / "log", **more)
    yield f"http://127.0.0.1:{port}/v1"
    stop_server(process)


def test_vllm_shows_every_route_and_scores_as_transformers(vllm_server, checkpoint):
    args = {"model": NAME, "base_url": vllm_server, "tokenizer": str(checkpoint)}
    model = open_model("local-completions", args)
    assert [check.name for check in model.check() if check.state != "passed"] == []
    same = {"pretrained": str(checkpoint), "dtype": "float32", "add_bos_token": False, "max_length": 1022}
    requests = [*REQUESTS, Rolling("A text of some words, to be scored from its first token on.")]
    expected = dict(open_model("hf", same, device="cpu").respond(requests))
    for scoring in ("auto", "top_logprobs", "logit_bias", "prompt_logprobs", "echo", "walk"):
        responses = dict(open_model("local-completions", {**args, "scoring": scoring}).respond(requests))
        for place in range(3):
            for one, two in zip(responses[place].values, expected[place].values, strict=True):
                assert one == (pytest.approx(two[0], abs=1e-4), two[1])
        assert responses[3].logprob == pytest.approx(expected[3].logprob, abs=1e-4)


def test_vllms_own_tokenizer_gives_the_same_scores(vllm_server, checkpoint):
    args = {"model": NAME, "base_url": vllm_server, "tokenizer_backend": "remote", "custom_prefix_token_id": 1}
    compare(dict(open_model("local-completions", args).respond(REQUESTS)), expected_of(checkpoint, REQUESTS, bos=False))


def test_vllm_generates_as_transformers(vllm_server, checkpoint):
    requests = [Generate("The capital of France is", {"max_gen_toks": 12, "until": ["."]})]
    served = open_model(
        "local-completions", {"model": NAME, "base_url": vllm_server, "tokenizer": str(checkpoint)}
    ).respond(requests)
    same = {"pretrained": str(checkpoint), "dtype": "float32", "add_bos_token": False}
    [(_, here)] = open_model("hf", same, device="cpu").respond(requests)
    [(_, there)] = served
    assert there.text == here.text


@pytest.mark.parametrize("kind", ["local-chat-completions", "anthropic-chat"])
def test_vllm_chats_in_both_forms(vllm_server, kind):
    [(_, text)] = open_model(kind, {"model": NAME, "base_url": vllm_server}).respond(
        [Generate("Say something.", {"max_gen_toks": 8})]
    )
    assert isinstance(text, Text)
    assert text.finish == "length"
    assert text.usage.new == 8


def test_vllm_refuses_a_prompt_that_is_too_long_as_one_request(vllm_server, checkpoint):
    args = {"model": NAME, "base_url": vllm_server, "tokenizer_backend": "none"}
    requests = [Generate("word " * 5000, {"max_gen_toks": 4}), Generate("word", {"max_gen_toks": 4})]
    responses = dict(open_model("local-completions", args).respond(requests))
    assert "length" in responses[0].why
    assert not responses[0].retryable
    assert isinstance(responses[1], Text)


TRANSFORMERS = """
import importlib.metadata
[entry] = [one for one in importlib.metadata.entry_points(group="console_scripts") if one.name == "transformers"]
entry.load()()
"""
"""The command of that name, wherever its script lies."""


def serves() -> bool:
    """Whether transformers finds all that its server needs; releases that cannot say so are tried."""
    from transformers.utils import import_utils

    is_available = getattr(import_utils, "is_serve_available", None)
    return is_available is None or bool(is_available())


def test_transformers_serve_gives_texts_and_no_scores(checkpoint, tmp_path):
    if not has("fastapi", "uvicorn", "transformers") or has("vllm") or not serves():
        pytest.skip("transformers' server is not installed here")
    port = free_port()
    command = [
        sys.executable,
        "-c",
        TRANSFORMERS,
        "serve",
        str(checkpoint),
        "--device",
        "cpu",
        "--dtype",
        "float32",
        "--port",
        str(port),
    ]
    process = start(command, port, tmp_path / "log")
    try:
        url = f"http://127.0.0.1:{port}/v1"
        chat = open_model("local-chat-completions", {"model": str(checkpoint), "base_url": url})
        [(_, text)] = chat.respond([Generate("Say something.", {"max_gen_toks": 8})])
        assert isinstance(text, Text)
        [(_, choice)] = chat.respond([Choose("Two plus two?\nA. 3\nB. 4\nAnswer:", ("A", "B"))])
        # It drops what it does not know (logprobs, schemas) without an error, so that a free reply is left.
        assert isinstance(choice, Choice)
        assert choice.route == "text"
        args = {"model": str(checkpoint), "base_url": url, "tokenizer": str(checkpoint)}
        with pytest.raises(ModelError):
            list(open_model("local-completions", args).respond(REQUESTS))
    finally:
        stop_server(process)


def test_the_litellm_proxy_passes_chats_on(tmp_path):
    program = Path(sys.executable).parent / "litellm"
    if not has("litellm") or not program.exists():
        pytest.skip("LiteLLM is not installed here")
    port = free_port()
    with Serving(Stub()) as stub:
        row = {"model": "openai/tiny", "api_base": stub.url, "api_key": "none"}
        config = tmp_path / "config.yaml"
        config.write_text(json.dumps({"model_list": [{"model_name": "tiny", "litellm_params": row}]}), encoding="utf-8")
        command = [str(program), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
        key = "sk-0123456789abcdef0123456789abcdef"
        more = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MASTER_KEY": key}
        process = start(command, port, tmp_path / "log", "/health/liveliness", **more)
        try:
            args = {"model": "tiny", "base_url": f"http://127.0.0.1:{port}/v1", "auth_token": key}
            requests = [Generate(f"say {number}", {}) for number in range(20)]
            responses = dict(open_model("litellm", args).respond(requests))
            assert [responses[number].text for number in range(20)] == [f"echo say {number}" for number in range(20)]
        finally:
            stop_server(process)


LLAMA_FLAGS = [*("-c", "4096", "-np", "4", "-t", "1", "-fa", "off"), *("--cache-type-k", "f32")]
LLAMA_FLAGS += ["--cache-type-v", "f32", "--offline", "--jinja"]


@pytest.fixture(scope="module", params=[True, False], ids=["bos", "no bos"])
def gguf(request, checkpoint, tmp_path_factory) -> tuple[Path, bool]:
    """A file, and whether servers put BOS before texts."""
    if not has("gguf"):
        pytest.skip("the package gguf, which writes the file, is not installed here")
    return write_gguf(checkpoint, tmp_path_factory.mktemp("gguf") / "model.gguf", adds_bos=request.param), request.param


@pytest.fixture(scope="module")
def llama_server(gguf, tmp_path_factory) -> Iterator[str]:
    program = shutil.which(os.environ.get("PROCTOR_LLAMA_SERVER", "llama-server"))
    if program is None:
        pytest.skip("llama.cpp's server is not here; PROCTOR_LLAMA_SERVER names the program")
    port = free_port()
    command = [program, "-m", str(gguf[0]), "--alias", NAME, "--host", "127.0.0.1", "--port", str(port), *LLAMA_FLAGS]
    process = start(command, port, tmp_path_factory.mktemp("llama") / "log", "/health")
    yield f"http://127.0.0.1:{port}"
    stop_server(process)


@pytest.fixture(scope="module")
def llama_cpp_python(gguf, tmp_path_factory) -> Iterator[str]:
    if not has("llama_cpp"):
        pytest.skip("llama-cpp-python is not installed here")
    port = free_port()
    module = [sys.executable, "-m", "llama_cpp.server", "--model", str(gguf[0]), "--model_alias", NAME]
    flags = [
        "--n_ctx",
        "1024",
        "--logits_all",
        "true",
        "--type_k",
        "0",
        "--type_v",
        "0",
        "--n_threads",
        "1",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    process = start([*module, *flags], port, tmp_path_factory.mktemp("llama") / "log")
    yield f"http://127.0.0.1:{port}"
    stop_server(process)


def expected_of(checkpoint: Path, requests: list[Request], *, bos: bool) -> dict[int, Any]:
    """What transformers says, by requests."""
    same = {"pretrained": str(checkpoint), "dtype": "float32", "add_bos_token": bos, "max_length": 1022}
    return dict(open_model("hf", same, device="cpu").respond(requests))


def compare(responses: dict[int, Any], expected: dict[int, Any], places: range = range(len(REQUESTS))) -> None:
    for place in places:
        for one, two in zip(responses[place].values, expected[place].values, strict=True):
            assert one == (pytest.approx(two[0], abs=1e-4), two[1])


def test_llama_server_scores_and_generates_as_transformers(llama_server, gguf, checkpoint):
    rolled = Rolling("A text of some words, to be scored from its first token on.")
    text = Generate("The capital of France is", {"max_gen_toks": 12, "until": ["."]})
    requests = [*REQUESTS, rolled, text]
    expected = expected_of(checkpoint, requests, bos=gguf[1])
    model = open_model("gguf", {"base_url": llama_server})
    assert model.name == NAME
    responses = dict(model.respond(requests))
    compare(responses, expected)
    assert responses[3].logprob == pytest.approx(expected[3].logprob, abs=1e-4)
    assert responses[4].text == expected[4].text


def test_completions_of_llama_server_with_a_tokenizer_of_ones_own(llama_server, checkpoint):
    args = {"model": NAME, "base_url": f"{llama_server}/v1", "tokenizer": str(checkpoint)}
    compare(dict(open_model("local-completions", args).respond(REQUESTS)), expected_of(checkpoint, REQUESTS, bos=False))


@pytest.mark.parametrize("scoring", ["logit_bias", "walk"])
def test_each_route_of_llama_server(llama_server, gguf, checkpoint, scoring):
    responses = dict(open_model("gguf", {"base_url": llama_server, "scoring": scoring}).respond(REQUESTS))
    compare(responses, expected_of(checkpoint, REQUESTS, bos=gguf[1]))


def test_a_chat_of_llama_server(llama_server):
    args = {"model": NAME, "base_url": f"{llama_server}/v1"}
    [(_, text)] = open_model("local-chat-completions", args).respond([Generate("Say something.", {"max_gen_toks": 8})])
    assert isinstance(text, Text)


def test_llama_cpp_python_scores_by_echo_where_its_values_are_right(llama_cpp_python, gguf, checkpoint):
    model = open_model("gguf", {"base_url": llama_cpp_python})
    text = Generate("The capital of France is", {"max_gen_toks": 12, "until": ["."]})
    expected = expected_of(checkpoint, [*REQUESTS, text], bos=gguf[1])
    [(_, response)] = model.respond([text])
    assert response.text == expected[len(REQUESTS)].text
    if not gguf[1]:
        # Without BOS each value is that of a token after itself: lm-eval takes them.
        with pytest.raises(ModelError, match=r"echo: the prompt has the value .*, which was .* when generated"):
            list(model.respond(REQUESTS))
        return
    responses = dict(model.respond(REQUESTS))
    compare(responses, expected, range(2))
    # The first token after BOS has no value in its replies.
    assert isinstance(responses[2], Refusal)


def test_lm_evals_gguf_on_the_same_servers(llama_cpp_python, gguf):
    pytest.importorskip("lm_eval")
    from lm_eval.api.instance import Instance
    from lm_eval.models.gguf import GGUFLM

    pairs = [(request.context, text) for request in REQUESTS[:2] for text in request.continuations]
    asked = [Instance("loglikelihood", {}, pair, place, ("t", 0, 1)) for place, pair in enumerate(pairs)]
    theirs = GGUFLM(base_url=llama_cpp_python).loglikelihood(asked)
    if not gguf[1]:
        return
    responses = dict(open_model("gguf", {"base_url": llama_cpp_python}).respond(REQUESTS[:2]))
    ours = [value for place in range(2) for value in responses[place].values]
    assert [value for value, _ in theirs] == [pytest.approx(value, abs=1e-4) for value, _ in ours]
    assert [greedy for _, greedy in theirs] == [greedy for _, greedy in ours]
