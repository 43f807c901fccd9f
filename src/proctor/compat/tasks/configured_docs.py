"""The documents of a configured task: its splits, and those that its examples are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from proctor.compat.tasks import samplers
from proctor.compat.tasks.base import Task
from proctor.compat.tasks.task_config import TaskConfig
from proctor.errors import UsageError
from proctor.tasks.data import load_custom
from proctor.tasks.fewshot import excludes_evaluated, pool_split
from proctor.tasks.spec import TaskSpec


class ConfiguredDocuments(Task):
    """What :class:`~proctor.compat.tasks.configurable.ConfigurableTask` reads, as its configuration says."""

    _shots_seed: int | None = None
    _excludes_evaluated = False

    def _configure(self, own: TaskConfig | None, given: Mapping[str, Any] | None) -> None:
        """Set the configuration: ``given``, over what the class brings along."""
        if own is None and given is None:
            raise UsageError("A ConfigurableTask needs a configuration: config= or the attribute CONFIG.")
        if own is None:
            own = given if isinstance(given, TaskConfig) else TaskConfig(**(given or {}))
        elif given:
            vars(own).update(given)
        self._config = own
        self._read: dict[str, tuple[Any, Any, Any]] = {}

    @property
    def fewshot_cfg(self) -> Any:
        """How examples are chosen and written."""
        return self._config.fewshot_config

    def download(self, dataset_kwargs: Any = None, **kwargs: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Load ``self.dataset`` by the configuration; a class may get it elsewhere."""
        if callable(self._config.custom_dataset):
            self.dataset = load_custom(self._spec)
            return
        # lm-eval: data sets that run code no longer load anywhere.
        given = {key: value for key, value in (dataset_kwargs or {}).items() if key != "trust_remote_code"}
        self.dataset = self._load(given)

    def has_training_docs(self) -> bool:
        """Whether training_split is set."""
        return self._config.training_split is not None

    def has_validation_docs(self) -> bool:
        """Whether validation_split is set."""
        return self._config.validation_split is not None

    def has_test_docs(self) -> bool:
        """Whether test_split is set."""
        return self._config.test_split is not None

    def training_docs(self) -> Any:
        """The training split after process_docs."""
        return self._split(self._config.training_split, self._config.process_docs)

    def validation_docs(self) -> Any:
        """The validation split after process_docs."""
        return self._split(self._config.validation_split, self._config.process_docs)

    def test_docs(self) -> Any:
        """The test split after process_docs."""
        return self._split(self._config.test_split, self._config.process_docs)

    def _split(self, name: str | None, process_docs: Any) -> Any:
        """A split, processed once for as long as ``self.dataset`` holds the same rows."""
        if name is None:
            return None
        rows = self.dataset[name]
        if process_docs is None:
            return rows
        cached = self._read.get(name)
        if cached is None or cached[0] is not rows or cached[1] is not process_docs:
            self._read[name] = cached = (rows, process_docs, process_docs(rows))
        return cached[2]

    def fewshot_docs(self) -> Any:
        """Where examples come from: fewshot_split, else the samples of fewshot_config, else as for any task."""
        shots = self.fewshot_cfg
        if shots.split is not None:
            return self._split(shots.split, shots.process_docs)
        if shots.samples is not None:
            return shots.samples() if callable(shots.samples) else shots.samples
        return super().fewshot_docs()

    @cached_property
    def sampler(self) -> samplers.ContextSampler:
        """What chooses examples, made when it is first used: a training split may be large, or not there."""
        named, indices, docs = self.fewshot_cfg.sampler, self.fewshot_cfg.fewshot_indices, self.fewshot_docs()
        if indices:
            docs = [docs[position] for position in indices]
        made = samplers.get_sampler(named)(docs) if isinstance(named, str) else named(list(docs), rnd=None)
        return made.set_rnd(self._shots_seed)

    def set_fewshot_seed(self, seed: int | None = None) -> None:
        """Seed the choice of examples."""
        super().set_fewshot_seed(seed)
        self._shots_seed = seed
        if "sampler" in vars(self):
            self.sampler.set_rnd(seed)

    def exclude_evaluated(self) -> None:
        """``--fewshot_exclude always``: no question among its own examples; lm-eval has no such method."""
        self._excludes_evaluated = True

    def _leaves_out(self, spec: TaskSpec) -> bool:
        # Where the class chooses its documents itself, any question may be among them.
        may_be_there = pool_split(spec) in (None, spec.data.eval_split)
        return excludes_evaluated(spec) or (self._excludes_evaluated and may_be_there)
