"""What a chat model is sent to choose an option, and what its reply means: pure functions for every such interface."""

# Three routes
# ------------
#                 sent                                          read
#   letters       instruction, one token, top log-probabilities   each label: all its spellings together
#   constrained   instruction, a JSON schema with the labels      the label in the JSON
#   text          "... end with Answer: <label>", many tokens     the ladder of proctor.answers
#
# The options of a request are named as OpenAI's chat interface has them; an interface with other names translates.
#
# Letters are summed over spellings since a model puts its probability on whichever its tokenizer likes (" A", "A",
# "(A"). A label that is not among the tokens given has at most the probability of the last of them, and at most what
# all of them leave: that bound stands in its place and is flagged. To take it for minus infinity would make a Brier
# score, or a margin, of a model that was merely cut off.

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from proctor.answers import read_choice
from proctor.answers.reply import plain_letters
from proctor.messages import Message
from proctor.types import Choice, Choose, Finish, Usage

TOP_TOKENS = 20
"""Most top tokens that OpenAI's interface, and a vLLM server without further options, give."""
REPLY_TOKENS = 2048
"""Tokens of a free reply: room for reasoning before the answer."""
CONSTRAINED_TOKENS = 64
"""Tokens of a reply that is JSON with one label."""

_AROUND = " \t\r\n▁Ġ([{<*_\"'`“‘.,:;)]}>”’$"


@dataclass(frozen=True, slots=True)
class ChoiceCall:
    """What is sent.

    Attributes:
        messages: The chat; an assistant's message at the end is the beginning of the reply.
        options: The options of the request beside model and messages, by OpenAI's names.
    """

    messages: tuple[Message, ...]
    options: Mapping[str, Any]


def letters_call(request: Choose, *, top: int = TOP_TOKENS) -> ChoiceCall:
    """One token, with the log-probabilities of the likeliest ones.

    Args:
        request: The request.
        top: How many likeliest tokens the interface gives.
    """
    options = {"max_tokens": 1, "temperature": 0, "logprobs": True, "top_logprobs": top}
    return ChoiceCall(_instructed(request, _only_label(request), opened=True), options)


def constrained_call(request: Choose) -> ChoiceCall:
    """A reply that can only be JSON with one of the labels."""
    schema = {
        "type": "object",
        "properties": {"answer": {"type": "string", "enum": list(request.labels)}},
        "required": ["answer"],
        "additionalProperties": False,
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
    options = {"max_tokens": CONSTRAINED_TOKENS, "temperature": 0, "response_format": wanted}
    return ChoiceCall(_instructed(request, _only_label(request), opened=False), options)


def text_call(request: Choose, *, max_tokens: int = REPLY_TOKENS) -> ChoiceCall:
    """A free reply that ends with the label.

    Args:
        request: The request.
        max_tokens: Room for the reply, reasoning included.
    """
    return ChoiceCall(
        _instructed(request, _last_line(request), opened=False), {"max_tokens": max_tokens, "temperature": 0}
    )


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Log-probabilities of labels as the first token of a reply, in nats.

    Attributes:
        logprobs: One for each label, in order.
        unseen: Positions of labels that were not given; theirs are upper bounds.
        mass: The probability of all labels that were given.
    """

    logprobs: tuple[float, ...]
    unseen: tuple[int, ...]
    mass: float


def label_scores(tokens: Sequence[tuple[str, float]], labels: Sequence[str]) -> LabelScores:
    """The labels' scores from the likeliest tokens.

    Args:
        tokens: Text and log-probability in nats of each token, in any order; a text may stand twice.
        labels: The labels.

    Raises:
        ValueError: There is no token, or a log-probability is no number or above 0.
    """
    if not tokens or any(not logprob <= 1e-4 for _, logprob in tokens):  # NaN is not <= anything
        raise ValueError("the interface gave no log-probabilities, or impossible ones")
    names = [_bare(label) for label in labels]
    sums = [0.0] * len(labels)
    for text, logprob in tokens:
        if (name := _bare(text)) in names:
            sums[names.index(name)] += math.exp(min(logprob, 0.0))
    given = sum(math.exp(min(logprob, 0.0)) for _, logprob in tokens)
    left = math.log(max(1.0 - given, 1e-12))
    bound = min(left, *[logprob for _, logprob in tokens])
    logprobs = tuple([min(math.log(one), 0.0) if one > 0.0 else bound for one in sums])
    return LabelScores(logprobs, tuple([at for at, one in enumerate(sums) if one <= 0.0]), min(sum(sums), 1.0))


def letters_choice(
    request: Choose,
    tokens: Sequence[tuple[str, float]],
    text: str,
    *,
    finish: Finish | None = None,
    usage: Usage | None = None,
) -> Choice:
    """The response by the route ``letters``.

    Args:
        request: The request.
        tokens: The likeliest first tokens with their log-probabilities in nats.
        text: The reply, one token.
        finish: Why it ended.
        usage: Its tokens.

    Raises:
        ValueError: There are no usable log-probabilities.
    """
    found = label_scores(tokens, request.labels)
    return read_choice(
        request,
        "letters",
        text,
        finish=finish,
        usage=usage,
        logprobs=found.logprobs,
        unseen=found.unseen,
        label_mass=found.mass,
    )


def _bare(text: str) -> str:
    """A label or token without what may stand around a label: ``" (A"`` and ``"A."`` are A."""
    return plain_letters(text).strip(_AROUND) or text


def _instructed(request: Choose, instruction: str, *, opened: bool) -> tuple[Message, ...]:
    """The prompt as a chat with an instruction at the end of its last user's message.

    ``opened``: the reply may go on with a beginning that the prompt gives it; else that is left out.
    """
    prompt = request.prompt
    messages = [Message("user", prompt)] if isinstance(prompt, str) else list(prompt)
    users = [at for at, message in enumerate(messages) if message.role == "user"]
    if not users:
        return (*messages, Message("user", instruction))
    last = messages[users[-1]]
    messages[users[-1]] = replace(last, content=f"{last.content.rstrip()}\n\n{instruction}")
    return tuple(messages if opened else messages[: users[-1] + 1])


def _only_label(request: Choose) -> str:
    if _is_korean(request):
        return f"정답의 기호 하나만 쓰세요: {', '.join(request.labels)}"
    return f"Reply with the label of the best option and nothing else: {', '.join(request.labels)}"


def _last_line(request: Choose) -> str:
    if _is_korean(request):
        return f"마지막 줄에는 '정답: <기호>'만 쓰세요. <기호>는 다음 중 하나입니다: {', '.join(request.labels)}"
    return f"End with a last line 'Answer: <label>', where <label> is one of {', '.join(request.labels)}."


def _is_korean(request: Choose) -> bool:
    """Whether most letters of the last message are Hangul."""
    text = request.texts[-1] if request.texts else ""
    letters = [character for character in text[-4000:] if character.isalpha()]
    return 2 * sum("ㄱ" <= character <= "힣" for character in letters) > len(letters)
