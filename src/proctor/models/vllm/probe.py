"""Whether a route gives this engine's own numbers, found out on the first continuation that would go by it.

The engine scores it twice as lm-eval does (route A), alone and beside another prompt: what lies between the two is
noise. Then the route does, with the context in the cache. It is taken if it differs by no more than three times the
noise, or by what rounding may make. The alternative, a list of versions and architectures that are known to be right,
would be wrong about the next ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from proctor.models.vllm.engine import Engine, EngineRefusal, EngineRequest
from proctor.models.vllm.plan import Abilities, Continuation, plan, whole
from proctor.models.vllm.routes import Route, ScoringRequest, TokenScore

ROUNDING = {"float32": 1e-4, "float64": 1e-4}
ROUNDING_ELSEWHERE = 0.05
NOISE_FACTOR = 3
BLOCKS, LEAST = 4, 128
"""Of how many blocks of the cache, and of how many tokens at least, the context of the probe is: it is computed three
times, and with all rows, for which a long one may have no memory."""
NEIGHBOUR = 8
"""Tokens of the prompt beside which the second of the two is scored."""
WARM = {"max_tokens": 1, "temperature": 0, "detokenize": False}


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What came of a probe: why the route is not taken, or None; the difference and the noise, where known."""

    why_not: str | None
    difference: float | None = None
    noise: float | None = None

    def facts(self) -> dict[str, Any]:
        """For the results file."""
        return {
            "taken": self.why_not is None,
            **({} if self.why_not is None else {"reason": self.why_not}),
            "difference": _number(self.difference),
            "noise": _number(self.noise),
        }


def probe(engine: Engine, work: Continuation, abilities: Abilities, dtype: str) -> ProbeResult:
    """Try how an engine scores a continuation under certain abilities.

    Args:
        engine: The engine; its prefix cache is emptied before and after.
        work: The continuation.
        abilities: What is tried.
        dtype: Of the model.
    """
    # One less than whole blocks: the last one is computed, and the rows of the continuation with it.
    most = max(BLOCKS * (abilities.block or 0), LEAST) - 1
    work = replace(work, context=work.context[-most:])
    engine.forget()
    context = EngineRequest(work.context.tolist(), WARM)
    engine.generate([context])
    cached = _score(engine, plan([work], abilities))
    [alone] = _scores(engine, [whole(0, work)])[:1]
    short = ScoringRequest(Route.PROMPT_ROWS, whole(0, work).prompt[-NEIGHBOUR:], whole(0, work).parts)
    beside = _scores(engine, [short, whole(0, work)])[-1]
    engine.forget()
    if alone is None or beside is None:
        return ProbeResult("its prompt log-probabilities cannot be read")
    if cached is None:
        return ProbeResult("what came from the cache cannot be believed")
    noise, difference = abs(alone.logprob - beside.logprob), abs(alone.logprob - cached)
    bound = max(NOISE_FACTOR * noise, ROUNDING.get(dtype, ROUNDING_ELSEWHERE))
    # Not a number is never within.
    if not difference <= bound:
        return ProbeResult(f"it differs by {difference:.2g}", difference, noise)
    return ProbeResult(None, difference, noise)


def _scores(engine: Engine, requests: Sequence[ScoringRequest]) -> list[TokenScore | None]:
    outputs = engine.generate([EngineRequest(request.prompt, request.settings) for request in requests])
    return [
        score
        for request, output in zip(requests, outputs, strict=True)
        for score in ([None] * len(request.parts) if isinstance(output, EngineRefusal) else request.read(output))
    ]


def _score(engine: Engine, requests: Sequence[ScoringRequest]) -> float | None:
    """The sum over all parts; None if one is not to be believed."""
    found = _scores(engine, requests)
    values = [score.logprob for score in found if score is not None]
    return math.fsum(values) if len(values) == len(found) else None


def _number(value: float | None) -> float | None:
    """What a results file can hold."""
    return value if value is not None and math.isfinite(value) else None
