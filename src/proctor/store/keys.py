"""What makes an answer the same answer: the model, the request, how chance was seeded, which repeat.

Nothing else is in a key (no task, document number, batch size, device or path), so that an answer
is found again by whoever asks the same thing. A scored continuation has a key of its own, that
begins with what it shares with the others after its context: choices may be shuffled or added.
"""

# What is in a key
# ----------------
#   scored continuation   | head, 16 bytes                              | tail, 12 bytes          |
#                           blake2b(context, key = model, salt = L, n)    blake2b(continuation)
#   whole text            | blake2b(text, key = model, salt = R, n), 28 bytes                     |
#   generated text        | blake2b(length, arguments and seeds, prompt, key = model, salt = G, n)|
#   after a chat          | the same with salt = C; the prompt is the JSON of [[role, content], ...]|
#   chosen option         | as generated text with salt = M, of a chat N; key = the whole identity; |
#                           the arguments are labels, options and route                            |
#
#   model   32 bytes: the digest of the identity and SCHEMA. For scores without the identity's "generation", for
#           texts without its "scoring": a change of one does not lose the other.
#   n       the number of the repeat
#
#   context "Q: ... A:"   -->  h h h h h h h h   t(" 4")       three options are three neighbouring rows of the
#                              h h h h h h h h   t(" 7")       file, whose table is ordered by key: one place to read
#                              h h h h h h h h   t(" 8")
#
# What was weighed
#   - One key per request: a document with shuffled options, or with one more, would be missing altogether. With a key
#     per continuation what is known stays known.
#   - The request's text as key: readable, but prompts are kilobytes and every index entry would hold one. Who wants
#     the texts has the samples file.
#   - Task, document number, batch size, device in the key: none of them changes the response beyond rounding, and each
#     would keep two tasks, or two machines, from finding the same thing.
#   - Python's ``hash`` or ``pickle``: differ between processes or releases. :func:`canonical` is JSON with sorted keys,
#     in which 1.0 is 1, since a YAML file and a command line write the same number differently.
#   - A shorter key: the store must never give the response to another request. Among a thousand million contexts, two
#     equal heads of 128 bits have a chance of less than 1 in 10 ** 20.
#
# Invariants
#   - What can change a response is in its key: in the identity, the request, the repeat or, if it is sampled, the seed.
#   - What has no canonical form, and sampling without a seed, has no key and is not cached. No key is ever guessed.
#   - A change of the layout, or of what proctor makes of a request, raises SCHEMA: responses stored before are then
#     missing, not misread.
#   - Arguments are preceded by their length, so that no two pairs of arguments and prompt give the same bytes.
#   - A chat and a text have different salts, so that a text that is the JSON of a chat has not the key of the chat.
#
# Source: keyed hashing and salts are BLAKE2's own (RFC 7693 and the ``hashlib`` documentation), so that no separator
# between the parts has to be invented.

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from proctor.messages import Message, Prompt
from proctor.types import Choose, Generate, Loglikelihood, Request, Rolling

SCHEMA = 1
"""Raised when proctor's own way of asking comes to give other answers: those before are not found then."""

HEAD, TAIL = 16, 12
"""Bytes of a key for the context and for the continuation."""
SHORT, MOST_TAILS = 24, 10_000
"""Characters of a continuation that is likely to come again (a letter, "yes", a label), and how many of them have their
tails remembered: an option that is a text of its own is hashed as quickly as it is looked for."""

Seeds = tuple[int | None, ...]


def identity_digest(identity: Mapping[str, Any], without: str | None = None) -> bytes:
    """32 bytes that stand for a model.

    Args:
        identity: JSON-like values that decide about its responses.
        without: A key of ``identity`` that is left out.

    Raises:
        TypeError: A value has no canonical form.
    """
    facts = {key: value for key, value in identity.items() if key != without}
    return blake2b(canonical({"schema": SCHEMA, "model": facts}), digest_size=32).digest()


