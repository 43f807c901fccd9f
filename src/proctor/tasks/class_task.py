"""Tasks written as Python classes: the face of :class:`~proctor.tasks.task.Task` over an object.

``class: !function module.Class`` and objects made by a script are asked for their documents,
prompts, requests and scores by lm-eval's method names. Which class they descend from does not
matter here.
"""

# lm-eval's interface of a task class, as it is used here
# -------------------------------------------------------
#   config, dump_config()                   -> spec, configs of the results file
#   eval_docs | test_docs(), validation_docs()  -> documents
#   fewshot_context(doc, ...)               -> the prompt, examples included
#   construct_requests(doc, ctx, ...)       -> instances: request_type, arguments, idx
#   process_results(doc, values)            -> metric values of the document
#   aggregation(), higher_is_better()       -> how they become scores
#
# Why an adapter, and not a base class: such classes are written against lm-eval's own, and some descend from nothing
# that is known here. Methods are called by name; whatever they raise is an error with the line that names the class.

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeAlias

from proctor.errors import ProctorError, TaskError
from proctor.metrics.base import MetricUse
from proctor.metrics.tables import aggregation_name
from proctor.tasks.build_spec import assemble_task
from proctor.tasks.check_utf8 import check_utf8
from proctor.tasks.class_errors import errors_of_class
from proctor.tasks.class_object import (
    apply_overrides,
    call_method,
    documents_of_object,
    make_object,
    pipelines_of_object,
    spec_of_object,
)
from proctor.tasks.data import Selection, positions
from proctor.tasks.example import Ask, AskResult, AskRole, Example, NoteError, TaskShape, canonical_variant
from proctor.tasks.prompt import ChatRenderer, PromptStyle
from proctor.tasks.spec import RunOverrides, TaskSpec
from proctor.tasks.task import Task
from proctor.types import Generate, Loglikelihood, Request, RequestKind, Rolling

log = logging.getLogger("proctor")

_KINDS = {"loglikelihood": 2, "loglikelihood_rolling": 1, "generate_until": 2}
"""How many arguments an instance of each kind has."""

_ROLES: Mapping[RequestKind, AskRole] = {
    "loglikelihood": "option",
    "loglikelihood_rolling": "text",
    "generate_until": "prompt",
}
"""An object does not say what its requests are for, and only it computes with the results: the kind is all there is."""


class ClassTask:
    """One object with lm-eval's task methods, ready to be asked."""

    shape = TaskShape(multiple_input=False, multiple_target=False)

    def __init__(self, made: Any, spec: TaskSpec, *, seeded: bool = False) -> None:
        self._made = made
        self.is_seeded = seeded
        with errors_of_class(spec):
            apply_overrides(made, spec)
            self.spec = spec_of_object(made, spec)
            self.pipelines = pipelines_of_object(made, self.spec)
            self.documents = documents_of_object(made, spec)
        self.derived: dict[str, MetricUse] = {}

    @property
    def takes_media(self) -> bool:
        """Whether its requests hold images or sound."""
        return bool(getattr(self._made, "MULTIMODAL", False))

    @cached_property
    def uses(self) -> tuple[MetricUse, ...]:
        """Its metrics, as it says that they aggregate."""
        with errors_of_class(self.spec):
            directions = dict(call_method(self._made, "higher_is_better") or {})
            aggregations = dict(call_method(self._made, "aggregation") or {})
        return tuple(
            MetricUse(name, None, function, aggregation_name(function), directions.get(name))
            for name, function in aggregations.items()
        )

    def positions(self, selection: Selection) -> Sequence[int]:
        """Which documents are evaluated: see :func:`proctor.tasks.data.positions`."""
        return positions(self.spec.name, self.documents, selection)

    def examples(
        self, positions: Sequence[int], style: PromptStyle, seed: int | None, note: NoteError | None = None
    ) -> Iterator[Example]:
        """The documents at ``positions``, in order; prompts follow in :meth:`asks`.

        ``note``: as for other tasks.
        """
        with errors_of_class(self.spec):
            if hasattr(self._made, "set_fewshot_seed") and not self.is_seeded:
                self._made.set_fewshot_seed(seed)
        for doc_id, doc in zip(positions, self.documents.rows(positions), strict=True):
            try:
                with errors_of_class(self.spec, doc):
                    target = self._made.doc_to_target(doc)
            except ProctorError as error:
                if note is None:
                    raise
                note(doc_id, error)
            else:
                yield Example(doc_id, doc, (canonical_variant((), None, target),), None, target, None)

    def asks(self, example: Example, style: PromptStyle) -> tuple[Ask, ...]:
        """The requests that the object makes of one document: see :func:`join_instances`."""
        with errors_of_class(self.spec, example.doc):
            requests = join_instances(self._instances(example, style))
        check_utf8(self.spec, example.doc_id, requests, "class")
        return tuple(Ask(0, _ROLES[request.kind], request) for request in requests)

    def _instances(self, example: Example, style: PromptStyle) -> list[tuple[str, tuple[Any, ...]]]:
        metadata = (self.spec.name, example.doc_id, self.spec.repeats)
        given = ask_instances(self._made, example.doc, metadata, self.spec.n_shot, style)
        # lm-eval: results reach process_results in the order of ``idx``.
        instances = sorted(given, key=lambda instance: instance.idx)
        if not instances:
            raise self._error(f"construct_requests gave no request for document {example.doc_id}.")
        return [self._checked(instance, example.doc_id) for instance in instances]

    def _checked(self, instance: Any, doc_id: int) -> tuple[str, tuple[Any, ...]]:
        kind, given = instance.request_type, instance.arguments
        arguments = given if isinstance(given, tuple) else (given,)
        if kind not in _KINDS:
            raise self._error(
                f"construct_requests gave a request of the type {kind!r}.", f"Known: {', '.join(_KINDS)}."
            )
        # lm-eval: images and sound are a mapping at the end of the arguments.
        if len(arguments) == _KINDS[kind] + 1 and isinstance(arguments[-1], Mapping):
            raise self._error("its requests hold images or sound, which no model here takes.")
        if len(arguments) != _KINDS[kind] or not isinstance(arguments[0], str):
            raise self._error(f"construct_requests gave {kind} the arguments {arguments!r} for document {doc_id}.")
        if kind == "loglikelihood":
            return kind, (arguments[0], *map(str, arguments[1:]))
        return kind, arguments

    def _error(self, message: str, hint: str | None = None) -> TaskError:
        return TaskError(self.spec.error(message, "class", hint=hint))

    def measure(self, example: Example, variant: int, results: Sequence[AskResult]) -> Mapping[str, Any]:
        """The metric values of one document from what filters left of its responses, as its object computes them."""
        if self.spec.predict_only:
            return {}
        with errors_of_class(self.spec, example.doc):
            measured = self._made.process_results(example.doc, [value for one in results for value in one.values])
        if not isinstance(measured, Mapping):
            raise self._error(f"process_results must return a mapping, but it returned {measured!r}.")
        return measured

    def dump(self) -> Mapping[str, Any]:
        """The whole configuration, for the results file."""
        with errors_of_class(self.spec):
            dumped = call_method(self._made, "dump_config")
        return dumped if isinstance(dumped, Mapping) else {"task": self.spec.name}


