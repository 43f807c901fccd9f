"""Models that are reached over HTTP: completions and chats of OpenAI's form, and Anthropic's messages.

This door is light: aiohttp and transformers are imported when a model is opened.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from proctor.errors import UsageError
from proctor.lazy import need
from proctor.models.http.keys import bearer, find_key

if TYPE_CHECKING:
    from proctor.models.http.arguments import ApiArguments
    from proctor.models.http.chat_model import ChatForm, ChatModel
    from proctor.models.http.completions_model import CompletionsModel
    from proctor.models.tokens.tokenizer import Tokens

OPENAI = "https://api.openai.com/v1"
ANTHROPIC = "https://api.anthropic.com/v1/messages"
OPENAI_KEYS = ("OPENAI_API_KEY",)
ANTHROPIC_KEYS = ("ANTHROPIC_API_KEY",)
AZURE_KEYS = ("AZURE_OPENAI_API_KEY",)
ANTHROPIC_VERSION = "2023-06-01"
"""The version of the API that requests are written for."""


def open_local_completions(args: Mapping[str, Any], **_: Any) -> CompletionsModel:
    """A server's ``/v1/completions``; the key, if any, is ``OPENAI_API_KEY`` or ``auth_token``."""
    return _completions("local-completions", args, None)


def open_openai_completions(args: Mapping[str, Any], **_: Any) -> CompletionsModel:
    """OpenAI's ``/v1/completions``."""
    return _completions("openai-completions", _with_tiktoken(args), f"{OPENAI}/completions")


def open_local_chat(args: Mapping[str, Any], **_: Any) -> ChatModel:
    """A server's ``/v1/chat/completions``; the key, if any, is ``OPENAI_API_KEY`` or ``auth_token``."""
    return _openai_chat("local-chat-completions", args, None, "max_tokens")


def open_openai_chat(args: Mapping[str, Any], **_: Any) -> ChatModel:
    """OpenAI's ``/v1/chat/completions``."""
    return _openai_chat("openai-chat-completions", args, f"{OPENAI}/chat/completions", "max_completion_tokens")


def open_litellm(args: Mapping[str, Any], **_: Any) -> ChatModel:
    """A LiteLLM proxy, which speaks OpenAI's form; the library itself is not used."""
    if not args.get("base_url"):
        raise UsageError(
            "The model 'litellm' needs base_url=...: the address of a LiteLLM proxy.",
            hint="Start one ('litellm --model NAME'), and give base_url=http://localhost:4000/v1/chat/completions",
        )
    return _openai_chat("litellm", args, None, "max_tokens")


def open_azure_chat(args: Mapping[str, Any], **_: Any) -> ChatModel:
    """A deployment of Azure's; its name and address are arguments, or lm-eval's environment variables."""
    name = args.get("model") or os.environ.get("AZURE_OPENAI_DEPLOYMENT_NAME")
    address = args.get("base_url") or os.environ.get("AZURE_OPENAI_ENDPOINT")
    version = args.get("api_version") or os.environ.get("AZURE_OPENAI_API_VERSION", "2025-03-01-preview")
    if not name or not address:
        raise UsageError(
            "The model 'azure-openai-chat-completions' needs the deployment and its address.",
            hint="Set AZURE_OPENAI_DEPLOYMENT_NAME and AZURE_OPENAI_ENDPOINT, or give model=... and base_url=...",
        )
    if "/openai/deployments/" not in str(address):
        address = f"{str(address).rstrip('/')}/openai/deployments/{name}/chat/completions?api-version={version}"
    rest = {key: value for key, value in args.items() if key != "api_version"}
    kind = "azure-openai-chat-completions"
    arguments, form = _read(kind, {**rest, "model": name, "base_url": address}, None), _openai_form("max_tokens")
    key = find_key(kind, arguments, AZURE_KEYS, is_local=False)
    # Azure's batches are of deployments of their own, and under other addresses.
    form = replace(form, batches=None)
    return _chat(kind, arguments, form, {"api-key": key}, AZURE_KEYS, lists_models=False)


