"""What a run has to compute, and how long that takes: its requests counted, some of them timed.

The counting is made of the functions that a run is made of, and needs a tokenizer only. The
timing asks the real model some of the run's own requests, a few from several places.
"""

# How long a run takes, from a few of its requests
# ------------------------------------------------
#   count     tokens that are forwarded, with prefixes shared as the run shares them; a tokenizer is enough
#   rehearse  a small model of the same config shows which ways of scoring the architecture allows
#   time      8 requests, then 16, 32, ... until one sample takes 5 s
#
#   seconds(run) = fixed + tokens(run) / speed       speed from the difference of the last two samples,
#                                                    so that what happens once is not multiplied
#
# Samples are neighbours from four places of the run: neighbours share prefixes, as they will in the run; four places,
# because tasks differ in length.

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from proctor.errors import UsageError
from proctor.models import model_kind, open_tokenizer
from proctor.models.protocols import Model
from proctor.preview.preview import preview_style
from proctor.preview.served_estimate import served_lines, served_style
from proctor.preview.text_layout import count_text
from proctor.run.bind import bind_tasks
from proctor.run.chunks import plan_tasks
from proctor.run.exam import select_suite, warn_of_surprises
from proctor.run.model import open_configured
from proctor.run.progress import duration
from proctor.run.seeds import seed_everything
from proctor.settings.config import RunConfig
from proctor.types import Generate, Loglikelihood, Request, RequestKind, Rolling

if TYPE_CHECKING:
    from proctor.models.hf.rehearsal import Rehearsal
    from proctor.models.prefix.counts import KindCounts, Mode, RequestCounts
    from proctor.models.prefix.packs import Limits
    from proctor.models.tokens.tokenizer import Tokens
    from proctor.run.progress import OpenProgress

log = logging.getLogger("proctor")

ENOUGH_SECONDS = 5.0
"""A sample that takes so long is not made larger."""
TOO_MANY_SECONDS = 60.0
"""Nor is a second one taken after a first that takes so long."""
FIRST_SAMPLE = 8
BLOCKS = 4
"""A sample consists of neighbours from so many places: a run shares between neighbours."""


def estimate(config: RunConfig, *, progress: OpenProgress, timed: bool) -> Iterator[str]:
    """Yield lines: what there is to compute, and how long it takes.

    Args:
        config: The settings.
        progress: Opens a display.
        timed: Whether some requests are timed on the model, which is loaded for that. A served model is sent nothing.

    Raises:
        UsageError: No tokenizer is named.
    """
    # Nothing that a model writes is run here.
    config = replace(config, confirm_run_unsafe_code=True, write_out=False)
    started = time.perf_counter()
    suite = select_suite(config)
    seed_everything(config.seed)
    tokens = open_tokenizer(config.model, config.model_args)
    served = model_kind(config.model).served
    if tokens is None and not served:
        raise UsageError(
            "Tokens are counted with a model's tokenizer, and none is named.",
            hint="Add --model_args pretrained=NAME_OR_FOLDER (for --model hf), or tokenizer=NAME (for a server).",
        )
    tasks = bind_tasks(suite.tasks, progress)
    warn_of_surprises(config, suite.tasks)
    # Tokens are those of the text that the template makes of a chat, also where a model makes it of messages itself.
    style = served_style(config) if tokens is None else replace(preview_style(config, tokens), messages=False)
    plans = plan_tasks(tasks, config, style, progress)
    requests = [query.request for plan in plans for query in plan.queries()]
    documents = sum(len(plan.documents) for plan in plans)
    scored = any(isinstance(one, (Loglikelihood, Rolling)) for one in requests)
    if tokens is None and model_kind(config.model).scores and scored:
        raise UsageError(
            "Scoring continuations needs token ids, and prompts are sent as text.",
            hint="Leave tokenizer_backend=none out, and name a tokenizer; a run ends with this sentence, too.",
        )
    yield f"{count_text(len(plans), 'task')}, {count_text(documents, 'document')}"
    if config.early_stop is not None:
        yield "at most: --early_stop ends the run as soon as its answer is clear, and then less is computed"
    if tokens is None or (served and timed):
        # To time a server is to pay for it.
        yield from served_lines(config, requests, tokens)
        return
    work = _RequestCounts(config, tokens, requests)
    counts, how = work.as_run()
    yield from _work_lines(counts, passes=work.computes_here)
    yield from how
    if timed:
        prepared = time.perf_counter() - started
        yield from _time_lines(config, work, prepared)


