"""Runs a probe: the requests of all documents in one go, found in the store or sent to the model."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from proctor.analysis import min_k as tokens
from proctor.errors import UsageError
from proctor.models import declared_kind
from proctor.models.protocols import LoadableModel, Model, TokenScores, TokenScoringModel
from proctor.probe.items import ProbeItem, probe_items
from proctor.records import Query
from proctor.run.bind import bind_tasks
from proctor.run.exam import select_suite
from proctor.run.model import open_configured
from proctor.run.progress import OpenProgress
from proctor.run.run_store import RunStore
from proctor.run.seeds import seed_everything
from proctor.settings.config import RunConfig
from proctor.types import Loglikelihood, Response, Scores


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What a model made of one document.

    Attributes:
        doc_id: Its number in the task.
        doc_hash: By which it is found for another model.
        orders: Log-likelihoods in nats of question and options, the published order first; none of a document that is
            not free, or whose values are not finite.
        completion: Log-likelihood in nats of the second half of its question after the first; None: it is too short.
        length: Bytes of that half in UTF-8.
        is_greedy: Whether greedy decoding writes that half.
        min_k: Min-K% of its question: the mean log-probability of its least likely tokens, in nats; None: not wanted,
            or the model gave no number.
        min_k_plus_plus: Min-K%++ of it; None where the former is, or where the model is certain of every token.
    """

    doc_id: int
    doc_hash: str
    orders: tuple[float, ...] = ()
    completion: float | None = None
    length: int = 0
    is_greedy: bool = False
    min_k: float | None = None
    min_k_plus_plus: float | None = None


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What a model made of the documents of a task.

    Attributes:
        task: Its name.
        kinds: How many documents are free, sorted, pinned and fixed.
        items: Its documents, in order.
        refused: Documents that the model did not score.
    """

    task: str
    kinds: Counter[str]
    items: tuple[ItemResult, ...]
    refused: int = 0


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """A probe. ``left_out``: tasks whose prompts list no options."""

    model: str
    tasks: tuple[TaskResult, ...]
    left_out: tuple[str, ...]


def run_probe(config: RunConfig, orders: int, *, progress: OpenProgress, min_k: float | None = None) -> ProbeResult:
    """Ask a model for the published form of documents and for others.

    Args:
        config: The settings: model, tasks, documents, store.
        orders: How many orders of a document are asked.
        progress: Opens a display.
        min_k: The share of least likely tokens of a question, for Min-K% and Min-K%++; None: they are not wanted.

    Raises:
        UsageError: The model gives no log-likelihoods, or no distributions where these are wanted, or no task lists
            options.
        TaskError: A task lists options that cannot be shown in other orders.
    """
    _check_scores(config.model)
    started = time.time()
    suite = select_suite(config)
    seed_everything(config.seed)
    tasks = bind_tasks(suite.tasks, progress)
    found = {task.spec.name: probe_items(task, config, orders) for task in tasks}
    items = {name: tuple(one) for name, one in found.items() if one is not None}
    if not items:
        raise UsageError(
            f"No prompt of {', '.join(found)} lists its options: there is no order of theirs to probe.",
            hint="A task that scores texts without listing them has no published order.",
        )
    queries = [query for name, some in items.items() for query in _queries(name, some)]
    questions = [item.question for some in items.values() for item in some] if min_k is not None else []
    responses, scores = _responses(config, queries, questions, started, progress)
    by_place = {(query.task, query.doc_id, query.index): one for query, one in zip(queries, responses, strict=True)}
    results = tuple(_task_result(name, some, by_place) for name, some in items.items())
    if min_k is not None:
        results = _with_min_k(results, scores, min_k)
    left_out = tuple(name for name, one in found.items() if one is None)
    return ProbeResult(_model_name(config), results, left_out)


def _check_scores(kind: str) -> None:
    if not declared_kind(kind).scores:
        raise UsageError(
            f"A probe needs log-likelihoods of given texts, and --model {kind} gives none.",
            hint="Probe the model with --model hf, vllm or a completions server.",
        )


def _model_name(config: RunConfig) -> str:
    return str(config.model_args.get("pretrained") or config.model_args.get("model") or config.model)


def _queries(task: str, items: Sequence[ProbeItem]) -> list[Query]:
    queries: list[Query] = []
    for item in items:
        if item.blocks:
            queries.append(Query(task, item.doc_id, 0, 0, Loglikelihood(item.stem, item.blocks)))
        if item.halves is not None:
            queries.append(Query(task, item.doc_id, 1, 0, Loglikelihood(item.halves[0], (item.halves[1],))))
    return queries


def _responses(
    config: RunConfig, queries: Sequence[Query], questions: Sequence[str], started: float, progress: OpenProgress
) -> tuple[Sequence[Response], Sequence[TokenScores]]:
    """The responses to all requests, and the tokens of questions, which are not stored and come first."""
    model = open_configured(config, lazily=True)
    try:
        scores = _token_scores(model, config, questions, progress)
        with RunStore(config, model, started) as store:
            store.expect(sum(query.request.count for query in queries))
            pending = store.pending(queries)
            if pending.missing and isinstance(model, LoadableModel):
                model.load()
            with progress(pending.total, "Answering", "requests") as display:
                return pending.ask(model, display.advance), scores
    finally:
        model.close()


def _token_scores(
    model: Model, config: RunConfig, questions: Sequence[str], progress: OpenProgress
) -> Sequence[TokenScores]:
    if not questions:
        return ()
    if not isinstance(model, TokenScoringModel):
        pool = config.model_args.get("pool")
        which = f"a model with pool={pool}" if pool else f"--model {config.model}"
        raise UsageError(
            f"--min_k needs the model's whole distribution at every token of a question, and {which} gives "
            "log-likelihoods alone.",
            hint=f"Probe the model {'without pool' if pool else 'with --model hf'}, or leave --min_k out: the other "
            "probes need no distribution.",
        )
    found: list[TokenScores] = []
    with progress(len(questions), "Reading questions", "questions") as display:
        for one in model.token_scores(questions):
            found.append(one)
            display.advance(1)
    return found


def _with_min_k(results: Sequence[TaskResult], scores: Sequence[TokenScores], share: float) -> tuple[TaskResult, ...]:
    """The results with the least likely tokens of questions, in the order in which these were read."""
    values = iter(scores)
    return tuple(
        replace(one, items=tuple(_of_tokens(item, next(values), share) for item in one.items)) for one in results
    )


def _of_tokens(item: ItemResult, scores: TokenScores, share: float) -> ItemResult:
    if not scores.logprobs or not all(map(math.isfinite, scores.logprobs)):
        return item
    z = tokens.standardized(scores.logprobs, scores.means, scores.deviations)
    standardized = tokens.min_k_plus_plus(z, share).value
    return replace(item, min_k=tokens.min_k(scores.logprobs, share).score, min_k_plus_plus=standardized)


def _task_result(task: str, items: Sequence[ProbeItem], by_place: dict[tuple[str, int, int], Response]) -> TaskResult:
    results: list[ItemResult] = []
    refused = 0
    for item in items:
        whole, half = (by_place.get((task, item.doc_id, index)) for index in (0, 1))
        refused += sum(one is not None and not _is_usable(one) for one in (whole, half))
        orders = tuple(value for value, _ in whole.values) if isinstance(whole, Scores) and _is_usable(whole) else ()
        result = ItemResult(item.doc_id, item.doc_hash, orders)
        if isinstance(half, Scores) and _is_usable(half) and item.halves is not None:
            (value, is_greedy), length = half.values[0], len(item.halves[1].encode("utf-8", "surrogatepass"))
            result = ItemResult(item.doc_id, item.doc_hash, orders, value, length, is_greedy)
        results.append(result)
    return TaskResult(task, Counter(item.kind for item in items), tuple(results), refused)


def _is_usable(response: Response) -> bool:
    return isinstance(response, Scores) and not response.has_nan
