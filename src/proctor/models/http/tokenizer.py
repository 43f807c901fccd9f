"""The tokenizer of a served model: transformers' own, without its weights and without torch."""

from __future__ import annotations

from typing import Any

from proctor.errors import ModelError
from proctor.lazy import need
from proctor.models.hf.arguments import HfArguments
from proctor.models.hf.errors import as_sentences
from proctor.models.http.arguments import ApiArguments
from proctor.models.tokens.tokenizer import Tokens

DEFAULT_MAX_LENGTH = 2048
"""lm-eval's; the server's own limit where that is smaller."""


def open_tokens(arguments: ApiArguments) -> Tokens | None:
    """The tokenizer with an API model's habits; None under ``tokenizer_backend=none``.

    Raises:
        ModelError: It cannot be loaded.
    """
    if arguments.tokenizer_backend == "none":
        return None
    need("transformers", extra="api")
    import transformers

    name = arguments.tokenizer or arguments.model
    options = HfArguments(pretrained=name, revision=arguments.revision, trust_remote_code=arguments.trust_remote_code)
    try:
        with as_sentences("tokenizer", name, options):
            tokenizer: Any = transformers.AutoTokenizer.from_pretrained(
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
            hint="Name one: --model_args tokenizer=NAME or a folder. tokenizer_backend=none sends prompts as text, for "
            "tasks that generate.",
        ) from error
    return Tokens(
        tokenizer,
        # lm-eval: context and continuation have max_length - 1 tokens, of which the last one is no input.
        max_length=(arguments.max_length or DEFAULT_MAX_LENGTH) - 2,
        # lm-eval: no special tokens unless add_bos_token is given, unlike 'hf'.
        add_bos_token=arguments.add_bos_token,
        prefix_token_id=arguments.custom_prefix_token_id,
    )
