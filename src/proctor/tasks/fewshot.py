"""Which solved examples stand before a question: seeded samplers, lm-eval's draws to the number.

Every task owns one ``random.Random(seed)``, consumed once per evaluated document in document
order; samplers draw *positions* in the pool, so that an example is rendered once and reused.
"""

# Draws that are lm-eval's to the number
# --------------------------------------
#   one random.Random(seed) for each task
#     document 0   sample(pool, n)   |  the state moves on with each draw, so document 7's examples depend on the seed
#     document 1   sample(pool, n)   |  and on the documents before it: chunks, --limit and resumed runs must draw
#     ...                            v  for every evaluated document in order, whether its response is cached or not
#
#   the evaluated document is left out of its pool (excludes_evaluated):
#     n + 1 are drawn, those equal to the document dropped, the first n taken
#     two or more dropped (duplicates in the data): n are drawn again, from the pool without them
#
# Positions are drawn instead of documents: random.sample chooses by length and index alone, so the draws are those of
# lm-eval, which samples the documents themselves, and the turns of an example are rendered once for all prompts.
# Documents are compared by value, as lm-eval does: a copy under another number must not stand there, either.

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Protocol

from proctor.errors import DataError, TaskError
from proctor.foreign import no_exit
from proctor.tasks.check import SAMPLERS
from proctor.tasks.data import Documents, Splits
from proctor.tasks.fields import bind, describe
from proctor.tasks.spec import TaskSpec
from proctor.types import Doc


class Sampler(Protocol):
    """Draws the positions of a document's examples in the pool."""

    def draw(self, doc: Doc) -> Sequence[int]:
        """Positions in the pool, in prompt order. ``doc``: the question, left out where excluded."""
        ...


def pool_split(spec: TaskSpec) -> str | None:
    """The split that examples are drawn from; None: they are written in the task file."""
    shots, data = spec.fewshot, spec.data
    if shots.split is not None:
        return shots.split
    if shots.samples is not None:
        return None
    return data.training_split or data.validation_split or data.test_split


def row_in_split(spec: TaskSpec, position: int) -> int:
    """The number that the document at ``position`` of the pool has in its split."""
    indices = spec.fewshot.indices
    return position if indices is None or position >= len(indices) else indices[position]


def load_pool(spec: TaskSpec, splits: Splits) -> list[Doc]:
    """The documents that examples are drawn from (SPEC: split, else samples, else train, validation, test)."""
    shots = spec.fewshot
    if shots.split is not None:
        pool: Sequence[Doc] = splits.documents(shots.split, shots.process_docs)
    elif shots.samples is not None:
        pool = _fixed_samples(spec)
    else:
        pool = splits.documents(pool_split(spec) or "", spec.data.process_docs)
    if shots.indices is not None:
        _check_indices(spec, shots.indices, len(pool))
        pool = pool.pick(shots.indices) if isinstance(pool, Documents) else [pool[i] for i in shots.indices]
    return list(pool)


def pool_name(spec: TaskSpec) -> str:
    """What examples are drawn from, for a sentence."""
    split = pool_split(spec)
    return "fewshot_config.samples" if split is None else f"the split {split!r}"


def _check_indices(spec: TaskSpec, indices: Sequence[int], size: int) -> None:
    outside = [index for index in indices if not -size <= index < size]
    if outside:
        message = f"fewshot_indices names document {outside[0]}, but {pool_name(spec)} holds {size}."
        hint = f"Documents are counted from 0 to {size - 1}." if size else None
        raise TaskError(spec.error(message, "fewshot_config", "fewshot_indices", hint=hint))


def _fixed_samples(spec: TaskSpec) -> Sequence[Doc]:
    samples = bind(spec.fewshot.samples)
    if callable(samples):
        try:
            with no_exit():
                samples = samples()
        except Exception as error:
            raise TaskError(
                spec.error(f"fewshot_config.samples {describe(error)}", "fewshot_config", "samples")
            ) from error
    if not isinstance(samples, Sequence):
        raise TaskError(spec.error("fewshot_config.samples must be a list of documents.", "fewshot_config", "samples"))
    return samples


