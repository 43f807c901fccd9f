"""Payloads of requests for texts, and how replies are read: completions, OpenAI's chats, Anthropic's messages."""

# One reply, one response
# -----------------------
# A reply holds no text, one, or several blocks; a reasoning model's thoughts beside them; or a refusal. Whatever it is,
# it is the response to the request that it was sent for: nothing is counted, zipped or shifted. lm-eval makes a list of
# all blocks of all replies, so that one reply of two blocks gives every later document its neighbour's text.
#
#   content null or no block      ""          with the finish reason that was given
#   several text blocks           joined      in their order
#   thinking blocks               left out    they are no part of the text, as on models of one's own
#   content filter, refusal       "filter"    a text that was withheld
#
# Texts are cut at stop strings here, too: a server may not take them all, and some return the string itself.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proctor.errors import UsageError
from proctor.messages import Message
from proctor.models.generation import GenerationPlan, cut_at_stops
from proctor.models.http.usage import usage_of
from proctor.types import Finish, Text, Usage

MOST_STOPS = 4
"""Stop strings that a chat API takes; the others are looked for here."""

_FINISH: Mapping[str, Finish] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "content_filter": "filter",
    "refusal": "filter",
}


def completion_fields(plan: GenerationPlan, seed: int) -> dict[str, Any]:
    """The fields of a request to ``/v1/completions``, beside model and prompt.

    Args:
        plan: The generation arguments; those that proctor does not know go along unchanged.
        seed: Sent along.
    """
    temperature = plan.temperature if plan.temperature is not None else (1.0 if plan.do_sample else 0)
    fields: dict[str, Any] = {"max_tokens": plan.max_tokens, "temperature": temperature}
    if plan.until:
        fields["stop"] = list(plan.until)
    return {**fields, "seed": seed, **plan.extra}


def chat_fields(plan: GenerationPlan, seed: int, *, length_name: str) -> dict[str, Any]:
    """The fields of a request to ``/v1/chat/completions``, beside model and messages.

    Args:
        plan: The generation arguments.
        seed: Sent along.
        length_name: How the API calls the number of tokens.
    """
    fields = completion_fields(plan, seed)
    length = fields.pop("max_tokens")
    if "stop" in fields:
        fields["stop"] = fields["stop"][:MOST_STOPS]
    return {length_name: length, **fields}


def anthropic_fields(plan: GenerationPlan) -> dict[str, Any]:
    """The fields of a request to ``/v1/messages``, beside model, system and messages.

    Args:
        plan: The generation arguments.
    """
    fields = completion_fields(plan, 0)
    # The API knows no seed, and refuses stop strings of blanks alone.
    del fields["seed"]
    stops = [stop for stop in fields.pop("stop", ()) if stop.strip()]
    return {**fields, **({"stop_sequences": stops} if stops else {})}


def openai_messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """A chat as OpenAI's APIs take it.

    Args:
        messages: The messages.
    """
    return [{"role": message.role, "content": message.content} for message in messages]


def anthropic_messages(messages: Sequence[Message]) -> dict[str, Any]:
    """A chat as Anthropic's API takes it: the system message apart, the end of what requests share marked for caching.

    Args:
        messages: The messages.

    Raises:
        UsageError: There is no message of the user.
    """
    system = "\n\n".join(message.content for message in messages if message.role == "system")
    turns = [message for message in messages if message.role != "system"]
    if not turns:
        raise UsageError("A chat needs a message of the user.")
    # What stands before the last message of the user is what the documents of a task share: few-shot examples.
    shared = max((place for place, turn in enumerate(turns) if turn.role == "user"), default=0) - 1
    chat: dict[str, Any] = {
        "messages": [
            {"role": turn.role, "content": [_text_block(turn.content, is_shared=place == shared)]}
            for place, turn in enumerate(turns)
        ]
    }
    if system:
        chat["system"] = [_text_block(system, is_shared=shared < 0)]
    return chat


def _text_block(text: str, *, is_shared: bool) -> dict[str, Any]:
    block: dict[str, Any] = {"type": "text", "text": text}
    return {**block, "cache_control": {"type": "ephemeral"}} if is_shared else block


def read_completion(body: Any, plan: GenerationPlan) -> Text:
    """The text of a reply of ``/v1/completions``.

    Args:
        body: The reply.
        plan: The generation arguments, whose stop strings are looked for.

    Raises:
        ValueError: It is no such reply.
    """
    choice = _choice(body)
    if "text" not in choice:
        raise ValueError("the reply has no text")
    return _text(choice["text"], choice.get("finish_reason"), usage_of(body), plan.until)


def read_chat(body: Any, plan: GenerationPlan) -> Text:
    """The text of a reply of ``/v1/chat/completions``.

    Args:
        body: The reply.
        plan: The generation arguments.

    Raises:
        ValueError: It is no such reply.
    """
    choice = _choice(body)
    message = choice.get("message")
    if not isinstance(message, Mapping):
        raise ValueError("the reply has no message")
    content, reason = message.get("content"), choice.get("finish_reason")
    if isinstance(content, list):
        content = _joined(content)
    if not content and isinstance(message.get("refusal"), str):
        content, reason = message["refusal"], "refusal"
    return _text(content, reason, usage_of(body), plan.until)


def read_anthropic(body: Any, plan: GenerationPlan) -> Text:
    """The text of a reply of ``/v1/messages``.

    Args:
        body: The reply.
        plan: The generation arguments.

    Raises:
        ValueError: It is no such reply.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("content"), list):
        raise ValueError("the reply has no content")
    return _text(_joined(body["content"]), body.get("stop_reason"), usage_of(body), plan.until)


def _choice(body: Any) -> Mapping[str, Any]:
    choices = body.get("choices") if isinstance(body, Mapping) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        raise ValueError("the reply has no choice")
    return choices[0]


def _joined(blocks: Sequence[Any]) -> str:
    texts = [
        block.get("text") for block in blocks if isinstance(block, Mapping) and block.get("type") in ("text", None)
    ]
    return "".join(text for text in texts if isinstance(text, str))


def _text(content: Any, reason: Any, usage: Usage | None, stops: Sequence[str]) -> Text:
    if content is not None and not isinstance(content, str):
        raise ValueError(f"the text of the reply is {type(content).__name__}")
    return Text(cut_at_stops(content or "", stops), _FINISH.get(str(reason)), usage)
