"""Models in GGUF files behind llama.cpp's server or llama-cpp-python's: lm-eval's kinds ``gguf`` and ``ggml``."""

# Less is said, more is found out
# -------------------------------
# lm-eval names the server's address alone: prompts go as texts, and the server's own tokenizer makes tokens of them. So
# the name of the model, its tokenizer, its chat template and whether a text begins with BOS come from the server here.
# Everything else is :class:`~proctor.models.http.completions_model.CompletionsModel`: the same handshake, the same
# routes, the same doubts.
#
#   llama-server        takes ids, scores no prompts: letters by the largest values or a bias, the rest token by token
#   llama-cpp-python    takes texts alone, scores prompts by echo; wrongly where the model wants no BOS (refused)
#
# Texts are generated after prompts as texts: both servers take those.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from proctor.errors import ModelError
from proctor.lazy import need
from proctor.models.http.keys import bearer, find_key

if TYPE_CHECKING:
    from proctor.models.http.arguments import ApiArguments
    from proctor.models.http.completions_model import CompletionsModel
    from proctor.models.tokens.tokenizer import Tokens

KEYS = ("OPENAI_API_KEY",)
PLAIN = {"repeat_penalty": 1.0}
"""Else llama-cpp-python's server makes tokens that stand in the text already less likely, by 1.1."""


def open_gguf(args: Mapping[str, Any], **_: Any) -> CompletionsModel:
    """A server of a GGUF file.

    Args:
        args: The model arguments, of which ``base_url`` is enough.
    """
    need("aiohttp", extra="api")
    from proctor.models.http.completions_model import CompletionsModel

    arguments, headers = _complete(args)
    return CompletionsModel(arguments, kind="gguf", headers=headers, key_names=KEYS, sends_texts=True, more=PLAIN)


def open_gguf_tokenizer(args: Mapping[str, Any]) -> Tokens | None:
    """The tokenizer of such a server, which is asked for tokens unless the arguments name one.

    Args:
        args: The model arguments.
    """
    need("aiohttp", extra="api")
    from proctor.models.http.tokenizer import tokens_of

    arguments, headers = _complete(args)
    return tokens_of(arguments, headers)


def _complete(args: Mapping[str, Any]) -> tuple[ApiArguments, dict[str, str]]:
    """The arguments with what the server says, and the headers that hold the key."""
    from proctor.models.http.arguments import read_arguments

    is_named = bool(args.get("model") or args.get("pretrained"))
    has_tokenizer = bool(args.get("tokenizer") or args.get("tokenizer_backend"))
    more = {**({} if is_named else {"model": "gguf"}), **({} if has_tokenizer else {"tokenizer_backend": "remote"})}
    arguments = read_arguments("gguf", {**args, **more})
    headers = bearer(find_key("gguf", arguments, KEYS, is_local=True))
    if "add_bos_token" not in args:
        # As the model wants it: so does a server that is sent a text.
        arguments = replace(arguments, add_bos_token=None)
    return (arguments if is_named else replace(arguments, model=_first_model(arguments, headers))), headers


def _first_model(arguments: ApiArguments, headers: Mapping[str, str]) -> str:
    from proctor.models.http.endpoints import endpoint
    from proctor.models.http.model_list import listed_models
    from proctor.models.http.served import connection_of
    from proctor.models.http.transport import exchange

    server = endpoint(arguments.base_url[0], "/completions")
    names = exchange(connection_of(arguments, headers), lambda transport: listed_models(transport, server))
    if not names:
        raise ModelError(
            f"There is no server of a model at {server.root}: it lists no models.",
            hint="Start it (llama-server -m FILE.gguf --port 8080), or correct base_url in --model_args.",
        )
    return next(iter(names))
