"""Real servers: what the stub plays is what they do. Each runs where its packages are installed (``make engines``)."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from stub_api import Serving, Stub

from proctor.errors import ModelError
from proctor.models import open_model
from proctor.types import Generate, Loglikelihood, Rolling, Text

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


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start(command: list[str], port: int, log: Path, path: str = "/v1/models", **more: str) -> subprocess.Popen[bytes]:
    """Start a server and wait until it answers."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", **more}
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env=environment)
    for _ in range(600):
        if process.poll() is not None:
            pytest.fail(f"the server ended: {log.read_text(errors='replace')[-2000:]}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2).read()
        except OSError:
            time.sleep(0.5)
        else:
            return process
    process.kill()
    pytest.fail(f"the server does not answer: {log.read_text(errors='replace')[-2000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()


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
    stop(process)


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


def test_transformers_serve_gives_texts_and_no_scores(checkpoint, tmp_path):
    program = Path(sys.executable).parent / "transformers"
    if not has("fastapi", "uvicorn", "transformers") or has("vllm") or not program.exists():
        pytest.skip("transformers' server is not installed here")
    port = free_port()
    command = [str(program), "serve", str(checkpoint), "--device", "cpu", "--dtype", "float32", "--port", str(port)]
    process = start(command, port, tmp_path / "log")
    try:
        url = f"http://127.0.0.1:{port}/v1"
        chat = open_model("local-chat-completions", {"model": str(checkpoint), "base_url": url})
        [(_, text)] = chat.respond([Generate("Say something.", {"max_gen_toks": 8})])
        assert isinstance(text, Text)
        args = {"model": str(checkpoint), "base_url": url, "tokenizer": str(checkpoint)}
        with pytest.raises(ModelError):
            list(open_model("local-completions", args).respond(REQUESTS))
    finally:
        stop(process)


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
            stop(process)


def test_llama_cpps_server_scores_by_next_tokens(checkpoint, tmp_path):
    server, weights = os.environ.get("PROCTOR_LLAMA_SERVER"), os.environ.get("PROCTOR_LLAMA_GGUF")
    if not server or not weights or shutil.which(server) is None:
        pytest.skip("PROCTOR_LLAMA_SERVER and PROCTOR_LLAMA_GGUF name no server and no weights")
    port = free_port()
    flags = [
        "-c",
        "4096",
        "-np",
        "4",
        "-t",
        "1",
        "-fa",
        "off",
        "--cache-type-k",
        "f32",
        "--cache-type-v",
        "f32",
        "--host",
        "127.0.0.1",
        "--offline",
    ]
    process = start([server, "-m", weights, "--alias", NAME, "--port", str(port), *flags], port, tmp_path / "log")
    try:
        args = {"model": NAME, "base_url": f"http://127.0.0.1:{port}/v1", "tokenizer": str(checkpoint)}
        model = open_model("local-completions", args)
        responses = dict(model.respond(REQUESTS))
        same = {"pretrained": str(checkpoint), "dtype": "float32", "add_bos_token": False}
        expected = dict(open_model("hf", same, device="cpu").respond(REQUESTS))
        for place in range(3):
            for one, two in zip(responses[place].values, expected[place].values, strict=True):
                assert one == (pytest.approx(two[0], abs=1e-3), two[1])
    finally:
        stop(process)
