"""The responses of one model in a store: by query, whole or in part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from proctor.records import Query
from proctor.store.codec import Part, assemble, join, pack_response
from proctor.store.keys import Keys, Seeds
from proctor.store.store import Store
from proctor.types import Choice, Choose, Request, Response, Text

REQUESTS = 4096
"""Requests whose keys are looked up together, in the order in which they lie in the file."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """What is stored of a list of queries.

    ``responses``: per query the whole response, or None. ``parts``: of queries answered in part, what
    is there of each continuation. ``own``: the queries that earlier attempts at the same run answered.
    """

    responses: list[Response | None]
    parts: Mapping[int, Sequence[Part | None]]
    own: frozenset[int] = frozenset()


class ResponseCache:
    """One model's responses on a store, for one run."""

    def __init__(self, store: Store, identity: Mapping[str, Any], seeds: Seeds = ()) -> None:
        self.store = store
        self._keys = Keys(identity, seeds)
        # Of the queries that were looked up last and not found: their responses come next. The query stands beside its
        # keys, so that no other object can get its ``id``.
        self._missing: dict[int, tuple[Query, tuple[bytes, ...]]] = {}

    @property
    def digest(self) -> bytes:
        """What stands for the model."""
        return self._keys.digest

    def find(self, queries: Sequence[Query]) -> Lookup:
        """Everything that is stored of some queries.

        Args:
            queries: The queries of a run, in its order.
        """
        responses: list[Response | None] = []
        parts: dict[int, Sequence[Part | None]] = {}
        own_places: list[int] = []
        self._missing = {}
        for some in _chunks(queries):
            keyed = [(query, self._keys.of(query.request, query.repeat)) for query in some]
            stored, own = self.store.get([key for _, keys in keyed for key in keys])
            for query, keys in keyed:
                if not stored:
                    responses.append(None)
                    self._missing[id(query)] = query, keys
                    continue
                known = assemble(keys, stored)
                responses.append(_whole(query.request, known))
                if responses[-1] is None:
                    self._missing[id(query)] = query, keys
                if (ours := not own.isdisjoint(keys)) and responses[-1] is not None:
                    own_places.append(len(responses) - 1)
                # An attempt at this run asked such a request whole, and so does this one.
                elif responses[-1] is None and not ours and any(part is not None for part in known):
                    parts[len(responses) - 1] = known
        self._find_letters(queries, responses)
        return Lookup(responses, parts, frozenset(own_places))

    def _find_letters(self, queries: Sequence[Query], responses: list[Response | None]) -> None:
        """Choices by ``auto`` that are stored as those by ``letters``, which is its first way and so has worked.

        Not where earlier ones by ``auto`` came in another way: ways are never mixed.
        """
        places = [place for place, query in enumerate(queries) if _is_auto(query.request)]
        found = [response for place in places if isinstance(response := responses[place], Choice)]
        left = [place for place in places if responses[place] is None]
        if not left or any(response.route != "letters" for response in found):
            return
        named = {place: replace(queries[place], request=_as_letters(queries[place].request)) for place in left}
        keyed = {place: self._keys.of(query.request, query.repeat) for place, query in named.items()}
        stored, _ = self.store.get([key for keys in keyed.values() for key in keys])
        for place, keys in keyed.items() if stored else ():
            responses[place] = _whole(queries[place].request, assemble(keys, stored))

    def keep(self, query: Query, response: Response) -> None:
        """Store a response, but nothing of it that is NaN, or was generated from NaN.

        Args:
            query: What it responds to.
            response: The whole response.
        """
        if isinstance(response, Text) and response.has_nan:
            return
        _, keys = self._missing.pop(id(query), (query, None))
        rows = pack_response(keys or self._keys.of(query.request, query.repeat), response)
        if isinstance(response, Choice) and isinstance(query.request, Choose) and query.request.route == "auto":
            # For whoever names the way that was found.
            request = replace(query.request, route=response.route)
            rows += pack_response(self._keys.of(request, query.repeat), response)
        if rows:
            self.store.put(rows)


def _is_auto(request: Request) -> bool:
    return isinstance(request, Choose) and request.route == "auto"


def _as_letters(request: Request) -> Request:
    return replace(request, route="letters") if isinstance(request, Choose) else request


def _chunks(queries: Sequence[Query]) -> Iterator[Sequence[Query]]:
    return (queries[start : start + REQUESTS] for start in range(0, len(queries), REQUESTS))


def _whole(request: Request, parts: Iterable[Part | None]) -> Response | None:
    known = [part for part in parts if part is not None]
    wanted = request.count
    if len(known) != wanted or not wanted:
        return None
    try:
        return join(request, known)
    except ValueError:
        return None
