"""``lm_eval.api.samplers``: faces of proctor's samplers, for classes that task files and scripts derive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

from proctor.compat.errors import with_built_in
from proctor.errors import DataError, UnknownNameError, UsageError, did_you_mean
from proctor.tasks.fewshot import FirstN, RandomSampler


class ContextSampler:
    """Draws examples from ``df`` at random; ``eval_doc`` is left out of its own examples."""

    def __init__(
        self,
        df: Sequence[Any] | None = None,
        *,
        rnd: int | None = None,
        fewshot_indices: Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        self.rnd = Random(rnd)
        self.df: Sequence[Any] = [] if df is None else df
        self.fewshot_indices = fewshot_indices
        self._picked = False

    def sample(self, n: int, eval_doc: Any = None, df: Sequence[Any] | None = None, **kwargs: Any) -> Sequence[Any]:
        """``n`` documents; ``df`` replaces those that are drawn from."""
        _check_number(n)
        if n == 0:
            return []
        if df is not None and len(df):
            self.df = df
        pool = self._pool()
        if not len(pool):
            raise with_built_in(DataError("There are no documents available for few-shot examples."), AssertionError)
        needed = n + bool(eval_doc)
        if needed > len(pool):
            # lm-eval: no AssertionError here, but that of random.sample.
            raise with_built_in(DataError(f"{needed} few-shot examples are needed, but the pool holds {len(pool)}."))
        drawn = RandomSampler(pool, n, self.rnd, bool(eval_doc)).draw(eval_doc or {})
        return [pool[position] for position in drawn]

    def set_rnd(self, rnd: int | None) -> ContextSampler:
        """Seed it anew."""
        self.rnd = Random(rnd)
        return self

    def replace_df(self, df: Sequence[Any]) -> ContextSampler:
        """Draw from other documents."""
        self.df, self._picked = df, False
        return self

    def fewshot_docs(self) -> list[Any]:
        """What is drawn from, as a list."""
        return list(self._pool())

    def _pool(self) -> Sequence[Any]:
        if self.fewshot_indices and not self._picked:
            self.df = [self.df[position] for position in self.fewshot_indices]
        # ``fewshot_indices`` pick once; picked again from what was picked, they would name other documents.
        self._picked = True
        return self.df

    @staticmethod
    def rm_eval_doc(doc: Any, _iter: Iterable[Any], n: int | None = None) -> Sequence[Any]:
        """``_iter`` without ``doc``, its first ``n``."""
        return [one for one in _iter if one != doc][:n]


class FirstNSampler(ContextSampler):
    """Takes the first ones."""

    def sample(self, n: int, eval_doc: Any = None, df: Sequence[Any] | None = None, **kwargs: Any) -> Sequence[Any]:
        """The first ``n`` documents, without ``eval_doc``."""
        _check_number(n)
        others = len(self.df if eval_doc is None else self.rm_eval_doc(eval_doc, self.df))
        if n > others:
            raise with_built_in(
                DataError(
                    f"The number of few-shot examples, {n}, exceeds that of the documents in the pool, {others}."
                ),
                AssertionError,
            )
        drawn = FirstN(self.df, n, eval_doc is not None).draw(eval_doc or {})
        return [self.df[position] for position in drawn]


def _check_number(n: int) -> None:
    if n < 0:
        raise with_built_in(UsageError(f"The number of few-shot examples must be >=0, not {n}."), AssertionError)


SAMPLER_REGISTRY: dict[str, type[ContextSampler]] = {"default": ContextSampler, "first_n": FirstNSampler}


def get_sampler(name: str) -> type[ContextSampler]:
    """The sampler called ``name``."""
    if name not in SAMPLER_REGISTRY:
        hint = did_you_mean(name, SAMPLER_REGISTRY) or f"Known: {', '.join(SAMPLER_REGISTRY)}."
        raise with_built_in(
            UnknownNameError(f"There is no sampler {name!r}: no sampling strategy has this name.", hint=hint)
        )
    return SAMPLER_REGISTRY[name]
