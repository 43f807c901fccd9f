"""The tokenizer of a served model: transformers' own without weights and torch, tiktoken's, or the server's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proctor.errors import ModelError
from proctor.lazy import need
from proctor.models.hf.arguments import HfArguments
from proctor.models.hf.errors import as_sentences
from proctor.models.http.arguments import ApiArguments
from proctor.models.http.endpoints import Endpoint, endpoint
from proctor.models.http.served import connection_of
from proctor.models.http.server_tokenizer import ServerTokenizer
from proctor.models.http.tiktoken_tokenizer import TiktokenTokenizer
from proctor.models.http.transport import Connection
from proctor.models.tokens.tokenizer import Tokens

DEFAULT_MAX_LENGTH = 2048
"""lm-eval's; the server's own limit where that is smaller."""


def open_tokens(arguments: ApiArguments, server: Endpoint, connection: Connection) -> Tokens | None:
    """The tokenizer with an API model's habits; None under ``tokenizer_backend=none``.

    Args:
        arguments: The model arguments.
        server: The first server, which is asked where no tokenizer is here.
        connection: How it is reached.

    Raises:
        ModelError: It cannot be loaded.
    """
    if arguments.tokenizer_backend == "none":
        return None
    return Tokens(
        _open_tokenizer(arguments, server, connection),
        # lm-eval: context and continuation have max_length - 1 tokens, of which the last one is no input.
        max_length=(arguments.max_length or DEFAULT_MAX_LENGTH) - 2,
        # lm-eval: no special tokens unless add_bos_token is given, unlike 'hf'.
        add_bos_token=arguments.add_bos_token,
        prefix_token_id=arguments.custom_prefix_token_id,
    )


def tokens_of(arguments: ApiArguments, headers: Mapping[str, str]) -> Tokens | None:
    """The tokenizer of a model that is not opened, for looking at prompts.

    Args:
        arguments: The model arguments.
        headers: Those that hold the key.
    """
    return open_tokens(arguments, endpoint(arguments.base_url[0], "/completions"), connection_of(arguments, headers))


def _open_tokenizer(arguments: ApiArguments, server: Endpoint, connection: Connection) -> Any:
    if arguments.tokenizer_backend == "remote":
        return ServerTokenizer(server, connection, arguments.model)
    if arguments.tokenizer_backend == "tiktoken":
        return TiktokenTokenizer(arguments.tokenizer or arguments.model)
    need("transformers", extra="api")
    import transformers

    name = arguments.tokenizer or arguments.model
    options = HfArguments(pretrained=name, revision=arguments.revision, trust_remote_code=arguments.trust_remote_code)
    try:
        with as_sentences("tokenizer", name, options):
            return transformers.AutoTokenizer.from_pretrained(
                name,
                revision=arguments.revision,
                trust_remote_code=arguments.trust_remote_code,
                use_fast=arguments.use_fast_tokenizer,
            )
    except ModelError as error:
        if arguments.tokenizer is not None:
            raise
        raise ModelError(
            f"The served model '{name}' has no tokenizer under this name: {error.message}",
            hint="Name one: --model_args tokenizer=NAME or a folder. tokenizer_backend=remote takes the server's own, "
            "where there is one; none sends prompts as text, for tasks that generate.",
        ) from error
