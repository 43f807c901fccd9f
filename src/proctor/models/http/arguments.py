"""``--model_args`` of the kinds that are reached over HTTP, as one frozen, checked value.

The names are lm-eval's. lm-eval takes any other name without a word; here one that looks like a known one is an error,
and the others are warned of.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from proctor.errors import UsageError, close_names, did_you_mean
from proctor.secrets import note, remember

log = logging.getLogger("proctor")

Scoring = Literal["auto", "named_ids", "top_logprobs", "logit_bias", "prompt_logprobs", "echo", "walk"]
SCORING = ("auto", "named_ids", "top_logprobs", "logit_bias", "prompt_logprobs", "echo", "walk")
BACKENDS = ("auto", "huggingface", "tiktoken", "remote", "none")

_RUN_KEYS = ("batch_size", "max_batch_size", "device")
_UNUSED = ("truncate", "max_images", "pretrained")
"""Names of lm-eval that have no effect there, or stand for another."""


@dataclass(frozen=True, kw_only=True)
class ApiArguments:
    """Everything that decides what is sent and where to.

    Attributes:
        model: The name under which the server knows the model.
        base_url: Addresses of the API's endpoint; requests of one prefix go to one of them.
        tokenizer: A tokenizer of transformers, name or folder; None: that of ``model``.
        tokenizer_backend: Whose tokenizer: of transformers, tiktoken, or the server (``remote``). ``none``: prompts are
            sent as text, and nothing can be scored.
        num_concurrent: The most requests in flight; None: found out.
        max_retries: How often a request is sent at most; None: for ten minutes.
        max_length: lm-eval's limit in tokens; context and continuation have one less.
        timeout: Seconds for one exchange.
        header: Replaces the headers that hold the key.
        scoring: The route by which continuations are scored; ``auto``: the first that is proven.
    """

    model: str
    base_url: tuple[str, ...]
    tokenizer: str | None = None
    tokenizer_backend: Literal["auto", "huggingface", "tiktoken", "remote", "none"] = "auto"
    num_concurrent: int | None = None
    max_retries: int | None = None
    max_gen_toks: int = 256
    seed: int = 1234
    max_length: int | None = None
    add_bos_token: bool | None = False
    custom_prefix_token_id: int | None = None
    tokenized_requests: bool = True
    trust_remote_code: bool = False
    revision: str = "main"
    use_fast_tokenizer: bool = True
    verify_certificate: bool = True
    ca_cert_path: str | None = None
    auth_token: str | None = field(default=None, repr=False)
    eos_string: str | None = None
    timeout: float = 600.0
    header: Mapping[str, str] | None = field(default=None, repr=False)
    think_end_token: str | None = None
    scoring: Scoring = "auto"


_BOOLEANS = ("add_bos_token", "tokenized_requests", "trust_remote_code", "use_fast_tokenizer", "verify_certificate")
_NUMBERS = {
    "num_concurrent": 1,
    "max_retries": 1,
    "max_gen_toks": 1,
    "seed": 0,
    "max_length": 3,
    "custom_prefix_token_id": 0,
}
_TEXTS = ("tokenizer", "revision", "ca_cert_path", "auth_token", "eos_string", "think_end_token")


def read_arguments(kind: str, args: Mapping[str, Any], *, base_url: str | None = None) -> ApiArguments:
    """Check ``--model_args``.

    Args:
        kind: The name of the kind, for sentences.
        args: The arguments.
        base_url: The address of the kind where the user names none; None: there is none.

    Raises:
        UsageError: An argument is missing or wrong.
    """
    note(dict(args))
    own = {item.name for item in fields(ApiArguments)}
    known = {key: _typed(key, value) for key, value in args.items() if key in own and key not in ("model", "base_url")}
    _look_at_the_others(kind, [key for key in args if key not in own], own)
    model = args.get("model") or args.get("pretrained")
    if not isinstance(model, (str, int)) or not str(model).strip():
        raise UsageError(
            f"The model '{kind}' needs model=...: the name under which the server knows the model.",
            hint="For example --model_args model=NAME,base_url=http://localhost:8000/v1/completions",
        )
    addresses = _addresses(kind, args.get("base_url") or base_url)
    given = {key: value for key, value in known.items() if value is not None}
    return ApiArguments(model=str(model), base_url=addresses, **given)


def _look_at_the_others(kind: str, names: list[str], own: set[str]) -> None:
    for name in names:
        if name in _RUN_KEYS or name in _UNUSED:
            continue
        if close_names(name, own):
            raise UsageError(f"The model argument {name!r} is unknown to '{kind}'.", hint=did_you_mean(name, own))
        log.warning("The model argument %r means nothing to '%s' and is left out.", name, kind)


def _addresses(kind: str, given: Any) -> tuple[str, ...]:
    if given is None:
        raise UsageError(
            f"The model '{kind}' needs base_url=...: the address of the server's endpoint.",
            hint="For example --model_args base_url=http://localhost:8000/v1/completions",
        )
    addresses = tuple(part.strip() for part in str(given).split("|"))
    for address in addresses:
        try:
            _ = urlsplit(address).port
        except ValueError as error:
            raise UsageError(f"base_url is {address!r}, which is no address: {error}.") from error
        if not address.startswith(("http://", "https://")) or len(address.split("://", 1)[1].split("/", 1)[0]) == 0:
            raise UsageError(
                f"base_url is {address!r}, which is no address.", hint="It begins with http:// or https://."
            )
    return addresses


def _typed(key: str, value: Any) -> Any:
    if value is None or (value == "None" and key != "tokenizer_backend"):
        return None
    if key in _BOOLEANS:
        return _boolean(key, value)
    if key in _NUMBERS:
        return _whole(key, value, _NUMBERS[key])
    if key in _TEXTS:
        return str(value)
    if key == "timeout":
        return _seconds(value)
    if key == "header":
        return _header(value)
    allowed = SCORING if key == "scoring" else BACKENDS
    return _one_of(key, str(value).lower(), allowed)


def _boolean(key: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word not in ("true", "1", "false", "0"):
        raise UsageError(f"The model argument {key} is {value!r}; it must be True or False.")
    return word in ("true", "1")


def _whole(key: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not str(value).strip().isdecimal() or int(value) < least:
        raise UsageError(f"The model argument {key} is {value!r}; it must be a whole number of at least {least}.")
    return int(value)


def _seconds(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = 0.0
    if isinstance(value, bool) or not math.isfinite(seconds) or seconds <= 0:
        raise UsageError(f"The model argument timeout is {value!r}; it must be a number of seconds above 0.")
    return seconds


def _header(value: Any) -> Mapping[str, str]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, Mapping):
        raise UsageError(
            "The model argument header must be an object of names and values.",
            hint="""For example --model_args '{"model": "m", "header": {"X-Team": "eval"}}'.""",
        )
    header = {str(name): str(content) for name, content in cast(Mapping[Any, Any], value).items()}
    if any(sign in text for pair in header.items() for text in pair for sign in "\r\n\0"):
        raise UsageError("The model argument header holds a line end, which no header may.")
    # Which header holds a key is up to the server: none of their values is shown.
    for content in header.values():
        remember(content)
    return header


def _one_of(key: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise UsageError(
            f"The model argument {key} is {value!r}; it must be {', '.join(allowed)}.",
            hint=did_you_mean(value, allowed),
        )
    return value
