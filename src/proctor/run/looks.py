"""A run in chunks of documents in random order, each followed by a look at the scores: it ends when they are clear."""

# Chunks of a run that may stop
# -----------------------------
#   survey     every document is planned once, in the order of the split, and held: examples are drawn as in any other
#              run, so that a document has the same prompt, and the same key in the store
#   chunk      the next 5 % of a scope's documents (10 % where examples make up most of the prompts: each chunk computes
#              them once more), task by task, within a task in the order of the split
#   look       after it is graded (:class:`~proctor.run.stopping.ScopeWatch`); then the next chunk, or the next scope
#
# Nothing but (seed, documents, scores) decides where a run ends. So one that was killed and goes on finds what is
# stored, looks again at the same places, and ends where it would have ended.
#
# A run that is graded again has the responses of an earlier one and applies the same rule to its own scores. Should
# these want more documents than were asked, the scope ends where the stored responses end, and says so.

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence

from proctor.analysis.early_stop import looks
from proctor.run.chunks import ChunkLimits, QueryChunks
from proctor.run.exam import Exam
from proctor.run.opponent import open_opponent, opponent_of
from proctor.run.scores import MetricValues
from proctor.run.stop_scopes import AskedDocument, asking_order, stop_scopes
from proctor.run.stopping import Outcome, ScopePlan, ScopeWatch
from proctor.settings.config import RunConfig
from proctor.settings.early_stop import read_early_stop
from proctor.tasks.plan import DocumentPlan, TaskPlan

HELD = ChunkLimits(sys.maxsize, sys.maxsize)
"""All prompts are held, since they are asked in another order than they are made in."""
LONG = 0.5
"""Share of the prompts' characters that stand before the document, above which examples are long."""


def plan_stops(exam: Exam, config: RunConfig) -> list[ScopePlan]:
    """What may stop early, before the model is opened: whatever is wrong with it costs no weights.

    Args:
        exam: The tasks, with their documents.
        config: The settings, ``early_stop`` among them.

    Raises:
        UsageError: A score cannot be watched, or the other run lacks what the comparison takes.
    """
    rule = read_early_stop(config.early_stop)
    scopes = stop_scopes(exam, config)
    other = None if rule.against is None else open_opponent(rule.against, config)
    made: list[ScopePlan] = []
    for scope in scopes:
        order = asking_order(scope, config)
        opponent = None if other is None else opponent_of(other, rule, scope, order)
        made.append(ScopePlan(scope, order, rule.alpha / len(scopes), opponent))
    return made


class LookChunks:
    """The chunks of a run that may stop, as :class:`~proctor.run.chunks.QueryChunks` has those of other runs.

    Args:
        chunks: The whole run, planned and held.
        stops: What may stop early.
        config: The settings.
        values_by_task: The tasks' metric values, as the run fills them.

    Attributes:
        outcomes: How each scope ended, so far.
    """

    def __init__(
        self,
        chunks: QueryChunks,
        stops: Sequence[ScopePlan],
        config: RunConfig,
        values_by_task: Mapping[str, MetricValues],
    ) -> None:
        self.total, self.counted, self.warnings = chunks.total, chunks.counted, chunks.warnings
        self.counted_by_task, self.documents = chunks.counted_by_task, chunks.documents
        self._rule = read_early_stop(config.early_stop)
        self._plans = {plan.task.spec.name: plan for held in chunks.plans() for plan in held}
        self._documents = {
            name: {planned.example.doc_id: planned for planned in plan.documents} for name, plan in self._plans.items()
        }
        self._stops, self._values_by_task = stops, values_by_task
        self._watch: ScopeWatch | None = None
        self._lacks_responses = False
        self.outcomes: list[Outcome] = []

    def plans(self) -> Iterator[Sequence[TaskPlan]]:
        """Chunk after chunk; each is graded before the next one is taken."""
        for asking in self._stops:
            watch = self._watch = ScopeWatch(asking, self._rule, self._values_by_task)
            asked, reason = 0, None
            for end in looks(len(asking.order), long_examples=self._has_long_examples(asking)):
                yield self._chunk(asking.order[asked:end])
                if self._lacks_responses:
                    self._lacks_responses, reason = False, "responses"
                    break
                asked = end
                reason = watch.look(asked)
                if reason is not None:
                    break
            self.outcomes.append(watch.outcome(asked, reason or "all"))
        for values in self._values_by_task.values():
            values.sort_documents()

    def end_here(self) -> bool:
        """End the scope before the chunk that was taken last, of which nothing is known and nobody can be asked.

        Returns:
            Whether it can end: there was a look.
        """
        if self._watch is None or not self._watch.has_looked:
            return False
        self._lacks_responses = True
        return True

    def _chunk(self, documents: Sequence[AskedDocument]) -> list[TaskPlan]:
        chosen: dict[str, list[int]] = {}
        for one in documents:
            chosen.setdefault(one.task, []).append(one.doc_id)
        return [
            TaskPlan(plan.task, tuple(self._planned(name, chosen[name])), plan.queries_per_request)
            for name, plan in self._plans.items()
            if name in chosen
        ]

    def _planned(self, task: str, doc_ids: Sequence[int]) -> Iterator[DocumentPlan]:
        return (self._documents[task][doc_id] for doc_id in sorted(doc_ids))

    def _has_long_examples(self, asking: ScopePlan) -> bool:
        before = whole = 0
        for task in asking.scope.tasks:
            for planned in self._plans[task.spec.name].documents if task.spec.n_shot else ():
                for turns in planned.example.canonical.contexts[:1]:
                    sizes = [len(turn.content) for turn in turns]
                    last = max((place for place, turn in enumerate(turns) if turn.role == "user"), default=0)
                    before, whole = before + sum(sizes[:last]), whole + sum(sizes)
        return before > LONG * whole
