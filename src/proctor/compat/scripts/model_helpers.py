"""``lm_eval.models.utils``: what model classes of others import to sort, batch and cut.

The names are lm-eval's; proctor's own engine uses none of this.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import wraps
from typing import Any, Literal, TypedDict

from proctor.models.generation import DEFAULT_MAX_TOKENS, LENGTH_NAMES, cut_at_stops, plan_generation

log = eval_logger = logging.getLogger("proctor")


class GenKwargs(TypedDict, total=False):
    """What :func:`normalize_gen_kwargs` returns, among other keys."""

    do_sample: bool
    temperature: float
    max_gen_toks: int
    until: list[str]


BatchFn = Callable[[int, Sequence[Any]], int]


def chunks(_iter: Iterable[Any], n: int = 0, fn: BatchFn | None = None) -> Iterator[list[Any]]:
    """Lists of ``n`` items, or of ``fn(position, items)`` ones; without either, one list of all."""
    items = list(_iter)
    chunk: list[Any] = []
    for place, item in enumerate(items):
        chunk.append(item)
        if len(chunk) == (fn(place, items) if fn else n):
            yield chunk
            chunk = []
    if chunk:
        yield chunk


class Collator:
    """Sorts requests, batches them, and puts the answers back in order.

    ``group_by="gen_kwargs"``: only requests of one ``group_fn`` value are in a batch together.
    ``group_by="contexts"``: of the requests with one ``group_fn`` value (the input ids) the one with the
    longest continuation is given out, and :meth:`get_cache` yields the others beside it.
    """

    def __init__(
        self,
        arr: Sequence[Any],
        sort_fn: Callable[[Any], Any] = lambda request: request,
        group_fn: Callable[[Any], Any] = lambda request: request[1],
        group_by: Literal["gen_kwargs", "contexts"] | None = None,
    ) -> None:
        self._items = list(enumerate(arr))
        self._sort = sort_fn
        self._group = group_fn
        self._group_by = group_by
        self._order: list[int] = []
        self._members: dict[Any, list[tuple[int, Any]]] = {}
        if group_by is not None:
            for item in self._items:
                self._members.setdefault(_hashable(group_fn(item[1])), []).append(item)

    def __len__(self) -> int:
        return len(self._items)

    def get_batched(self, n: int = 1, batch_fn: BatchFn | None = None) -> Iterator[list[Any]]:
        """Batches of ``n`` (0: all), or of as many as ``batch_fn(position, requests)`` says."""
        if self._group_by == "contexts":
            # Of equal input ids, the row of the longest continuation has the logits of all shorter ones at its end.
            runs = [[max(group, key=lambda item: len(item[1][-1])) for group in self._members.values()]]
        else:
            runs = [self._items] if self._group_by is None else list(self._members.values())
        for run in runs:
            ordered = sorted(run, key=lambda item: self._sort(item[1]))
            if self._group_by != "contexts":
                self._order.extend(place for place, _ in ordered)
            yield from chunks([request for _, request in ordered], n=n, fn=batch_fn)

    def get_cache(
        self, req_str: Any = None, cxt_toks: Any = None, cont_toks: Any = None, logits: Any = None
    ) -> Iterator[tuple[Any, list[int], Any]]:
        """The requests that one row of logits ``(1, length, vocabulary)`` answers, each with its own positions."""
        if self._group_by != "contexts":
            yield req_str, cont_toks, logits
            return
        for place, request in self._members.pop(_hashable(cxt_toks + cont_toks[:-1])):
            self._order.append(place)
            # A shorter continuation stands at the end of the longest one's positions.
            yield request[0], request[-1], logits[:, logits.shape[1] - len(request[-1]) :]

    def get_original(self, newarr: Sequence[Any]) -> list[Any]:
        """Answers in the order of the requests."""
        answers: dict[int, Any] = dict(zip(self._order, newarr, strict=True))
        return [answers[place] for place in range(len(answers))]

    @staticmethod
    def get_chunks(_iter: Iterable[Any], n: int = 0, fn: BatchFn | None = None) -> Iterator[list[Any]]:
        """:func:`chunks`."""
        return chunks(_iter, n, fn)


def _hashable(value: Any) -> Any:
    if isinstance(value, dict):
        # Arguments of generation hold lists and mappings; equal ones must be one group.
        return tuple(sorted((key, _hashable(item)) for key, item in value.items()))
    return tuple(_hashable(item) for item in value) if isinstance(value, (list, tuple)) else value


def group(arr: Iterable[Any], fn: Callable[[Any], Any]) -> list[list[Any]]:
    """Lists of what has the same ``fn``, in the order in which the values come first."""
    return list(_grouped(arr, fn).values())


def _grouped(arr: Iterable[Any], fn: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for item in arr:
        groups.setdefault(fn(item), []).append(item)
    return groups


class Reorderer:
    """A list sorted by ``fn``, and the way back for what was made of it."""

    def __init__(self, arr: Sequence[Any], fn: Callable[[Any], Any]) -> None:
        self.size = len(arr)
        self.arr = sorted((([place], item) for place, item in enumerate(arr)), key=lambda pair: fn(pair[1]))

    def get_reordered(self) -> list[Any]:
        """The items in their new order."""
        return [item for _, item in self.arr]

    def get_original(self, newarr: Sequence[Any]) -> list[Any]:
        """``newarr``, aligned with the new order, in the first order."""
        original: list[Any] = [None] * self.size
        for (places, _), value in zip(self.arr, newarr, strict=True):
            for place in places:
                original[place] = value
        return original


class Grouper:
    """Items by their ``fn``, and the way back for what was made of each group."""

    def __init__(self, arr: Sequence[Any], fn: Callable[[Any], Any]) -> None:
        self.size = len(arr)
        self.arr = _grouped(enumerate(arr), lambda pair: fn(pair[1]))

    def get_grouped(self) -> dict[Any, list[Any]]:
        """The items of each group."""
        return {key: [item for _, item in pairs] for key, pairs in self.arr.items()}

    def get_original(self, grouped_dict: Mapping[Any, Sequence[Any]]) -> list[Any]:
        """What ``grouped_dict`` has for each group, in the order of the items."""
        if grouped_dict.keys() != self.arr.keys():
            raise AssertionError("get_original needs the groups that get_grouped gave")
        original: list[Any] = [None] * self.size
        for key, values in grouped_dict.items():
            for (place, _), value in zip(self.arr[key], values, strict=True):
                original[place] = value
        return original


def undistribute(iterable: Iterable[Iterable[Any]]) -> list[Any]:
    """The items of lists that were dealt out in turn, in their first order."""
    missing = object()
    return [item for row in itertools.zip_longest(*iterable, fillvalue=missing) for item in row if item is not missing]


def retry_on_specific_exceptions(
    on_exceptions: Sequence[type[Exception]],
    max_retries: int | None = None,
    backoff_time: float = 3.0,
    backoff_multiplier: float = 1.5,
    on_exception_callback: Callable[[Exception, float], Any] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator: call again after such an exception, ``max_retries`` times (None: for ever)."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            pause = backoff_time
            for attempt in itertools.count():
                try:
                    return function(*args, **kwargs)
                except tuple(on_exceptions) as error:
                    if max_retries is not None and attempt >= max_retries:
                        raise
                    if on_exception_callback is not None:
                        on_exception_callback(error, pause)
                    time.sleep(pause)
                    pause *= backoff_multiplier
            return None

        return call

    return decorate


def handle_stop_sequences(until: str | list[str] | None, eos: str | None) -> list[str]:
    """The stop strings as a list, the end-of-text token among them."""
    return list(plan_generation({"until": until}, eos=eos).until)


def normalize_gen_kwargs(gen_kwargs: dict[str, Any], default_max_gen_toks: int = DEFAULT_MAX_TOKENS) -> dict[str, Any]:
    """Generation arguments in one form: ``until``, ``max_gen_toks``, ``do_sample``, ``temperature``, and the rest."""
    if not any(gen_kwargs.get(name) is not None for name in LENGTH_NAMES):
        gen_kwargs = {**gen_kwargs, "max_gen_toks": default_max_gen_toks}
    plan = plan_generation(gen_kwargs)
    # lm-eval: a temperature that was given is given on, as 0.0 where nothing is sampled; none is invented.
    heat = {"temperature": plan.temperature if plan.do_sample else 0.0}
    if "temperature" not in gen_kwargs or (plan.do_sample and plan.temperature is None):
        heat = {}
    return {
        **plan.extra,
        "until": list(plan.until),
        "max_gen_toks": plan.max_tokens,
        "do_sample": plan.do_sample,
        **heat,
    }


def postprocess_generated_text(
    generation: str, stop: list[str] | str | None, think_end_token: str | None = None
) -> str:
    """The text after the reasoning, up to the first stop string."""
    if think_end_token:
        generation = generation.split(think_end_token)[-1].lstrip()
    return cut_at_stops(generation, [stop] if isinstance(stop, str) else stop or [])


def truncate_tokens(tokens: list[int], max_length: int, side: Literal["left", "middle", "right"] = "left") -> list[int]:
    """At most ``max_length`` tokens; ``side``: where some are taken away."""
    if side not in ("left", "middle", "right"):
        raise ValueError(f"side is left, middle or right, not {side!r}")
    room = max(max_length, 0)
    if len(tokens) <= room:
        return tokens
    before = {"left": 0, "middle": room // 2, "right": room}[side]
    return tokens[:before] + tokens[len(tokens) - (room - before) :]


def maybe_truncate(
    tokens: list[int],
    max_gen_toks: int,
    max_model_len: int,
    min_gen_toks: int = 1,
    side: Literal["left", "middle", "right"] = "left",
    shrink_gen_toks: bool = False,
    verbose: bool = True,
) -> tuple[list[int], int]:
    """Prompt and length of the answer, so that both fit into ``max_model_len``.

    The prompt gives way; with ``shrink_gen_toks`` first the answer does, down to ``min_gen_toks``.
    """
    if len(tokens) + max_gen_toks <= max_model_len:
        return tokens, max_gen_toks
    room = min_gen_toks if shrink_gen_toks else max_gen_toks
    if shrink_gen_toks:
        if len(tokens) + min_gen_toks <= max_model_len:
            room = max_model_len - len(tokens)
        elif max_model_len <= min_gen_toks:
            raise ValueError(f"no token of a prompt fits beside {min_gen_toks} of an answer into {max_model_len}")
    prompt = truncate_tokens(tokens, max_model_len - room, side) if len(tokens) + room > max_model_len else tokens
    if verbose:
        log.warning(
            "A prompt of %d tokens and an answer of %d do not fit into %d: %d and %d are used.",
            *(len(tokens), max_gen_toks, max_model_len, len(prompt), room),
        )
    return prompt, room


def has_bos_prefix(sequence: str, bos_str: str | Iterable[str] | None = None) -> bool:
    """Whether a text begins with its BOS token, written out."""
    names = [bos_str] if isinstance(bos_str, str) else list(bos_str or ())
    return any(name and sequence.startswith(name) for name in names)


def _add_special_kwargs(add_special_tokens: bool | None, add_bos: bool | None = None) -> dict[str, bool]:
    """The tokenizer's argument ``add_special_tokens``: the first of the two that says something; none where neither."""
    said = [value for value in (add_special_tokens, add_bos) if value is not None]
    return {"add_special_tokens": said[0]} if said else {}


def replace_placeholders(string: str, default_placeholder: str, image_token: str, max_images: int) -> str:
    """The first ``max_images`` placeholders as the model's token; the others go."""
    first, *rest = string.split(default_placeholder)
    return first + "".join((image_token if place < max_images else "") + part for place, part in enumerate(rest))