def excludes_evaluated(spec: TaskSpec) -> bool:
    """Whether the question itself may stand in the pool and is left out of its own examples.

    lm-eval: exactly when the few-shot split equals ``test_split``, "none" equal to "none" included.
    """
    if spec.fewshot.split == spec.data.test_split:
        return True
    return spec.fewshot.exclude == "always" and _pool_is_evaluated(spec)


def may_leak(spec: TaskSpec) -> bool:
    """Whether a question can appear, answered, among its own examples (lm-eval's rule leaves it in)."""
    return spec.n_shot > 0 and not excludes_evaluated(spec) and _pool_is_evaluated(spec)


def _pool_is_evaluated(spec: TaskSpec) -> bool:
    pool = pool_split(spec)
    return pool is not None and pool == spec.data.eval_split


def draws_by_seed(spec: TaskSpec) -> bool:
    """Whether a seed decides which examples are drawn; ``first_n`` takes the same ones by any seed.

    A sampler of the task's own takes a seed if it has lm-eval's method for it.

    Args:
        spec: The task.
    """
    if spec.fewshot.sampler in SAMPLERS:
        return spec.fewshot.sampler == "default"
    return hasattr(bind(spec.fewshot.sampler), "set_rnd")


def make_sampler(spec: TaskSpec, pool: list[Doc], seed: int | None) -> Sampler:
    """The task's sampler over ``pool``; too small a pool is an error with its line that says both numbers."""
    n, exclude = spec.n_shot, excludes_evaluated(spec)
    # RandomSampler draws one more than it needs.
    needed = n + 1 if exclude and spec.fewshot.sampler == "default" else n
    # A sampler of the task's own may make documents up.
    if needed > len(pool) and spec.fewshot.sampler in SAMPLERS:
        most = max(len(pool) - (needed - n), 0)
        raise too_few_error(spec, n, len(pool), exclude=exclude, most=most)
    if spec.fewshot.sampler == "default":
        return RandomSampler(pool, n, Random(seed), exclude)
    if spec.fewshot.sampler == "first_n":
        return FirstN(pool, n, exclude)
    return OwnSampler(spec, pool, seed, exclude)


def _asked_for(n: int) -> str:
    return "1 few-shot example is asked for" if n == 1 else f"{n} few-shot examples are asked for"


class TooFewError(DataError):
    """A pool holds fewer examples than are asked for once the question itself is left out."""

    def __init__(self, wanted: int, there: int) -> None:
        self.wanted, self.there = wanted, there
        super().__init__(f"{_asked_for(wanted)}, but without the question itself the pool holds {there}.")


def too_few_error(spec: TaskSpec, wanted: int, there: int, *, exclude: bool, most: int) -> TaskError:
    """The error of a pool that holds ``there`` documents where ``wanted`` are asked for; ``most`` would do."""
    without = " without the question itself" if exclude and most == there else ""
    also = " (the question itself is left out)" if exclude and not without else ""
    documents = "document" if there == 1 else "documents"
    name = pool_name(spec)
    message = f"{_asked_for(wanted)}, but {name}, which they are drawn from, holds {there} {documents}{without}{also}."
    if pool_split(spec) is None:
        more = "write more of them"
    else:
        more = "name a larger split as fewshot_split"
    hint = f"Use --num_fewshot {most} or fewer, or {more}."
    return TaskError(spec.error(message, *_key_of_pool(spec), hint=hint))


