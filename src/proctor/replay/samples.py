"""Answers out of samples files, proctor's and lm-eval's: the same question, found again by its text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from proctor.errors import DataError, error_line
from proctor.messages import Message, Prompt, Role
from proctor.records import Query
from proctor.results.prompts import chat_of
from proctor.results.read import read_samples
from proctor.store.codec import FINISHES, ROUTES, Part, join
from proctor.store.keys import Keys
from proctor.store.response_cache import Lookup
from proctor.types import Choice, Choose, Generate, Loglikelihood, Request, Response, Rolling, Text

_GREEDY = {"True": True, "False": False, "1": True, "0": False}


class SamplesResponses:
    """What samples files hold, as a run looks for it; it keeps nothing new."""

    def __init__(self) -> None:
        # Whichever model and seeds: the files are of one run.
        self._keys = Keys({}, (0,))
        self._parts: dict[bytes, Part] = {}
        self.documents: dict[str, list[int]] = {}

    def read(self, task: str, file: Path) -> None:
        """Add the responses of one task's samples file.

        Args:
            task: The task.
            file: The samples file.

        Raises:
            DataError: A line is no sample.
        """
        documents = self.documents.setdefault(task, [])
        first: str | None = None
        for number, line in read_samples(file):
            try:
                first = first or str(line["filter"])
                # Every filter was given the same answers.
                if str(line["filter"]) != first:
                    continue
                if not line.get("variant"):
                    documents.append(_whole(line["doc_id"]))
                self._learn(line)
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                raise DataError(
                    f"Line {number} of {file} is no sample: {error_line(error)}.",
                    hint="Samples files are written by --log_samples.",
                ) from error

    def _learn(self, line: Mapping[str, Any]) -> None:
        given = line["arguments"]
        arguments_of_all = list(given.values()) if isinstance(given, Mapping) else list(given)
        # Of a formulation by text: those of the first arguments, which are its options.
        counts = list(line.get("tokens") or ())
        for place, (arguments, repeats) in enumerate(zip(arguments_of_all, line["resps"], strict=True)):
            values = list(arguments.values()) if isinstance(arguments, Mapping) else list(arguments)
            request = _request(values)
            for repeat, value in enumerate(repeats):
                part = _part(request, value)
                if isinstance(part, tuple) and place < len(counts):
                    part = (part[0], part[1], _whole(counts[place]))
                for key in self._keys.of(request, repeat):
                    known = self._parts.get(key)
                    # The same request without its tokens is the same response.
                    if not (isinstance(known, tuple) and isinstance(part, tuple) and len(known) > len(part)):
                        self._parts[key] = part

    def find(self, queries: Sequence[Query]) -> Lookup:
        """What is known of some queries.

        Args:
            queries: The queries.
        """
        return Lookup([self._answer(query) for query in queries], {})

    def _answer(self, query: Query) -> Response | None:
        parts = [self._parts.get(key) for key in self._keys.of(query.request, query.repeat)]
        # All options or none: a document with some of its options cannot be graded.
        known = [part for part in parts if part is not None]
        if not known or len(known) < len(parts):
            return None
        return join(query.request, known)

    def keep(self, query: Query, response: Response) -> None:
        """Nothing happens: there is nothing new to store.

        Args:
            query: The query.
            response: Its response.
        """


def _whole(number: Any) -> int:
    if type(number) is not int or number < 0:
        raise ValueError(f"{number!r} is no document's number")
    return number


def _request(values: Sequence[Any]) -> Request:
    if len(values) == 1:
        return Rolling(str(values[0]))
    if isinstance(values[1], Mapping):
        if values[1].keys() == {"labels", "options", "mc"}:
            return Choose(_prompt(values[0]), tuple(values[1]["labels"]), tuple(values[1]["options"]), values[1]["mc"])
        return Generate(_prompt(values[0]), values[1])
    return Loglikelihood(str(values[0]), (str(values[1]),))


def _prompt(value: Any) -> Prompt:
    if not isinstance(value, list):
        return str(value)
    chat = chat_of(value)
    if chat is None:
        raise ValueError(f"{value!r:.80} is no prompt")
    return tuple([Message(cast(Role, role), content) for role, content in chat])


def _part(request: Request, value: Any) -> Part:
    if request.kind == "loglikelihood":
        if str(value[1]) not in _GREEDY:
            raise ValueError(f"{value[1]!r} is neither True nor False")
        # lm-eval writes every leaf of ``resps`` as text.
        return float(value[0]), _GREEDY[str(value[1])]
    if request.kind == "multiple_choice":
        return _choice(value)
    return float(value) if request.kind == "loglikelihood_rolling" else Text(str(value))


def _choice(value: Sequence[Any]) -> Choice:
    """What a model gave for a choice; :func:`proctor.store.codec.join` reads it again."""
    # Every leaf is text, and what was not known is "None".
    _, _, route, text, finish, logprobs, unseen, mass = value
    if route not in ROUTES or finish not in (*FINISHES, "None"):
        raise ValueError(f"{route!r} is no way to choose, or {finish!r} no end of a text")
    known = None if logprobs == "None" else tuple(map(float, logprobs))
    return Choice(
        None,
        "",
        route,
        str(text),
        None if finish == "None" else finish,
        logprobs=known,
        unseen=tuple(map(int, unseen)),
        label_mass=None if mass == "None" else float(mass),
    )
