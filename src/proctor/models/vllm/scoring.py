"""Scores spans with an engine: by the cheapest routes that its probe has shown to be right, and by lm-eval's else."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, NamedTuple

from proctor.errors import ModelError
from proctor.models.prefix.rows import Span
from proctor.models.vllm.engine import Engine, EngineRefusal, EngineRequest
from proctor.models.vllm.plan import PLAIN, Abilities, Continuation, plan, unique, whole
from proctor.models.vllm.probe import ProbeResult, probe
from proctor.models.vllm.routes import Part, Route, ScoringRequest, TokenScore

log = logging.getLogger("proctor")

CALL = 1024
"""Requests of one call to the engine; when it returns, their scores are handed on and stored."""


TRIALS = 4
"""Continuations on which a route is tried at most, until one gives numbers to compare."""
NO_SCORE = "vLLM returned no log-probability for one of its tokens"


class SpanScore(NamedTuple):
    """One span's result; ``refused``: why there is none."""

    owner: int
    logprob: float
    greedy: bool
    refused: str | None = None


@dataclass(slots=True)
class Counts:
    """What was done, for the results file."""

    requests: Counter[str] = field(default_factory=Counter)
    windows: int = 0
    computed: int = 0
    cached: int = 0
    doubted: int = 0

    @property
    def by_route(self) -> Counter[str]:
        """Requests by route, those of windows of texts apart: these have no choice of one."""
        # +: without those that there are none of.
        return +(self.requests + Counter(windows=self.windows) - Counter({str(Route.PROMPT_ROWS): self.windows}))

    def facts(self) -> dict[str, Any]:
        """For the results file: requests by route, tokens of prompts, continuations that were computed again."""
        return {
            "requests": dict(sorted(self.by_route.items())),
            "forwarded_tokens": self.computed,
            "cached_tokens": self.cached,
            "not_believed": self.doubted,
        }


@dataclass(slots=True)
class _Sum:
    """The score of a continuation while its parts come in; ``done``: handed on, or on its way by route A."""

    logprob: float = 0.0
    greedy: bool = True
    first: bool = False
    last: bool = False
    done: bool = False

    def add(self, part: Part, score: TokenScore) -> bool:
        """Take the score of a part; whether the continuation is complete with it."""
        self.logprob, self.greedy = self.logprob + score.logprob, self.greedy and score.greedy
        self.first, self.last = self.first or part.first, self.last or part.last
        return self.first and self.last