@dataclass(frozen=True, slots=True)
class _RequestCounts:
    """The requests of a run, to be counted for one way of scoring or another."""

    config: RunConfig
    tokens: Tokens
    requests: Sequence[Request]

    @property
    def computes_here(self) -> bool:
        """Whether passes are proctor's own, and not an engine's or a server's."""
        return model_kind(self.config.model).computes_here

    @property
    def wanted(self) -> Mode:
        """What the arguments ask for; ``auto`` is tree until the model is there to be probed."""
        if not self.computes_here:
            return "tree"
        from proctor.models.hf.arguments import read_arguments

        arguments = read_arguments(self.config.model_args)
        if arguments.scoring != "auto":
            return arguments.scoring
        if not arguments.logits_cache:
            return "plain"
        return "context" if arguments.batch_invariant else "tree"

    def as_run(self) -> tuple[RequestCounts, list[str]]:
        """Counts of the ways in which a run scores and generates, and a line that says which.

        Where no way is asked for, a small model of the same config shows it, as the real one will.
        """
        counts = self.by(self.wanted)
        small = self._rehearsal()
        if isinstance(small, str):
            return counts, [small] if small else []
        mode, alone, said = self.wanted, None, []
        if counts.scored is not None:
            scoring = small.scoring("context" if mode == "context" else "auto", counts.scored.longest)
            mode = scoring.mode
            said.append(scoring.in_words())
        if counts.generated is not None:
            alone, line = self._generation(small, counts.generated.longest)
            said.append(line)
        if (mode, alone) != (self.wanted, self.wanted != "tree" if alone is not None else None):
            counts = self.by(mode, alone=alone)
        return counts, [f"{' '.join(said)} Tried on a small model of this config."] if said else []

    def _generation(self, small: Rehearsal, longest: int) -> tuple[bool, str]:
        """Whether prompts are generated after without sharing, and a line; where plans differ, the worst counts."""
        from proctor.models.generation import plan_generation

        plans = [plan_generation(request.kwargs) for request in self.requests if isinstance(request, Generate)]
        distinct = {repr(plan): plan for plan in plans}.values()
        choices = [small.generation(plan, longest + plan.max_tokens) for plan in distinct]
        choice = next((one for one in choices if one.mode == "plain"), choices[0])
        alone = choice.mode == "plain" or self.wanted == "context"
        return alone, choice.in_words()

    def _rehearsal(self) -> Rehearsal | str:
        """A small model; or, where there is none to be asked, why, if that is worth saying."""
        if not self.computes_here:
            return "Each prefix is counted once; what the engine or server computes again is up to its own cache."
        from proctor.models.hf.arguments import read_arguments
        from proctor.models.hf.load.load import load_config
        from proctor.models.hf.rehearsal import rehearse

        arguments = read_arguments(self.config.model_args)
        if self.wanted == "plain" or self.tokens.backend != "causal" or not isinstance(arguments.pretrained, str):
            return ""
        small = rehearse(arguments, load_config(arguments, weights=False))
        return small or "no small model of this config can be built: only a run shows whether it shares prefixes"

    def by(self, mode: Mode, *, alone: bool | None = None) -> RequestCounts:
        """Count, on the device that the run would take."""
        from proctor.models.prefix.counts import count

        return count(self.tokens, self.requests, mode=mode, alone=alone, limits=self._limits())

    def _limits(self) -> Limits:
        from proctor.models.base import parse_batch_size
        from proctor.models.prefix.packs import Limits
        from proctor.models.prefix.plan import pass_tokens

        rows = parse_batch_size(self.config.batch_size, self.config.max_batch_size).rows
        if not self.computes_here:
            return Limits(pass_tokens("cpu"), None)
        from proctor.models.hf.arguments import read_arguments
        from proctor.models.hf.device import pick_device

        arguments = read_arguments(self.config.model_args)
        if arguments.batch_invariant:
            rows = 1
        return Limits(arguments.pass_tokens or pass_tokens(pick_device(self.config.device).type), rows)


def _work_lines(counts: RequestCounts, *, passes: bool) -> Iterator[str]:
    """Lines on each kind of requests; ``passes``: also on how they are divided among forward passes."""
    from proctor.models.prefix.cost import many

    for name, counted in _kinds(counts).items():
        yield f"{name:<10} {counted.work}"
        if not passes:
            continue
        if counted.plan is not None:
            yield (
                f"{'':<10} {many(counted.forwarded)} tokens forwarded in {len(counted.plan.packs):,} passes; "
                f"the cache holds up to {counted.plan.peak:,} tokens"
            )
        else:
            more = f", then up to {counted.new_tokens:,} new ones a request" if counted.new_tokens else ""
            yield f"{'':<10} {many(counted.forwarded)} tokens forwarded{more}"