def open_anthropic(args: Mapping[str, Any], **_: Any) -> ChatModel:
    """Anthropic's ``/v1/messages``, and servers of the same form."""
    from proctor.models.http import text_requests
    from proctor.models.http.batch_forms import AnthropicBatches
    from proctor.models.http.chat_model import ChatForm
    from proctor.models.http.chooser import anthropic_options

    kind = "anthropic-chat"
    arguments = _read(kind, args, ANTHROPIC)
    key = find_key(kind, arguments, ANTHROPIC_KEYS, is_local=arguments.base_url != (ANTHROPIC,))
    form = ChatForm(
        "/messages",
        lambda messages, plan, _: {
            **text_requests.anthropic_messages(messages),
            **text_requests.anthropic_fields(plan),
        },
        text_requests.read_anthropic,
        text_requests.anthropic_messages,
        anthropic_options,
        ("constrained", "text"),
        batches=AnthropicBatches,
    )
    headers = {"anthropic-version": ANTHROPIC_VERSION, **({"x-api-key": key} if key else {})}
    return _chat(kind, arguments, form, headers, ANTHROPIC_KEYS, lists_models=False)


def open_openai_tokenizer(args: Mapping[str, Any]) -> Tokens | None:
    """The tokenizer of one of OpenAI's models, for looking at prompts."""
    return open_api_tokenizer(_with_tiktoken(args))


def _with_tiktoken(args: Mapping[str, Any]) -> Mapping[str, Any]:
    """lm-eval: OpenAI's models have tiktoken's tokenizers, unless another one is named."""
    is_named = args.get("tokenizer") or args.get("tokenizer_backend")
    return args if is_named else {**args, "tokenizer_backend": "tiktoken"}


def open_api_tokenizer(args: Mapping[str, Any]) -> Tokens | None:
    """The tokenizer of a served model, for looking at prompts; a server is asked for its own alone (``remote``)."""
    need("aiohttp", extra="api")
    from proctor.models.http.arguments import read_arguments
    from proctor.models.http.tokenizer import tokens_of

    arguments = read_arguments("local-completions", args, base_url=f"{OPENAI}/completions")
    return tokens_of(arguments, bearer(find_key("local-completions", arguments, OPENAI_KEYS, is_local=True)))


def _read(kind: str, args: Mapping[str, Any], base_url: str | None) -> ApiArguments:
    need("aiohttp", extra="api")
    from proctor.models.http.arguments import read_arguments

    return read_arguments(kind, args, base_url=base_url)


def _completions(kind: str, args: Mapping[str, Any], base_url: str | None) -> CompletionsModel:
    arguments = _read(kind, args, base_url)
    from proctor.models.http.completions_model import CompletionsModel

    headers = bearer(find_key(kind, arguments, OPENAI_KEYS, is_local=base_url is None))
    return CompletionsModel(arguments, kind=kind, headers=headers, key_names=OPENAI_KEYS)


def _openai_chat(kind: str, args: Mapping[str, Any], base_url: str | None, length_name: str) -> ChatModel:
    arguments = _read(kind, args, base_url)
    headers = bearer(find_key(kind, arguments, OPENAI_KEYS, is_local=base_url is None))
    return _chat(kind, arguments, _openai_form(length_name), headers, OPENAI_KEYS, lists_models=base_url is None)


def _openai_form(length_name: str) -> ChatForm:
    from proctor.models.http import text_requests
    from proctor.models.http.batch_forms import OpenAIBatches
    from proctor.models.http.chat_model import ChatForm

    return ChatForm(
        "/chat/completions",
        lambda messages, plan, seed: {
            "messages": text_requests.openai_messages(messages),
            **text_requests.chat_fields(plan, seed, length_name=length_name),
        },
        text_requests.read_chat,
        lambda messages: {"messages": text_requests.openai_messages(messages)},
        lambda options: {length_name if name == "max_tokens" else name: value for name, value in options.items()},
        ("letters", "constrained", "text"),
        batches=OpenAIBatches,
    )


def _chat(
    kind: str,
    arguments: ApiArguments,
    form: ChatForm,
    headers: Mapping[str, str],
    key_names: Sequence[str],
    *,
    lists_models: bool,
) -> ChatModel:
    from proctor.models.http.chat_model import ChatModel

    form = replace(form, lists_models=lists_models)
    return ChatModel(arguments, form, kind=kind, headers=headers, key_names=key_names)
