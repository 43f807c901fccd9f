"""``lm_eval.api.task.Task``: what every task written as a class descends from.

A run asks such an object through :mod:`proctor.tasks.class_task`; what stands here is what the object
answers where its class does not say otherwise.
"""

# What a derived class may count on
# ---------------------------------
# lm-eval's order of calls and names of attributes: __init__ downloads, ``dataset`` holds the splits, ``_training_docs``
# caches, ``fewshot_rnd`` is seeded by set_fewshot_seed(). Derived classes override any of these, read the private ones,
# and call super(); so the private names are part of the interface here.
#
# The work itself (templates, metrics, reading data) is done by the rooms that serve task files: ``_spec`` makes a
# spec of the configuration as it is at that moment, since scripts change configurations after the object was made.

from __future__ import annotations

import abc
import logging
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from proctor.compat.tasks.filters import build_filter_ensemble
from proctor.compat.tasks.helpers import create_iterator
from proctor.compat.tasks.instance import Instance, OutputType
from proctor.compat.tasks.messages import random_task_id
from proctor.compat.tasks.task_config import TaskConfig
from proctor.errors import DataError, UsageError
from proctor.metrics.metric_list import use_metric
from proctor.tasks.build_spec import assemble_task
from proctor.tasks.class_task import InlineNode, ask_instances
from proctor.tasks.data import load_splits
from proctor.tasks.fields import key_or_template
from proctor.tasks.output_types.table import DEFAULT_OUTPUT_TYPE, OUTPUT_TYPES
from proctor.tasks.prompt import PromptStyle
from proctor.tasks.spec import TaskSpec

log = logging.getLogger("proctor")


