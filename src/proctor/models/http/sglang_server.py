"""SGLang on this machine: lm-eval's kind ``sglang``. Its server is started, used like any other, and stopped."""

# lm-eval makes an engine in its own process. Here the engine runs as SGLang's server runs it, in a process of its own,
# which is SGLang's main road: the same handshake proves its scores, a crash ends a request and not the run's process,
# and what is stored needs no engine. The server starts when something is requested first, and ends with the model.
#
# Not run on a real SGLang, which needs a GPU: tried with a stub in its place.

from __future__ import annotations

import logging
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from proctor.errors import ModelError, UsageError
from proctor.lazy import need, need_installed
from proctor.models.http.arguments import ApiArguments, read_arguments
from proctor.models.http.completions_model import CompletionsModel
from proctor.models.http.sglang import ENDING, SglangTransport, tail_echo
from proctor.models.protocols import Check
from proctor.models.tokens.tokenizer import Tokens
from proctor.types import Request, Response

log = logging.getLogger("proctor")

READY_SECONDS = 3600.0
"""Large weights take long to read."""
OURS = (
    "max_gen_toks",
    "add_bos_token",
    "think_end_token",
    "seed",
    "scoring",
    "num_concurrent",
    "timeout",
    "eos_string",
)
"""Arguments of the client; all others are the server's."""
RENAMED = {"pretrained": "model_path", "max_model_len": "context_length"}
NO_MATTER = ("tp_size", "dp_size", "mem_fraction_static", "chunked_prefill_size", "device")
"""Arguments that change no response by more than rounding."""


def open_sglang(args: Mapping[str, Any], **_: Any) -> SglangModel:
    """A model that SGLang serves on this machine.

    Args:
        args: The model arguments: those of lm-eval, and any option of SGLang's server.
    """
    need_installed("sglang", extra="sglang")
    need("aiohttp", extra="api")
    given = {name: value for name, value in args.items() if name not in ("batch_size", "max_batch_size")}
    if given.get("context_length") is not None and given.get("max_model_len") is not None:
        raise UsageError("context_length and max_model_len are two names of one argument.", hint="Give one of them.")
    port = _free_port()
    options = {
        RENAMED.get(name, name): value
        for name, value in given.items()
        if name not in (*OURS, "prefix_token_id") and value is not None
    }
    return SglangModel(_arguments(given, port), options, port)


def open_sglang_tokenizer(args: Mapping[str, Any]) -> Tokens | None:
    """The tokenizer of such a model; nothing is started.

    Args:
        args: The model arguments.
    """
    need("aiohttp", extra="api")
    from proctor.models.http.tokenizer import tokens_of

    return tokens_of(_arguments(args, 0), {})


def _arguments(given: Mapping[str, Any], port: int) -> ApiArguments:
    """The arguments of the client."""
    own = {
        "model": given.get("pretrained"),
        "tokenizer": given.get("tokenizer_path") or given.get("pretrained"),
        "base_url": f"http://127.0.0.1:{port}{ENDING}",
        "custom_prefix_token_id": given.get("prefix_token_id"),
        "max_length": given.get("max_model_len") or given.get("context_length"),
        "revision": given.get("revision", "main"),
        "trust_remote_code": given.get("trust_remote_code", False),
        **{name: given[name] for name in OURS if name in given},
    }
    return read_arguments("sglang", {name: one for name, one in own.items() if one is not None})


def server_command(options: Mapping[str, Any], port: int) -> list[str]:
    """The command that starts the server.

    Args:
        options: Its options by name; one that is true is a switch, one that is false is left out.
        port: Where it listens.
    """
    command = [sys.executable, "-m", "sglang.launch_server", "--host", "127.0.0.1", "--port", str(port)]
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        word = str(value)
        if word.lower() not in ("true", "false"):
            command += [flag, word]
        elif word.lower() == "true":
            command.append(flag)
    return command


class SglangModel(CompletionsModel):
    """A model behind a server of SGLang's that is its own.

    Args:
        arguments: The model arguments of the client.
        options: Those of the server.
        port: Where it will listen.
    """

    def __init__(self, arguments: ApiArguments, options: Mapping[str, Any], port: int) -> None:
        super().__init__(arguments, kind="sglang", headers={}, ending=ENDING, transport=SglangTransport, echo=tail_echo)
        self._options = options
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    @cached_property
    def identity(self) -> Mapping[str, Any] | None:
        """What its responses depend on: the checkpoint's files and the server's options, and not its address."""
        from proctor.models.hf.arguments import HfArguments
        from proctor.models.hf.files import model_digest
        from proctor.models.hf.identity import origin_of

        name = str(self._options["model_path"])
        checkpoint = HfArguments(pretrained=name, revision=self.arguments.revision)
        options = {one: value for one, value in self._options.items() if one not in ("model_path", *NO_MATTER)}
        base = {
            key: value
            for key, value in (super().identity or {}).items()
            if key not in ("servers", "tokenizer", "model")
        }
        return {**base, "weights": model_digest(origin_of(checkpoint, name), None), "options": options}

    def respond(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Start the server, if that has not been done, and respond as it does."""
        self._start()
        yield from super().respond(requests)

    def check(self) -> list[Check]:
        """What the server shows."""
        self._start()
        return super().check()

    def close(self) -> None:
        """Stop the server."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()

    def _start(self) -> None:
        if self._process is not None:
            return
        command = server_command(self._options, self._port)
        handle, name = tempfile.mkstemp(prefix="proctor-sglang-", suffix=".log")
        log.info("Starting %s; it writes to %s.", shlex.join(command), name)
        with os.fdopen(handle, "wb") as file:
            self._process = subprocess.Popen(command, stdout=file, stderr=file, stdin=subprocess.DEVNULL)
        begun = time.monotonic()
        while not self._is_ready():
            if self._process.poll() is not None:
                raise ModelError(f"SGLang's server ended: {_last_line(Path(name))}", hint=f"All of it is in {name}.")
            if time.monotonic() - begun > READY_SECONDS:
                raise ModelError(
                    f"SGLang's server is not ready after {READY_SECONDS / 60:.0f} minutes.", hint=f"See {name}."
                )
            time.sleep(0.2)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/health", timeout=5) as reply:
                return reply.status == 200
        except (OSError, urllib.error.URLError):
            return False


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _last_line(file: Path) -> str:
    lines = file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "it wrote nothing"