def _kinds(counts: RequestCounts) -> Mapping[str, KindCounts]:
    by_kind = {"scored": counts.scored, "rolling": counts.rolled, "generated": counts.generated}
    return {name: counted for name, counted in by_kind.items() if counted is not None}


# -- timing


def _time_lines(config: RunConfig, work: _RequestCounts, prepared: float) -> Iterator[str]:
    before = time.perf_counter()
    model = open_configured(config)
    loaded = time.perf_counter() - before
    level = log.level
    # What the model says of each sample is not what it would say of the run.
    log.setLevel(logging.WARNING)
    try:
        samples = {name: _sample(model, requests) for name, requests in _by_name(work.requests).items()}
    finally:
        log.setLevel(level)
        facts, scoring = model.info, dict(model.report().get("scoring", {}))
        model.close()
    mode = scoring.get("mode", "plain")
    kinds = _kinds(work.by(mode))
    yield f"timed on {facts.get('device') or 'the server'}" + (f", scoring mode: {mode}" if "scored" in samples else "")
    total = 0.0
    for name, sample in samples.items():
        seconds = sample.expect(len(sample.requests), kinds[name].forwarded)
        total += seconds
        speed = f"{sample.speed:,.0f} {'tokens' if sample.in_tokens else 'requests'}/s"
        if not sample.in_tokens and sample.speed < 10:
            speed = f"{1 / sample.speed:.2g} s a request"
        tried = f"{sample.size:,} of {len(sample.requests):,} requests tried"
        yield f"{name:<10} about {duration(seconds)}, {speed} ({tried})"
    parts = f"{duration(prepared)} to prepare, {duration(loaded)} to load, {duration(total)} to answer"
    yield f"{'in sum':<10} about {duration(total + prepared + loaded)}: {parts}"


_NAMES: Mapping[RequestKind, str] = {
    "loglikelihood": "scored",
    "loglikelihood_rolling": "rolling",
    "generate_until": "generated",
}


def _by_name(requests: Sequence[Request]) -> Mapping[str, Sequence[Request]]:
    by_name: dict[str, list[Request]] = {}
    for request in requests:
        by_name.setdefault(_NAMES[request.kind], []).append(request)
    return by_name


@dataclass(frozen=True, slots=True)
class _SpeedSample:
    """What was tried of ``requests``, and how fast it was beyond what every start costs."""

    requests: Sequence[Request]
    size: int
    speed: float
    fixed: float
    in_tokens: bool

    def expect(self, requests: int, tokens: int) -> float:
        """Seconds for a whole run."""
        return self.fixed + (tokens if self.in_tokens else requests) / self.speed


def _sample(model: Model, requests: Sequence[Request]) -> _SpeedSample:
    """Ask more and more requests until it takes long enough to be told from what a start costs."""
    tries: list[tuple[int, int, float]] = []
    size = min(FIRST_SAMPLE, len(requests))
    while True:
        some = _spread(requests, size)
        tokens, began = _forwarded(model), time.perf_counter()
        for _ in model.respond(some):
            pass
        tries.append((len(some), _forwarded(model) - tokens, time.perf_counter() - began))
        # The first try also pays for what happens once: kernels are chosen, buffers made, sharing is probed.
        if size >= len(requests) or tries[-1][2] >= (ENOUGH_SECONDS if len(tries) > 1 else TOO_MANY_SECONDS):
            break
        size = min(2 * size, len(requests))
    in_tokens = tries[-1][1] > 0 and not isinstance(requests[0], Generate)
    units = [tokens if in_tokens else count for count, tokens, _ in tries]
    seconds = tries[-1][2]
    speed = units[-1] / max(seconds, 1e-9)
    if len(tries) > 1 and seconds > tries[-2][2] and units[-1] > units[-2]:
        # What the larger of two tries adds is plain work.
        # max(): a slow second try (another process, a hot chip) must not give a speed below the plain one.
        speed = max(speed, (units[-1] - units[-2]) / (seconds - tries[-2][2]))
    return _SpeedSample(requests, tries[-1][0], speed, max(0.0, seconds - units[-1] / speed), in_tokens)


def _spread(requests: Sequence[Request], size: int) -> list[Request]:
    """Neighbours from several places, evenly spread."""
    if size >= len(requests):
        return list(requests)
    blocks = min(BLOCKS, size)
    starts = [block * len(requests) // blocks for block in range(blocks)]
    lengths = [size // blocks + (block < size % blocks) for block in range(blocks)]
    return [one for start, length in zip(starts, lengths, strict=True) for one in requests[start : start + length]]


def _forwarded(model: Model) -> int:
    facts: Mapping[str, Any] = model.report().get("scoring", {})
    return int(facts.get("forwarded_tokens", 0))