class Task(abc.ABC):
    """Documents, prompts, requests and scores of one benchmark. A document may be of any kind."""

    VERSION: Any = None
    DATASET_PATH: str | None = None
    DATASET_NAME: str | None = None
    OUTPUT_TYPE: OutputType | None = None

    def __init__(
        self,
        data_dir: str | None = None,
        cache_dir: str | None = None,
        download_mode: Any = None,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self._config = TaskConfig(**config) if config else TaskConfig()
        self.download(data_dir, cache_dir, download_mode)
        self._training_docs: list[Any] | None = None
        self._fewshot_docs: list[Any] | None = None
        self._instances: list[Instance] = []
        self._filters: list[Any] = [build_filter_ensemble("none", [("take_first", None)])]
        self.fewshot_rnd: random.Random | None = None

    def download(self, data_dir: str | None = None, cache_dir: str | None = None, download_mode: Any = None) -> None:
        """Load ``self.dataset`` by DATASET_PATH and DATASET_NAME; a class may get it elsewhere."""
        given = {"data_dir": data_dir, "cache_dir": cache_dir, "download_mode": download_mode}
        self.dataset: Any = self._load({key: value for key, value in given.items() if value is not None})

    def _load(self, kwargs: Mapping[str, Any]) -> Any:
        spec = self._spec
        # ``config_source`` is what assemble_task() writes into the metadata of every task.
        # Files beside the YAML file that the configuration comes from are found from any directory.
        source = self._config.metadata.get("config_source") if isinstance(self._config.metadata, Mapping) else None
        folder = str(Path(source).parent) if isinstance(source, str) and source.endswith((".yaml", ".yml")) else None
        data = replace(spec.data, path=self.DATASET_PATH, name=self.DATASET_NAME, kwargs=kwargs, folder=folder)
        return load_splits(replace(spec, data=data))

    @property
    def _spec(self) -> TaskSpec:
        """The configuration as it is now, as proctor reads it."""
        config = {key: value for key, value in vars(self._config).items() if value is not None}
        shots = config.get("fewshot_config")
        return assemble_task(
            InlineNode(self._config.task or type(self).__name__, {**config, "fewshot_config": vars(shots)})
        )

    @property
    def config(self) -> TaskConfig:
        """The configuration."""
        return self._config

    @property
    def task_name(self) -> str:
        """The name under which it was asked for, else a random one."""
        return self._config.task or random_task_id()

    # -- documents

    @abc.abstractmethod
    def has_training_docs(self) -> bool:
        """Whether there are documents to take examples from."""

    @abc.abstractmethod
    def has_validation_docs(self) -> bool:
        """Whether there is a validation split."""

    @abc.abstractmethod
    def has_test_docs(self) -> bool:
        """Whether there is a test split."""

    def training_docs(self) -> Iterable[Any]:
        """Documents to take examples from."""
        return []

    def validation_docs(self) -> Iterable[Any]:
        """Documents that are evaluated where there are no test documents."""
        return []

    def test_docs(self) -> Iterable[Any]:
        """Documents that are evaluated."""
        return []

    def fewshot_docs(self) -> Iterable[Any]:
        """Where examples come from: the training documents, else what is evaluated."""
        return self.training_docs() if self.has_training_docs() else self._evaluated(first="validation")

    @property
    def eval_docs(self) -> Any:
        """What is evaluated: the test documents, else the validation documents."""
        if not (self.has_test_docs() or self.has_validation_docs()):
            raise DataError(f"Task '{self.task_name}' has neither test nor validation documents.")
        return self._evaluated(first="test")

    def _evaluated(self, first: str) -> Any:
        validation = self.has_validation_docs() and (first == "validation" or not self.has_test_docs())
        return self.validation_docs() if validation else self.test_docs()

    def _process_doc(self, doc: Any) -> Any:
        return doc

    def doc_iterator(
        self, *, rank: int = 0, limit: int | None = None, world_size: int = 1, samples: Sequence[int] | None = None
    ) -> Iterator[tuple[int, Any]]:
        """Positions and documents that are evaluated; ``samples``: only the documents of these numbers.

        lm-eval: a position counts what is evaluated; ``sorted(samples)[position]`` is the document's number.
        """
        docs = self.eval_docs
        if samples:
            wanted = frozenset(samples)
            if max(wanted) >= len(docs):
                raise UsageError(f"Task '{self.task_name}' has {len(docs)} documents, but {max(wanted)} is asked for.")
            chosen = enumerate(doc for number, doc in enumerate(docs) if number in wanted)
            return create_iterator(chosen, rank=rank, world_size=world_size)
        return create_iterator(enumerate(docs), rank=rank, world_size=world_size, limit=int(limit) if limit else None)

    # -- prompts

    @abc.abstractmethod
    def doc_to_text(self, doc: Any) -> Any:
        """The question."""

    @abc.abstractmethod
    def doc_to_target(self, doc: Any) -> Any:
        """The answer."""

    def doc_to_image(self, doc: Any) -> Any:
        """The images of a document."""
        raise NotImplementedError

    def doc_to_audio(self, doc: Any) -> Any:
        """The sounds of a document."""
        raise NotImplementedError

    def doc_to_prefix(self, doc: Any) -> Any:
        """How the answer begins."""
        return ""

    def doc_to_decontamination_query(self, doc: Any) -> Any:
        """What is looked for in training data."""
        raise NotImplementedError(f"{type(self).__name__} has no doc_to_decontamination_query")

    @staticmethod
    def resolve_field(doc: Mapping[str, Any], field: str | None = None) -> Any:
        """A key of the document, else a template."""
        return key_or_template(assemble_task(InlineNode("field", {})), "field", field)(doc)

    def set_fewshot_seed(self, seed: int | None = None) -> None:
        """Seed the choice of examples."""
        self.fewshot_rnd = random.Random(seed)

    def fewshot_examples(self, k: int, rnd: random.Random) -> Any:
        """``k`` training documents."""
        if self._training_docs is None:
            self._training_docs = list(self.training_docs())
        return rnd.sample(self._training_docs, k)

    def fewshot_context(
        self,
        doc: Any,
        num_fewshot: int,
        rnd: random.Random | None = None,
        description: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """The prompt: description, examples with their answers, question. Chat templates do not reach it."""
        shots = self._shots(doc, num_fewshot, rnd or self.fewshot_rnd) if num_fewshot else ()
        solved = [self.doc_to_text(shot) + self.doc_to_target(shot) + "\n\n" for shot in shots]
        return (description or "") + "".join(solved) + self.doc_to_text(doc)

    def _shots(self, doc: Any, n: int, rnd: random.Random | None) -> Sequence[Any]:
        if rnd is None:
            raise UsageError("Few-shot examples need a seed.", hint="Call set_fewshot_seed first.")
        if self.has_training_docs():
            return self.fewshot_examples(n, rnd)
        if self._fewshot_docs is None:
            self._fewshot_docs = list(self._evaluated(first="validation"))
        # lm-eval: n + 1 are drawn, so that n are left if the document itself is among them.
        return [one for one in rnd.sample(self._fewshot_docs, n + 1) if one != doc][:n]

    # -- requests

    @abc.abstractmethod
    def construct_requests(self, doc: Any, ctx: Any, **kwargs: Any) -> Any:
        """The instance, or list of instances, that ask about a document."""

    @property
    def instances(self) -> list[Instance]:
        """What :meth:`build_all_requests` built."""
        return self._instances

    def build_all_requests(
        self,
        *,
        limit: int | None = None,
        samples: Sequence[int] | None = None,
        rank: int = 0,
        world_size: int = 1,
        system_instruction: str | None = None,
        apply_chat_template: bool = False,
        fewshot_as_multiturn: bool = False,
        chat_template: Callable[..., str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Build the instances of all documents. lm-eval's cache of requests is not kept: they are built in no time."""
        style = PromptStyle(chat_template if apply_chat_template else None, fewshot_as_multiturn, system_instruction)
        shots, repeats = self._config.num_fewshot or 0, self._config.repeats
        self._instances = []
        for number, doc in self.doc_iterator(rank=rank, limit=limit, samples=samples, world_size=world_size):
            self._instances += ask_instances(self, doc, (self.task_name, number, repeats), shots, style)
        if not self._instances:
            raise DataError(f"Task '{self.task_name}' has no documents to build requests from.")

    def apply_filters(self) -> None:
        """Filter the responses of all instances by all pipelines."""
        for pipeline in self._filters:
            pipeline.apply(self._instances)

    # -- scores

    @abc.abstractmethod
    def process_results(self, doc: Any, results: Any) -> Any:
        """The scores of one document from its answers."""

    @abc.abstractmethod
    def aggregation(self) -> Any:
        """Metric -> function of all documents' values."""

    @abc.abstractmethod
    def higher_is_better(self) -> Any:
        """Metric -> whether higher is better."""

    def override_metric(self, metric_name: str) -> None:
        """Measure one other metric."""
        use = use_metric(metric_name, output=OUTPUT_TYPES[DEFAULT_OUTPUT_TYPE].measured, with_process_results=False)
        methods = {
            "process_results": lambda doc, results: {metric_name: use.function},
            "aggregation": lambda: {metric_name: use.aggregation},
        }
        vars(self).update(methods)
        self._config.metric_list = [{"metric": metric_name}]
        self._config.process_results = "process_results"

    @classmethod
    def count_bytes(cls, doc: str) -> int:
        """Bytes of a text."""
        return len(doc.encode("utf-8"))

    @classmethod
    def count_words(cls, doc: str) -> int:
        """Words of a text; a class for another script may count otherwise."""
        return len(re.split(r"\s+", doc))

    # -- configuration

    def get_config(self, key: str) -> Any:
        """The value of a key, None where there is none."""
        return getattr(self._config, key, None)

    def set_config(self, key: str, value: Any, update: bool = False) -> None:
        """Set a key; ``update``: change a mapping instead."""
        if not update:
            setattr(self._config, key, value)
            return
        current = getattr(self._config, key, None)
        if not isinstance(current, dict):
            raise UsageError(f"{key} of task '{self.task_name}' is no mapping that could be updated: {current!r}.")
        current.update(value)

    def dump_config(self) -> dict[str, Any]:
        """The configuration for the results file."""
        return self._config.to_dict()
