"""What a run on a served model reads, writes and costs at most, without sending anything."""

# A bound, not a forecast
# -----------------------
#   prompts     every request pays for its whole prompt; what a server has in its cache may cost less
#   options     each is one request with its context again; servers that name token ids need one for all letters
#   new tokens  as many as a task allows; models mostly write fewer
#
# Tokens are those of the tokenizer, where the kind has one. Chat APIs have none: then four characters are taken for a
# token, and each character beyond ASCII for one, which is about right for English and a little much for Korean. The
# server's own frame around messages is left out.
#
# Invariant: no connection is made, and no key is needed.

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proctor.models.choices import CONSTRAINED_TOKENS, REPLY_TOKENS, text_call
from proctor.models.generation import DEFAULT_MAX_TOKENS, LENGTH_NAMES, plan_generation
from proctor.models.prefix.cost import many
from proctor.models.prices import amount_text
from proctor.preview.text_layout import count_text
from proctor.run.prompt_style import model_style
from proctor.settings.config import RunConfig
from proctor.settings.price_file import read_prices
from proctor.tasks.prompt import PromptStyle
from proctor.types import Choose, Generate, Loglikelihood, Request, RequestKind, Rolling, Usage

if TYPE_CHECKING:
    from proctor.models.tokens.tokenizer import Tokens

CHARACTERS = 4
"""Of ASCII, for one token."""

_NAMES: Mapping[RequestKind, str] = {
    "loglikelihood": "scored",
    "loglikelihood_rolling": "rolling",
    "generate_until": "generated",
    "multiple_choice": "chosen",
}
_CHOICE_TOKENS: Mapping[str, int] = {"letters": 1, "constrained": CONSTRAINED_TOKENS}


class _Messages:
    """Stands in for a chat template where a server applies its own."""

    def render(
        self, messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool, template: str | None = None
    ) -> str:
        """The contents of the messages."""
        return "\n".join(message["content"] for message in messages)


def served_style(config: RunConfig) -> PromptStyle:
    """How prompts are rendered for a served model without a tokenizer; it is not opened, since that needs its key.

    Args:
        config: The settings.
    """
    return model_style(config, _Messages())


@dataclass(slots=True)
class _Sum:
    requests: int = 0
    prompt: int = 0
    new: int = 0

    def add(self, requests: int, prompt: int, new: int) -> None:
        self.requests += requests
        self.prompt += prompt
        self.new += new


def served_lines(config: RunConfig, requests: Sequence[Request], tokens: Tokens | None) -> Iterator[str]:
    """Lines on the tokens of a run, and on their cost where prices are given.

    Args:
        config: The settings.
        requests: All requests of the run.
        tokens: The model's tokenizer; None: tokens are estimated from characters.

    Raises:
        UsageError: The file of prices is wrong, or lacks the model.
    """
    sums: dict[str, _Sum] = {}
    lengths = _Lengths(requests, tokens)
    for request in requests:
        sums.setdefault(_NAMES[request.kind], _Sum()).add(*_work(request, lengths, config.model_args))
    for name, one in sums.items():
        yield f"{name:<10} {_words(one)}"
    whole = _Sum()
    for one in sums.values():
        whole.add(one.requests, one.prompt, one.new)
    if len(sums) > 1:
        yield f"{'in sum':<10} {_words(whole)}"
    if tokens is None:
        yield (
            f"Tokens are estimated: the kind '{config.model}' has no tokenizer here. {CHARACTERS} characters "
            "are taken for one, and each character beyond ASCII."
        )
    yield "Nothing was sent. Responses in the store are not asked again, and are counted here all the same."
    if config.prices is not None:
        yield from _cost(config, whole)


def _cost(config: RunConfig, whole: _Sum) -> Iterator[str]:
    model = str(config.model_args.get("model") or config.model_args.get("pretrained") or "")
    prices = read_prices(str(config.prices), model)
    read = amount_text(prices.cost(Usage(whole.prompt, 0, 0)))
    most = amount_text(prices.cost(Usage(whole.prompt, 0, whole.new)))
    yield f"{'cost':<10} {read} for the prompts, at most {most} with all new tokens"


class _Lengths:
    """Tokens of texts: by a tokenizer, all at once, or from their characters."""

    def __init__(self, requests: Sequence[Request], tokens: Tokens | None) -> None:
        self._known: dict[str, int] | None = None
        if tokens is not None:
            texts = list(dict.fromkeys(text for request in requests for text in read_texts(request)))
            encoded = tokens.encode_many(texts)
            self._known = dict(zip(texts, map(len, encoded), strict=True))

    def of(self, text: str) -> int:
        """How many tokens a text has."""
        if self._known is not None:
            return self._known[text]
        plain = len(text) if text.isascii() else sum(map(str.isascii, text))
        return -(-plain // CHARACTERS) + len(text) - plain


def read_texts(request: Request) -> Sequence[str]:
    """All texts that a server reads for a request.

    Args:
        request: The request.
    """
    if isinstance(request, Choose):
        return [message.content for message in text_call(request).messages]
    return request.texts


def _work(request: Request, lengths: _Lengths, arguments: Mapping[str, Any]) -> tuple[int, int, int]:
    """Requests that are sent, tokens of their prompts, and the most new ones."""
    match request:
        case Loglikelihood():
            count = len(request.continuations)
            prompt = count * lengths.of(request.context) + sum(map(lengths.of, request.continuations))
            return count, prompt, count
        case Rolling():
            return 1, lengths.of(request.text), 1
        case Choose():
            return 1, sum(map(lengths.of, read_texts(request))), _CHOICE_TOKENS.get(request.route, REPLY_TOKENS)
        case Generate():
            return 1, sum(map(lengths.of, request.texts)), _new_tokens(request, arguments)


def _new_tokens(request: Generate, arguments: Mapping[str, Any]) -> int:
    if any(request.kwargs.get(name) is not None for name in LENGTH_NAMES):
        return plan_generation(request.kwargs).max_tokens
    given = str(arguments.get("max_gen_toks", ""))
    return int(given) if given.isdecimal() else DEFAULT_MAX_TOKENS


def _words(one: _Sum) -> str:
    return (
        f"{count_text(one.requests, 'request')}, {many(one.prompt)} tokens of prompts, at most {many(one.new)} new ones"
    )
