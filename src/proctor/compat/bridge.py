"""Between lm-eval's idea of a model and proctor's: each can stand where the other is wanted.

A script's :class:`~proctor.compat.api.model.LM` gets lists of instances, all requests of one kind in
one call, as lm-eval gives them; one of proctor's models gets requests in which a question's choices
are together.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proctor.compat.api.instance import Instance
from proctor.compat.api.model import LM, CachingLM
from proctor.compat.instances import instances_about, instances_of
from proctor.errors import ModelError, UsageError
from proctor.types import (
    Generate,
    Loglikelihood,
    Model,
    Origin,
    Request,
    RequestKind,
    Response,
    Rolling,
    RollingScore,
    Scores,
    Text,
)

TOKENS = ("pad", "eos", "bos")
RUN_KEYS = ("batch_size", "max_batch_size", "device")


class LMModel:
    """A model of lm-eval's kind (:class:`LM`) as :class:`proctor.types.Model`."""

    identity: Mapping[str, Any] | None = None
    """Nobody knows what a script's model answers by, so its answers are not kept."""

    def __init__(self, lm: LM | CachingLM) -> None:
        self.lm: Any = lm

    @property
    def name(self) -> str:
        """What the model was made from, if it says so; else its class."""
        source = getattr(self.lm, "pretrained", None)
        return source if isinstance(source, str) else type(self.lm).__name__

    @property
    def info(self) -> Mapping[str, Any]:
        """What ``get_model_info`` says, where the model has it, and its tokenizer's facts."""
        asked: Any = getattr(self.lm, "get_model_info", None)
        info: dict[str, Any] = {} if asked is None else dict(asked())
        if "model_dtype" in info:
            info["model_dtype"] = str(info["model_dtype"])
        device = getattr(self.lm, "device", None)
        return {**info, "tokenizer": tokenizer_facts(self.lm), "device": None if device is None else str(device)}

    def respond(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Ask kind by kind, in the order in which the kinds come first."""
        return self._answered(requests, [instances_of(request) for request in requests])

    def respond_about(self, requests: Sequence[Request], origins: Sequence[Origin]) -> Iterator[tuple[int, Response]]:
        """The same, with the document in each instance: a script's class may look at it."""
        return self._answered(requests, instances_about(requests, origins))

    def _answered(
        self, requests: Sequence[Request], asked: Sequence[Sequence[Instance]]
    ) -> Iterator[tuple[int, Response]]:
        places: dict[RequestKind, list[int]] = {}
        for place, request in enumerate(requests):
            places.setdefault(request.kind, []).append(place)
        for kind, members in places.items():
            read = _READERS[kind]
            values = iter(self._ask(kind, [instance for place in members for instance in asked[place]]))
            for place in members:
                yield place, read(self.lm, [next(values) for _ in asked[place]])

    def _ask(self, kind: str, instances: list[Instance]) -> Sequence[Any]:
        try:
            answers = getattr(self.lm, kind)(instances)
        except NotImplementedError as error:
            raise ModelError(f"The model class {type(self.lm).__name__} does not answer {kind} requests.") from error
        count = len(answers) if isinstance(answers, Sequence) else None
        if count != len(instances):
            raise _wrong(self.lm, f"{kind} must return a list of {len(instances)} answers", answers, count)
        return answers

    def render(
        self, messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool, template: str | None = None
    ) -> str:
        """The model's own ``apply_chat_template``."""
        return self.lm.apply_chat_template(
            [dict(message) for message in messages], add_generation_prompt=add_generation_prompt
        )

    def chat_template(self, name: str | bool) -> str:
        """The text of the chat template, if the model has one to show."""
        return self.lm.chat_template(name) or ""

    def report(self) -> Mapping[str, Any]:
        """The batch sizes that the model found by itself."""
        sizes = getattr(self.lm, "batch_sizes", None)
        found = list(sizes.values()) if isinstance(sizes, Mapping) else []
        return {"truncated": {}, "batch_sizes": found, "scoring": {"mode": "lm", "class": type(self.lm).__name__}}

    def close(self) -> None:
        """The model belongs to the script that made it."""


def _scores(lm: Any, values: Sequence[Any]) -> Response:
    return Scores(tuple(_pair(lm, value) for value in values))


def _pair(lm: Any, value: Any) -> tuple[float, bool]:
    try:
        logprob, greedy = value
        return float(logprob), bool(greedy)
    except (TypeError, ValueError):
        raise _wrong(lm, "loglikelihood must return pairs (log-probability, is greedy)", value) from None


def _number(lm: Any, value: Any) -> float:
    try:
        return float(value[0] if isinstance(value, tuple) else value)
    except (TypeError, ValueError, IndexError):
        raise _wrong(lm, "loglikelihood_rolling must return numbers", value) from None


def _text(lm: Any, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(lm, "generate_until must return texts", value)
    return value


_READERS: Mapping[RequestKind, Callable[[Any, Sequence[Any]], Response]] = {
    "loglikelihood": _scores,
    "loglikelihood_rolling": lambda lm, values: RollingScore(_number(lm, values[0])),
    "generate_until": lambda lm, values: Text(_text(lm, values[0])),
}
"""How what a class returned is read, by kind of request; its method has the name of the kind."""


def _wrong(lm: Any, expected: str, value: Any, count: int | None = None) -> ModelError:
    shown = f"{count} of them" if count is not None else f"{value!r:.80}"
    return ModelError(f"The model class {type(lm).__name__}: {expected}, but it returned {shown}.")


def tokenizer_facts(lm: Any) -> dict[str, Any]:
    """What lm-eval's results say of a model's tokenizer; nothing where it has none, or none of that face."""
    tokenizer = getattr(lm, "tokenizer", None)
    names = [f"{name}_token{end}" for name in TOKENS for end in ("", "_id")]
    if not tokenizer or not all(hasattr(tokenizer, name) for name in names):
        return {}
    facts: dict[str, Any] = {
        f"tokenizer_{name}_token": [getattr(tokenizer, f"{name}_token"), str(getattr(tokenizer, f"{name}_token_id"))]
        for name in TOKENS
    }
    return {
        **facts,
        "eot_token_id": getattr(lm, "eot_token_id", None),
        "max_length": getattr(lm, "max_length", None),
    }


class ProctorLM(LM):
    """One of proctor's models as an :class:`LM`, for code that calls ``lm.loglikelihood(requests)``."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """Ask for all; neighbours of one context are one request."""
        return score(self.model, [request.args for request in requests])

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        """Ask for whole texts."""
        return roll(self.model, [request.args[0] for request in requests])

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Ask for texts."""
        return generate(self.model, [request.args[:2] for request in requests])

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """The model's chat template."""
        return self.model.render(chat_history, add_generation_prompt=add_generation_prompt)

    def chat_template(self, chat_template: bool | str = False) -> str | None:
        """The text of the model's chat template."""
        return self.model.chat_template(chat_template) if chat_template else None

    @property
    def tokenizer(self) -> Any:
        """The tokenizer, of a model that has one."""
        return getattr(getattr(self.model, "tokens", None), "tokenizer", None)

    @property
    def tokenizer_name(self) -> str:
        """The tokenizer's name."""
        return str(self.model.info.get("tokenizer_name", ""))

    def get_model_info(self) -> dict[str, Any]:
        """The model's facts, under lm-eval's keys."""
        return {key: value for key, value in self.model.info.items() if key.startswith("model_")}


def score(model: Model, pairs: Sequence[tuple[Any, ...]]) -> list[tuple[float, bool]]:
    """The scores of ``(context, continuation)`` pairs; neighbours of one context go together."""
    requests: list[Loglikelihood] = []
    for context, continuation in pairs:
        if requests and requests[-1].context == context:
            requests[-1] = Loglikelihood(context, (*requests[-1].continuations, continuation))
        else:
            requests.append(Loglikelihood(context, (continuation,)))
    return [value for answer in _answers(model, requests) for value in answer.values]


def roll(model: Model, texts: Sequence[str]) -> list[float]:
    """The log-probabilities of whole texts."""
    return [answer.logprob for answer in _answers(model, [Rolling(text) for text in texts])]


def generate(model: Model, prompts: Sequence[tuple[Any, ...]]) -> list[str]:
    """The texts after ``(prompt, generation_kwargs)``."""
    return [answer.text for answer in _answers(model, [Generate(text, kwargs) for text, kwargs in prompts])]


def _answers(model: Model, requests: Sequence[Request]) -> list[Any]:
    answers = dict(model.respond(requests))
    return [answers[place] for place in range(len(requests))]


def as_model(lm: Any) -> Model:
    """A script's model as one of proctor's; one that is one of ours underneath is asked directly."""
    if type(lm) is ProctorLM:
        return lm.model
    engine: Any = getattr(lm, "engine", None)
    inner: Any = engine() if callable(engine) else None
    return LMModel(lm) if inner is None else inner


@dataclass(frozen=True, slots=True)
class Opener:
    """How ``--model NAME`` opens a class that a script has registered: a row of :data:`proctor.models.MODELS`."""

    lm_class: type[LM]

    def __call__(self, args: Mapping[str, Any], **run: Any) -> Model:
        """The model of these arguments."""
        return as_model(self.lm_class.create_from_arg_obj(dict(args), _accepted(self.lm_class, args, run)))


def _accepted(cls: type[LM], args: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, Any]:
    """The run's settings that the class takes.

    lm-eval gives batch_size and device to every class, and one that does not take them fails; here
    it is a mistake only if somebody asked for one of them.
    """
    own = inspect.getattr_static(cls, "create_from_arg_obj")
    given = {key: run.get(key) for key in RUN_KEYS if run.get(key) is not None and key not in args}
    if own is not inspect.getattr_static(LM, "create_from_arg_obj"):
        return given
    parameters = inspect.signature(cls).parameters
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return given
    refused = [key for key in given if key not in parameters and (key, given[key]) != ("batch_size", 1)]
    if refused:
        raise UsageError(f"The model class {cls.__name__} takes no {' and no '.join(refused)}.")
    return {key: value for key, value in given.items() if key in parameters}