class Scorer:
    """Scores spans with one engine.

    Args:
        engine: The engine.
        limit: The most tokens of a prompt.
        dtype: Of the model, as text.
        scoring: ``auto``, ``plain`` or ``named``.
        rows: The most requests of a call; None: :data:`CALL`.
    """

    def __init__(self, engine: Engine, *, limit: int, dtype: str, scoring: str, rows: int | None = None) -> None:
        self._engine = engine
        self._limit = limit
        self._dtype = dtype
        self._rows = rows or CALL
        self._abilities = PLAIN if scoring == "plain" else find_abilities(engine, named=scoring == "named")
        self._probes: dict[str, ProbeResult] = {}
        self.counts = Counts()

    @property
    def facts(self) -> Mapping[str, Any]:
        """How was scored so far; nothing if nothing was."""
        if not self.counts.requests:
            return {}
        routes = {name: found.facts() for name, found in self._probes.items()}
        counted = self.counts.by_route
        main = max(counted, key=lambda name: (name != "windows", counted[name]))
        return {
            "mode": "plain" if main in (Route.PROMPT_ROWS, "windows") else "tree",
            "route": main,
            **({"probes": routes} if routes else {}),
            **self.counts.facts(),
        }

    def score(self, spans: Sequence[Span], *, share: bool = True) -> Iterator[SpanScore]:
        """The scores of spans, each as soon as it is known.

        Args:
            spans: Tokens to score.
            share: Read the cache where that is right; False: windows of texts, which share nothing.
        """
        works = unique(spans, self._limit)
        abilities = self._proven(works) if share else PLAIN
        requests = plan(works, abilities)
        sums = [_Sum() for _ in works]
        self.counts.windows += 0 if share else len(requests)
        for start in range(0, len(requests), self._rows):
            yield from self._call(requests[start : start + self._rows], works, sums)

    def _call(
        self, requests: Sequence[ScoringRequest], works: Sequence[Continuation], sums: Sequence[_Sum]
    ) -> Iterator[SpanScore]:
        """One call to the engine, and a second one for what of it is not believed."""
        doubted: list[int] = []
        for request, scores, refused in self._send(requests):
            for part, score in zip(request.parts, scores, strict=True):
                found = sums[part.work]
                if found.done:
                    continue
                if score is not None:
                    found.done = found.add(part, score)
                    if found.done:
                        yield from _each(works[part.work], found.logprob, found.greedy)
                    continue
                found.done = True
                if request.route is Route.PROMPT_ROWS:
                    yield from _each(works[part.work], math.nan, False, refused or NO_SCORE)
                else:
                    doubted.append(part.work)
        if doubted:
            yield from self._again(doubted, works)

    def _again(self, numbers: Sequence[int], works: Sequence[Continuation]) -> Iterator[SpanScore]:
        if not self.counts.doubted:
            log.info("Not all that vLLM read from its cache can be believed; such requests are computed anew.")
        self.counts.doubted += len(numbers)
        for request, [score], refused in self._send([whole(number, works[number]) for number in numbers]):
            work = works[request.parts[0].work]
            if score is None:
                yield from _each(work, math.nan, False, refused or NO_SCORE)
            else:
                yield from _each(work, *score)

    def _send(
        self, requests: Sequence[ScoringRequest]
    ) -> Iterator[tuple[ScoringRequest, list[TokenScore | None], str | None]]:
        """Each request with the scores of its parts, and why the engine refused it, if it did."""
        with self._tokens_counted():
            outputs = self._engine.generate([EngineRequest(request.prompt, request.settings) for request in requests])
        for request, output in zip(requests, outputs, strict=True):
            self.counts.requests[str(request.route)] += 1
            if isinstance(output, EngineRefusal):
                yield request, [None] * len(request.parts), output.why
            else:
                yield request, request.read(output), None

    @contextmanager
    def _tokens_counted(self) -> Iterator[None]:
        """Count what the engine computes within."""
        tokens = self._engine.tokens
        computed, cached = tokens.computed, tokens.cached
        yield
        self.counts.computed += tokens.computed - computed
        self.counts.cached += tokens.cached - cached

    def _proven(self, works: Sequence[Continuation]) -> Abilities:
        """The abilities that a probe has shown to be right; each is tried on the first continuations that need it."""
        for name in ("next_token", "rows"):
            route = getattr(self._abilities, name)
            some = [] if route is None or name in self._probes else self._trials(name, works)
            if not some:
                continue
            with self._tokens_counted():
                found = self._probe(some)
            self._probes[name] = found
            if found.why_not is not None:
                log.warning(
                    "vLLM's route %s is not taken: %s. What would go by it is computed another way.",
                    route,
                    found.why_not,
                )
                self._abilities = replace(self._abilities, **{name: None})
        return self._abilities

    def _trials(self, name: str, works: Sequence[Continuation]) -> list[Continuation]:
        """The first continuations that go by a route."""
        if name == "next_token":
            fitting = (work for work in works if len(work.scored) == 1)
        else:
            alone = self._abilities.next_token is None
            fitting = (work for work in works if alone or len(work.scored) > 1)
        return list(islice(fitting, TRIALS))

    def _probe(self, works: Sequence[Continuation]) -> ProbeResult:
        """The first result with numbers: an id that is not among the likeliest, say, proves nothing."""
        found = ProbeResult(None)
        for work in works:
            found = probe(self._engine, work, self._abilities, self._dtype)
            if found.difference is not None:
                break
        return found


def _each(work: Continuation, logprob: float, greedy: bool, refused: str | None = None) -> Iterator[SpanScore]:
    for owner in work.owners:
        yield SpanScore(owner, logprob, greedy, refused)


def find_abilities(engine: Engine, *, named: bool) -> Abilities:
    """What an engine can do, by trying.

    Args:
        engine: The engine.
        named: Whether several tokens are scored by naming each row's id.

    Raises:
        ModelError: The engine cannot do that.
    """
    if named and not engine.names_rows:
        raise ModelError(
            "scoring=named needs vLLM 0.31 with its V2 model runner, on a GPU; this engine has not got it.",
            hint="Leave scoring out: the prefix cache is then read in another way.",
        )
    next_token = Route.NAMED_IDS if engine.names_ids else Route.TOP_IDS
    rows = Route.NAMED_ROWS if named else Route.CACHED_ROWS if engine.reads_cache else None
    return Abilities(next_token, rows, engine.block)
