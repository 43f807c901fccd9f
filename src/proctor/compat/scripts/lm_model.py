"""A model of lm-eval's kind as one of proctor's.

A script's :class:`~proctor.compat.scripts.model.LM` gets lists of instances, all requests of one kind in one call, as
lm-eval gives them; proctor's models get requests in which the options of a document are together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from proctor.compat.tasks.instance import Instance
from proctor.errors import ModelError
from proctor.models.protocols import Model, Origin
from proctor.types import Doc, Refusal, Request, RequestKind, Response, RollingScore, Scores, Text

TOKENS = ("pad", "eos", "bos")


class LMModel:
    """A model of lm-eval's kind (``LM``) as :class:`proctor.models.protocols.Model`."""

    identity: Mapping[str, Any] | None = None
    """Nobody knows what the responses of a script's model depend on, so they are not cached."""

    def __init__(self, lm: Any) -> None:
        self.lm = lm

    @property
    def name(self) -> str:
        """What the model was made from, if it says so; else its class."""
        source = getattr(self.lm, "pretrained", None)
        return source if isinstance(source, str) else type(self.lm).__name__

    @property
    def info(self) -> Mapping[str, Any]:
        """What ``get_model_info`` says, where the model has it, and its tokenizer's facts."""
        get_info: Any = getattr(self.lm, "get_model_info", None)
        info: dict[str, Any] = {} if get_info is None else dict(get_info())
        if "model_dtype" in info:
            info["model_dtype"] = str(info["model_dtype"])
        device = getattr(self.lm, "device", None)
        return {**info, "tokenizer": tokenizer_facts(self.lm), "device": None if device is None else str(device)}

    def respond(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Ask kind by kind, in the order in which the kinds come first."""
        return self._responses(requests, [instances_of(request) for request in requests])

    def respond_about(self, requests: Sequence[Request], origins: Sequence[Origin]) -> Iterator[tuple[int, Response]]:
        """The same, with the document in each instance: a script's class may look at it."""
        return self._responses(requests, instances_about(requests, origins))

    def _responses(
        self, requests: Sequence[Request], instances: Sequence[Sequence[Instance]]
    ) -> Iterator[tuple[int, Response]]:
        # lm-eval: a model class gets all requests of one kind in one call, and may sort or batch them as it likes.
        places: dict[RequestKind, list[int]] = {}
        for place, request in enumerate(requests):
            places.setdefault(request.kind, []).append(place)
        for kind, members in places.items():
            read = _READERS[kind]
            # One flat list of instances goes in, one flat list of values comes back; each request takes as many as it
            # has options.
            values = iter(self._call(kind, [instance for place in members for instance in instances[place]]))
            for place in members:
                given = [next(values) for _ in instances[place]]
                yield place, _refusal(self.lm, kind) if any(one is None for one in given) else read(self.lm, given)

    def _call(self, kind: str, instances: list[Instance]) -> Sequence[Any]:
        try:
            responses = getattr(self.lm, kind)(instances)
        except NotImplementedError as error:
            raise ModelError(f"The model class {type(self.lm).__name__} does not answer {kind} requests.") from error
        count = len(responses) if isinstance(responses, Sequence) else None
        if count != len(instances):
            raise _wrong(self.lm, f"{kind} must return a list of {len(instances)} responses", responses, count)
        return responses

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
        batch_sizes = list(sizes.values()) if isinstance(sizes, Mapping) else []
        return {"truncated": {}, "batch_sizes": batch_sizes, "scoring": {"mode": "lm", "class": type(self.lm).__name__}}

    def close(self) -> None:
        """The model belongs to the script that made it."""


def instances_of(
    request: Request,
    doc: Doc | None = None,
    metadata: tuple[str | None, int | None, int] = (None, None, 1),
    idx: int = 0,
) -> list[Instance]:
    """A request as lm-eval's instances, numbered from ``idx`` on: one for each continuation."""
    about = {} if doc is None else dict(doc)
    return [
        Instance(request_type=request.kind, doc=about, arguments=_own(arguments), idx=number, metadata=metadata)
        for number, arguments in enumerate(request.arguments, idx)
    ]


def _own(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments that a script may change: what it takes out of generation arguments stays in the request."""
    return tuple(dict(part) if isinstance(part, Mapping) else part for part in arguments)


def instances_about(requests: Sequence[Request], origins: Sequence[Origin]) -> list[list[Instance]]:
    """Each request's instances; those of one document are numbered through, repetitions alike."""
    instances: list[list[Instance]] = []
    before: tuple[Request, Origin] | None = None
    begin = end = 0
    for request, origin in zip(requests, origins, strict=True):
        if before is None or before[1] is not origin:
            begin = end = 0
        elif before[0] is not request:
            begin = end
        instances.append(instances_of(request, origin.doc, (origin.task, origin.doc_id, origin.repeats), begin))
        end = begin + len(instances[-1])
        before = request, origin
    return instances


def _refusal(lm: Any, kind: RequestKind) -> Refusal:
    """None instead of a value: classes that ask a server give that for a request that failed there."""
    return Refusal(f"the model class {type(lm).__name__} returned None for a {kind} request", retryable=True)


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


def as_model(lm: Any) -> Model:
    """A script's model as one of proctor's; the one that it has underneath, where no step of it was changed."""
    engine: Any = getattr(lm, "engine", None)
    inner: Any = engine() if callable(engine) else None
    return LMModel(lm) if inner is None else inner