class Keys:
    """The keys of one model's answers.

    What an identity holds under ``"generation"`` is in the keys of generated texts alone, and
    what it holds under ``"scoring"`` in those of scores. ``seeds``: how chance was seeded.
    """

    def __init__(self, identity: Mapping[str, Any], seeds: Seeds = ()) -> None:
        self.digest = identity_digest(identity)
        self._scored = identity_digest(identity, "generation")
        self._generated = identity_digest(identity, "scoring")
        self._seeds = seeds
        self._tails: dict[str, bytes] = {}

    def of(self, request: Request, repeat: int = 0) -> tuple[bytes, ...]:
        """The keys of a request.

        Args:
            request: The request.
            repeat: Its number among the repeats, from 0.

        Returns:
            One key of 28 bytes per continuation, one for anything else; none where no key can stand for the response.
        """
        if isinstance(request, Loglikelihood):
            head = blake2b(_text(request.context), digest_size=HEAD, key=self._scored, salt=_salt(b"L", repeat))
            start, tails = head.digest(), self._tails
            return tuple([start + (tails.get(one) or self._tail(one)) for one in request.continuations])
        if isinstance(request, Rolling):
            salt = _salt(b"R", repeat)
            return (blake2b(_text(request.text), digest_size=HEAD + TAIL, key=self._scored, salt=salt).digest(),)
        if isinstance(request, Choose):
            # Of the whole identity: by which route a model chooses is a fact of scores and of texts.
            shown = canonical([list(request.labels), list(request.options), request.route])
            return (_prompt_key(request.prompt, _sized(shown), self.digest, (b"M", b"N"), repeat),)
        return self._of_text(request, repeat)

    def _of_text(self, request: Generate, repeat: int) -> tuple[bytes, ...]:
        arguments = self._canonical_arguments(request)
        if arguments is None:
            return ()
        return (_prompt_key(request.prompt, arguments, self._generated, (b"G", b"C"), repeat),)

    def _canonical_arguments(self, request: Generate) -> bytes | None:
        """The arguments as a prefix; None for a response that no key can stand for."""
        seeds: Seeds = ()
        try:
            if request.is_sampled:
                if all(seed is None for seed in self._seeds):
                    # Unseeded: whoever asks again wants another text.
                    return None
                seeds = self._seeds
            text = canonical([request.kwargs, list(seeds)])
        except (TypeError, ValueError):
            return None
        return _sized(text)

    def _tail(self, continuation: str) -> bytes:
        tail = blake2b(_text(continuation), digest_size=TAIL).digest()
        if len(continuation) <= SHORT:
            if len(self._tails) >= MOST_TAILS:
                self._tails.clear()
            self._tails[continuation] = tail
        return tail


def _prompt_key(prompt: Prompt, arguments: bytes, key: bytes, kinds: tuple[bytes, bytes], repeat: int) -> bytes:
    """The key of what follows a prompt. ``kinds``: the salt after a text, and after a chat."""
    salt = _salt(kinds[0] if isinstance(prompt, str) else kinds[1], repeat)
    found = blake2b(arguments, digest_size=HEAD + TAIL, key=key, salt=salt)
    found.update(_text(prompt) if isinstance(prompt, str) else _chat(prompt))
    return found.digest()


def _sized(arguments: bytes) -> bytes:
    """A prefix that ends where it says."""
    return struct.pack("<Q", len(arguments)) + arguments


@lru_cache(maxsize=1024)
def _salt(kind: bytes, repeat: int) -> bytes:
    return struct.pack("<cq", kind, repeat)


def _text(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _chat(messages: Sequence[Message]) -> bytes:
    return canonical([[message.role, message.content] for message in messages])


def canonical(value: Any) -> bytes:
    """JSON-like values as bytes, equal for equal values: 1 and 1.0 are, 1 and true are not.

    Args:
        value: Texts, numbers, booleans, None, lists and mappings with text keys.

    Raises:
        TypeError: Something else is in it.
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":")).encode("ascii")


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("keys must be text")
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form")
