"""``lm_eval.api.task.ConfigurableTask``: a task made from a configuration, open to be overridden.

Prompts, requests and scores come from the rooms that serve task files
(:mod:`proctor.tasks`); each step is a method here, so that a class may put its own in its place.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from proctor.compat.errors import raises_built_in, with_built_in
from proctor.compat.shipped import remember
from proctor.compat.tasks.configured_docs import ConfiguredDocuments
from proctor.compat.tasks.filters import build_filter_ensemble
from proctor.compat.tasks.instance import Instance
from proctor.compat.tasks.messages import Message
from proctor.compat.tasks.task_config import TaskConfig
from proctor.errors import DataError, UsageError
from proctor.metrics.base import MetricUse
from proctor.tasks.bind_spec import bind_metrics
from proctor.tasks.build_spec import named_prompt_of
from proctor.tasks.data import Documents
from proctor.tasks.document_turns import open_turns, shot_turns, system_turns
from proctor.tasks.example import Example, TaskShape, canonical_variant
from proctor.tasks.fields import Fields, Getter, bind_field
from proctor.tasks.output_types.base import TaskContext
from proctor.tasks.output_types.table import OUTPUT_TYPES
from proctor.tasks.prompt import PromptStyle, answer_text, render, turns
from proctor.tasks.use_prompt import NamedPrompt

log = logging.getLogger("proctor")

_NO_FIELD = {"doc_to_text": (Mapping, list), "doc_to_target": (Mapping,), "doc_to_choice": (int, float)}


class ConfigurableTask(ConfiguredDocuments):
    """A task of the task language as an object. ``CONFIG``: a configuration that a class brings along."""

    VERSION: Any = "Yaml"
    OUTPUT_TYPE: Any = None
    CONFIG: TaskConfig | None = None

    @raises_built_in
    def __init__(
        self, data_dir: Any = None, cache_dir: Any = None, download_mode: Any = None, config: Any = None
    ) -> None:
        self._configure(self.CONFIG, config)
        self._take_attributes()
        self._getters: dict[tuple[str, int], tuple[Any, Getter]] = {}
        self._instances: list[Instance] = []
        self.features: list[str] = []
        self._bind_metrics()
        self.download(self._config.dataset_kwargs)
        self._training_docs = self._fewshot_docs = None
        self.fewshot_rnd = None
        self._filters = [
            build_filter_ensemble(
                entry["name"],
                [(step["function"], {k: v for k, v in step.items() if k != "function"}) for step in entry["filter"]],
            )
            for entry in self._config.filter_list or [{"name": "none", "filter": [{"function": "take_first"}]}]
        ]
        self.prompt: NamedPrompt | None = None
        if self._config.use_prompt is not None:
            self.prompt = named_prompt_of(cast("Any", self._spec), self._config)
        self._look_at_first()

    def _take_attributes(self) -> None:
        config = self._config
        if isinstance(config.metadata, Mapping) and "version" in config.metadata:
            self.VERSION = config.metadata["version"]
        if config.output_type not in OUTPUT_TYPES:
            raise UsageError(f"There is no output_type {config.output_type!r}.", hint=f"Known: {[*OUTPUT_TYPES]}.")
        self.OUTPUT_TYPE = config.output_type
        self._output = OUTPUT_TYPES[config.output_type]
        self.DATASET_PATH = config.dataset_path or self.DATASET_PATH
        self.DATASET_NAME = config.dataset_name or self.DATASET_NAME
        if config.doc_to_image is not None or config.doc_to_audio:
            self.MULTIMODAL = True
        if config.unsafe_code is not False:
            self.UNSAFE_CODE = True

    def _bind_metrics(self) -> None:
        self._uses: tuple[MetricUse, ...] = bind_metrics(self._spec)
        self._derived: dict[str, MetricUse] = {}
        self._metric_fn_list = {use.name: use.function for use in self._uses}
        self._metric_fn_kwargs = {use.name: dict(use.kwargs) for use in self._uses}
        self._aggregation_list = {use.name: use.aggregation for use in self._uses}
        self._higher_is_better = {use.name: use.higher_is_better for use in self._uses}

    def override_metric(self, metric_name: str) -> None:
        """Measure one other metric."""
        self._config.metric_list = [{"metric": metric_name}]
        self._config.process_results = "process_results"
        self._bind_metrics()

    def _look_at_first(self) -> None:
        """The first document decides whether its choices are contexts and its answers several."""
        self.task_docs = self.eval_docs
        self.features = list(Documents(self.task_docs).columns)
        self.multiple_input = self.multiple_target = 0
        if len(self.task_docs) == 0:
            raise DataError(f"Task '{self.task_name}' gave no document to evaluate.")
        first = self.task_docs[0]
        text, target = self.doc_to_text(first), self.doc_to_target(first)
        if self._config.doc_to_choice is not None and isinstance(text, int):
            self.multiple_input = len(self.doc_to_choice(first))
        if isinstance(target, list):
            self.multiple_target = len(target)

    @property
    def _shape(self) -> TaskShape:
        return TaskShape(bool(self.multiple_input), bool(self.multiple_target))

    @property
    def _context(self) -> TaskContext:
        return TaskContext.of(self._spec, self._shape, self._uses, self._derived)

    # -- fields

    def _field(self, key: str, doc: Any, value: Any) -> Any:
        named = getattr(self.prompt, key.removeprefix("doc_to_"), None) if hasattr(self, "prompt") else None
        value = named if named is not None else value if value is not None else getattr(self._config, key)
        known = self._getters.get((key, id(value)))
        if known is None or known[0] is not value:
            if isinstance(value, _NO_FIELD[key]):
                raise UsageError(f"{key} cannot be {value!r}, a value of type {type(value).__name__}.")
            known = (value, bind_field(self._spec, key, value, self.features))
            self._getters[key, id(value)] = known
        return known[1](doc)

    def doc_to_text(self, doc: Any, doc_to_text: Any = None) -> Any:
        """The question; with a second argument, as that says."""
        return self._field("doc_to_text", doc, doc_to_text)

    def doc_to_target(self, doc: Any, doc_to_target: Any = None) -> Any:
        """The answer."""
        return self._field("doc_to_target", doc, doc_to_target)

    def doc_to_choice(self, doc: Any, doc_to_choice: Any = None) -> Any:
        """The choices."""
        return self._field("doc_to_choice", doc, doc_to_choice)

    def doc_to_image(self, doc: Any, doc_to_image: Any = None) -> Any:
        """The images."""
        return self._media(doc, doc_to_image or self._config.doc_to_image)

    def doc_to_audio(self, doc: Any, doc_to_audio: Any = None) -> Any:
        """The sounds."""
        return self._media(doc, doc_to_audio or self._config.doc_to_audio)

    def _media(self, doc: Any, value: Any) -> Any:
        if isinstance(value, list):
            return [found for found in (self._media(doc, one) for one in value) if found is not None]
        return None if value is None else bind_field(self._spec, "doc_to_choice", value, self.features)(doc)

    def doc_to_prefix(self, doc: Any) -> Any:
        """How the answer begins: a column or template."""
        prefix = self._config.gen_prefix
        return None if prefix is None else bind_field(self._spec, "doc_to_text", prefix, self.features)(doc)

    def should_decontaminate(self) -> bool:
        """Whether training data would be searched for its documents."""
        return self._config.should_decontaminate

    def doc_to_decontamination_query(self, doc: Any) -> Any:
        """What would be searched for."""
        if not self._config.should_decontaminate:
            return None
        query = self._config.doc_to_decontamination_query
        return self.doc_to_text(doc) if query is None else bind_field(self._spec, "query", query, self.features)(doc)

    # -- prompts

    def fewshot_context(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        doc: Any,
        num_fewshot: int,
        system_instruction: str | None = None,
        apply_chat_template: bool = False,
        fewshot_as_multiturn: bool = False,
        chat_template: Callable[..., str] | None = None,
        gen_prefix: str | None = None,
    ) -> Any:
        """The prompt; a list of prompts where the choices are contexts."""
        style = PromptStyle(chat_template if apply_chat_template else None, fewshot_as_multiturn, system_instruction)
        spec, shape = self._spec, self._shape
        before = system_turns(spec, style, self.resolve_field(doc, spec.description))
        if num_fewshot > 0:
            fields = self._example_fields()
            for shot in self.sampler.sample(n=num_fewshot, eval_doc=doc if self._leaves_out(spec) else None):
                before += shot_turns(spec, fields, shape, shot)
        text, choices = (None, self.doc_to_choice(doc)) if self.multiple_input else (self.doc_to_text(doc), None)
        contexts = open_turns(spec, shape, before, text, choices, gen_prefix)
        prompts = [render(context, style, gen_prefix=gen_prefix) for context in contexts]
        return prompts if self.multiple_input else prompts[0]

    def _example_fields(self) -> Fields:
        shots = self.fewshot_cfg
        return Fields(
            text=lambda doc: _called_with(self.doc_to_text, doc, shots.doc_to_text),
            target=lambda doc: _called_with(self.doc_to_target, doc, shots.doc_to_target),
            choice=(lambda doc: _called_with(self.doc_to_choice, doc, shots.doc_to_choice))
            if shots.doc_to_choice
            else None,
            gen_prefix=lambda doc: self.resolve_field(doc, shots.gen_prefix),
        )

    def build_qa_turn(
        self,
        *,
        q: str | None = None,
        c: list[str] | None = None,
        a: Any = None,
        gen_prefix: str | None = None,
        tgt_delim: str = " ",
        few_delim: str = "\n\n",
    ) -> list[Message]:
        """A question, and its answer or how it begins, as turns."""
        if not isinstance(q, str | None):
            raise with_built_in(UsageError(f"The question is {q!r}, not a string."), AssertionError)
        made = turns(q or "", answer_text(a, c), gen_prefix, tgt_delim, few_delim)
        return [Message(turn.role, turn.content, turn.delimiter) for turn in made]

    # -- requests and scores

    def construct_requests(self, doc: Any, ctx: Any, **kwargs: Any) -> Any:
        """The instances of the configuration's output_type."""
        chat, _ = bool(kwargs.pop("apply_chat_template", False)), kwargs.pop("chat_template", None)
        context = replace(self._context, wanted=frozenset(self._metric_fn_list))
        contexts = ctx if isinstance(ctx, list) else [ctx]
        asks = self._output.asks(context, self._example(doc), 0, contexts, chat=chat)
        given = (("visual", self.doc_to_image(doc)), ("audio", self.doc_to_audio(doc)))
        media = {name: value for name, value in given if value is not None}
        every = [(*arguments, *([media] if media else [])) for ask in asks for arguments in ask.request.arguments]
        several, kind = self._output.has_options, self.OUTPUT_TYPE
        instances = [
            Instance(
                request_type="loglikelihood" if several else kind, doc=doc, arguments=arguments, idx=number, **kwargs
            )
            for number, arguments in enumerate(every)
        ]
        return instances if several else instances[0]

    def _example(self, doc: Any) -> Example:
        chooses = self._config.doc_to_choice is not None or self._output.has_options
        choices = tuple(self.doc_to_choice(doc) or ()) if chooses else None
        text, target = self.doc_to_text(doc) if self.multiple_input else None, self.doc_to_target(doc)
        variant = canonical_variant((), choices, text if self.multiple_input else target)
        return Example(-1, doc, (variant,), text, target, None)

    def process_results(self, doc: Any, results: Sequence[Any]) -> Any:
        """The scores of the configuration's metrics, or of its process_results."""
        own = self._config.process_results
        if callable(own):
            return own(doc, results)
        output, example = self._output, self._example(doc)
        return dict(output.measure(self._context, example, 0, output.results_of(example, results)))

    def aggregation(self) -> dict[str, Any]:
        """Metric -> function of all documents' values."""
        return {**self._aggregation_list, **{name: use.aggregation for name, use in self._derived.items()}}

    def higher_is_better(self) -> dict[str, Any]:
        """Metric -> whether higher is better."""
        return {**self._higher_is_better, **{name: use.higher_is_better for name, use in self._derived.items()}}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._config.task!r}, {self.OUTPUT_TYPE}, {len(self.eval_docs)} documents)"


remember(ConfigurableTask)


def _called_with(method: Callable[..., Any], doc: Any, value: Any) -> Any:
    """A field of an example. A class may say ``doc_to_text(self, doc)`` and no more: then it is asked so."""
    try:
        inspect.signature(method).bind(doc, value)
    except TypeError:
        return method(doc)
    return method(doc, value)