def join_instances(instances: Iterable[tuple[str, tuple[Any, ...]]]) -> list[Request]:
    """Requests as lm-eval's interface has them, one for each continuation, as requests of ours.

    Log-likelihoods that follow each other and share a context are one request: its context is then computed once.

    Args:
        instances: Kind and arguments of each.
    """
    requests: list[Request] = []
    for kind, arguments in instances:
        last = requests[-1] if requests else None
        if kind == "generate_until":
            requests.append(Generate(*arguments))
        elif kind == "loglikelihood_rolling":
            requests.append(Rolling(*arguments))
        # Only neighbours are joined: values must come back in the order of the instances.
        elif isinstance(last, Loglikelihood) and last.context == arguments[0]:
            requests[-1] = Loglikelihood(last.context, (*last.continuations, *arguments[1:]))
        else:
            requests.append(Loglikelihood(arguments[0], arguments[1:]))
    return requests


def ask_instances(made: Any, doc: Any, metadata: tuple[str, int, int], n_shot: int, style: PromptStyle) -> list[Any]:
    """The instances that an object constructs for one document, with the keywords that lm-eval gives it."""
    chat = None if style.chat is None else _template(style.chat)
    prefix = made.doc_to_prefix(doc) if hasattr(made, "doc_to_prefix") else None
    context = made.fewshot_context(
        doc,
        num_fewshot=n_shot,
        system_instruction=style.system_instruction,
        apply_chat_template=chat is not None,
        fewshot_as_multiturn=style.multiturn,
        chat_template=chat,
        gen_prefix=prefix,
    )
    given = made.construct_requests(
        doc=doc, ctx=context, metadata=metadata, apply_chat_template=chat is not None, chat_template=chat
    )
    return given if isinstance(given, list) else [given]


def _template(chat: ChatRenderer) -> Callable[..., str]:
    """A chat template as lm-eval's task classes call it: the second argument by place, or left out."""

    def apply(chat_history: Sequence[Mapping[str, str]], add_generation_prompt: bool = True) -> str:
        return chat(chat_history, add_generation_prompt=add_generation_prompt)

    return apply


AnyTask: TypeAlias = Task | ClassTask
"""What a run asks: a task of the task language or one written as a class."""


def bind_task(spec: TaskSpec) -> AnyTask:
    """The task of a spec with its data and functions."""
    return Task(spec) if spec.made_by is None else make_task(spec)


def make_task(spec: TaskSpec) -> ClassTask:
    """Call the class of a ``class:`` task as lm-eval does, and adapt what comes back."""
    task = ClassTask(make_object(spec), spec)
    if spec.fewshot.exclude == "always" and task.spec.n_shot:
        log.warning("Task '%s' is a class and draws its examples itself: --fewshot_exclude is not heeded.", spec.name)
    return task


def from_object(
    made: Any,
    *,
    name: str | None = None,
    num_fewshot: int | None = None,
    gen_kwargs: Mapping[str, Any] | None = None,
    predict_only: bool = False,
    seeded: bool = False,
) -> ClassTask:
    """Adapt an object that a script made. ``name`` None: as its configuration calls it, else its class.

    ``seeded``: the script has chosen the seed of its examples, and a run leaves it at that.
    """
    own = name or getattr(getattr(made, "config", None), "task", None) or type(made).__name__
    blank = assemble_task(InlineNode(str(own), {"task": str(own)}))
    overrides = RunOverrides(num_fewshot=num_fewshot, gen_kwargs=gen_kwargs or {})
    return ClassTask(made, replace(blank, overrides=overrides, predict_only=predict_only), seeded=seeded)


class InlineNode:
    """A task without a file: what :func:`assemble_task` takes."""

    file: str | None = None
    places: Mapping[tuple[str | int, ...], Any] = {}

    def __init__(self, name: str, config: Mapping[str, Any]) -> None:
        self.name, self.config = name, config