def _key_of_pool(spec: TaskSpec) -> tuple[str, ...]:
    """The key that asks for the examples, or, where the command line does, the one that names their source."""
    if spec.raw.get("num_fewshot") == spec.n_shot:
        return ("num_fewshot",)
    split, shots = pool_split(spec), spec.raw.get("fewshot_config")
    if split is None:
        return ("fewshot_config", "samples")
    if isinstance(shots, dict) and shots.get("split") == split:
        return ("fewshot_config", "split")
    keys = ("fewshot_split", "training_split", "validation_split", "test_split")
    return (next((key for key in keys if spec.raw.get(key) == split), "num_fewshot"),)


class RandomSampler:
    """``sampler: default``: n positions drawn without replacement.

    lm-eval: where the question is excluded, n + 1 are drawn and those equal to it dropped; if too
    few remain, n are drawn again from the pool without it.
    """

    def __init__(self, pool: Sequence[Doc], n: int, rng: Random, exclude: bool) -> None:
        self._pool, self._n, self._rng, self._exclude = pool, n, rng, exclude
        self._positions = range(len(pool))

    def draw(self, doc: Doc) -> Sequence[int]:
        """Draw the next document's examples; consumes the random state."""
        if not self._exclude or not doc:
            return self._rng.sample(self._positions, self._n)
        drawn = self._rng.sample(self._positions, self._n + 1)
        chosen = [i for i in drawn if self._pool[i] != doc][: self._n]
        if len(chosen) < self._n:
            others = [i for i in self._positions if self._pool[i] != doc]
            if len(others) < self._n:
                raise TooFewError(self._n, len(others))
            chosen = self._rng.sample(others, self._n)
        return chosen


class FirstN:
    """``sampler: first_n``: the first n of the pool (less the question where it is excluded)."""

    def __init__(self, pool: Sequence[Doc], n: int, exclude: bool) -> None:
        self._pool, self._n, self._exclude = pool, n, exclude
        self._first = range(n)

    def draw(self, doc: Doc) -> Sequence[int]:
        """Take the first ones."""
        if not self._exclude:
            return self._first
        others: list[int] = []
        for position, other in enumerate(self._pool):
            if len(others) == self._n:
                return others
            if other != doc:
                others.append(position)
        if len(others) < self._n:
            raise TooFewError(self._n, len(others))
        return others


class OwnSampler:
    """A sampler class of the task's own, asked as lm-eval asks it: ``sample(n=, eval_doc=)`` gives documents.

    A document that it makes up is added to the end of ``pool``, which the caller shares.
    """

    def __init__(self, spec: TaskSpec, pool: list[Doc], seed: int | None, exclude: bool) -> None:
        self._spec, self._pool, self._exclude = spec, pool, exclude
        made_by = bind(spec.fewshot.sampler)
        try:
            with no_exit():
                # lm-eval: made without a generator, seeded by set_rnd() where there is such a method.
                self._made = made_by(list(pool), rnd=None)
                if not callable(getattr(self._made, "sample", None)):
                    raise self._error("has no method 'sample(n, eval_doc=None)'.")
                if hasattr(self._made, "set_rnd"):
                    self._made.set_rnd(seed)
        except TaskError:
            raise
        except Exception as error:
            raise self._error(describe(error)) from error

    def draw(self, doc: Doc) -> Sequence[int]:
        """Ask it for the next document's examples."""
        n = self._spec.n_shot
        try:
            with no_exit():
                drawn = list(self._made.sample(n=n, eval_doc=doc if self._exclude else None))
        except Exception as error:
            raise self._error(describe(error, doc)) from error
        if len(drawn) != n:
            raise self._error(f"gave {len(drawn)} documents, but {_asked_for(n)}.")
        return [self._position(one) for one in drawn]

    def _position(self, drawn: Doc) -> int:
        for position, doc in enumerate(self._pool):
            # Identity first: comparing long documents costs more. The scan is linear in the pool for each drawn
            # example.
            if doc is drawn or doc == drawn:
                return position
        self._pool.append(drawn)
        return len(self._pool) - 1

    def _error(self, what: str) -> TaskError:
        return TaskError(self._spec.error(f"its sampler {what}", "fewshot_config", "sampler"))
