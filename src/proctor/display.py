"""How results show themselves in Python: short texts, a table for notebooks, a table of pandas.

Everything is made from one list of rows, one for each score (:func:`rows_of`), so that the three
say the same. A notebook prints the value of a cell's last line: a result must stay short there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from proctor.errors import did_you_mean
from proctor.lazy import need

if TYPE_CHECKING:
    from proctor.run_result import ErrorMethod, GroupResult, RunResult, TaskResult, Value

FRAME_COLUMNS = (
    "name", "kind", "n_shot", "metric", "filter", "value", "stderr", "low", "high", "n", "method", "higher_is_better",
)  # fmt: skip
"""What a row of :func:`rows_of` has; ``low`` and ``high`` are the ends of the interval."""

LONGEST = 24
"""Rows of a result's text; a notebook's table has all of them."""


# A number first: notebooks compare, round and plot scores, and most code wants no attribute of them.
class Score(float):
    """A score as a number that knows how sure it is: what :class:`~proctor.run_result.Value` has, by the same names."""

    __slots__ = ("interval", "method", "n", "stderr")
    stderr: float | None
    n: int | None
    method: ErrorMethod | None
    interval: tuple[float, float] | None

    def __new__(
        cls,
        value: float,
        stderr: float | None = None,
        n: int | None = None,
        method: ErrorMethod | None = None,
        interval: tuple[float, float] | None = None,
    ) -> Score:
        """Make a score of the fields of a :class:`~proctor.run_result.Value`."""
        made = super().__new__(cls, value)
        made.stderr, made.n, made.method, made.interval = stderr, n, method, interval
        return made

    @property
    def value(self) -> float:
        """The number itself."""
        return float(self)

    def __repr__(self) -> str:
        return text_of(float(self), self.stderr)

    def __reduce__(self) -> tuple[Any, ...]:
        return Score, (float(self), self.stderr, self.n, self.method, self.interval)


def text_of(value: Any, stderr: Any = None) -> str:
    """``0.6722 ± 0.0184``: four digits, as in the table; what is no number in at most 40 characters."""
    error = f" ± {_digits(stderr)}" if isinstance(stderr, float | int) and not isinstance(stderr, bool) else ""
    return f"{_digits(value)}{error}"


def value_repr(value: Value) -> str:
    """``Value(0.6722 ± 0.0184, 95 %: 0.6351 to 0.7072, n 654)``; what is not known is left out."""
    parts = [text_of(value.value, value.stderr)]
    parts += [] if value.interval is None else [f"95 %: {_interval_text(value.interval)}"]
    parts += [] if value.n is None else [f"n {value.n}"]
    return f"Value({', '.join(parts)})"


def _interval_text(interval: tuple[float, float]) -> str:
    return " to ".join(_digits(end) for end in interval)


def _digits(value: Any) -> str:
    if isinstance(value, float):
        return f"{float(value):.4f}"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


class NamedScores(Mapping[str, Any]):
    """The scores of one task or group: ``scores["acc"]``; or ``scores["acc,strict"]`` for one filter of several.

    A name without a filter means the first filter. What is no number is a :class:`~proctor.run_result.Value`.
    """

    def __init__(self, name: str, values: Mapping[tuple[str, str], Value]) -> None:
        self._name = name
        self._values: dict[str, Value] = {}
        for (metric, _), value in values.items():
            # The first filter in the order of the task file is what a metric's bare name means.
            self._values.setdefault(metric, value)
        self._exact = {f"{metric},{pipeline}": value for (metric, pipeline), value in values.items()}

    def __getitem__(self, metric: str) -> Any:
        value = self._exact.get(metric, self._values.get(metric))
        if value is None:
            close = did_you_mean(str(metric), [*self._values, *self._exact])
            known = ", ".join(self._values) or "none"
            raise KeyError(f"{self._name!r} has no score {metric!r}. {close or f'There are: {known}.'}")
        if isinstance(value.value, float | int) and not isinstance(value.value, bool):
            return Score(value.value, value.stderr, value.n, value.method, value.interval)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<{self._name}: {scores_text(self._exact)}>"


def scores_text(values: Mapping[Any, Value]) -> str:
    """All scores of a task or group in one line."""
    names = [name if isinstance(name, str) else ",".join(name) for name in values]
    shown = (
        f"{name.removesuffix(',none')} {text_of(one.value, one.stderr)}"
        for name, one in zip(names, values.values(), strict=True)
    )
    return ", ".join(shown) or "no scores"


def scores_of(result: RunResult, name: str) -> NamedScores:
    """The scores of a task or group by its name; a ``KeyError`` that names what there is."""
    # Tasks last: of a task and a group of one name, the task is meant.
    parts: dict[str, TaskResult | GroupResult] = {part.name: part for part in (*result.groups, *result.tasks)}
    if name not in parts:
        close = did_you_mean(str(name), parts)
        there = close or f"There are: {', '.join(parts)}."
        raise KeyError(f"There is no task or group {name!r} in this result. {there}")
    return NamedScores(name, parts[name].values)


def rows_of(result: RunResult) -> list[dict[str, Any]]:
    """One row for each score: groups first, then tasks."""
    rows: list[dict[str, Any]] = []
    for kind, parts in (("group", result.groups), ("task", result.tasks)):
        for part in parts:
            for (metric, pipeline), value in part.values.items():
                low, high = value.interval or (None, None)
                rows.append(
                    {
                        "name": part.name,
                        "kind": kind,
                        "n_shot": part.n_shot,
                        "metric": metric,
                        "filter": pipeline,
                        "value": value.value,
                        "stderr": value.stderr,
                        "low": low,
                        "high": high,
                        "n": value.n,
                        "method": value.method,
                        "higher_is_better": part.higher_is_better.get(metric),
                    }
                )
    return rows


def result_text(result: RunResult) -> str:
    """A result in a few lines."""
    rows = rows_of(result)
    width = max((len(row["name"]) for row in rows), default=0)
    lines = [f"<RunResult of {result.config.get('model', 'a model')}: {_size(result)}, {result.seconds:.0f} s>"]
    for row in rows[:LONGEST]:
        metric = row["metric"] if row["filter"] == "none" else f"{row['metric']},{row['filter']}"
        lines.append(f"  {row['name']:{width}}  {metric} {text_of(row['value'], row['stderr'])}")
    if len(rows) > LONGEST:
        lines.append(f"  ... and {len(rows) - LONGEST} more: to_frame() has them")
    if result.failed:
        lines.append(f"  not scored: {sum(one.documents for one in result.failed)} documents (see failed)")
    if result.not_a_number:
        lines.append(f"  NaN from the model: {sum(result.not_a_number.values())} documents (see problems)")
    if result.output_error:
        lines.append(f"  {result.output_error}")
    return "\n".join(lines)


def _size(result: RunResult) -> str:
    counts = ((len(result.tasks), "task"), (len(result.groups), "group"))
    return ", ".join(f"{n} {noun}{'' if n == 1 else 's'}" for n, noun in counts if n or noun == "task")


def result_html(result: RunResult) -> str:
    """A table, as notebooks show it."""
    heads = ("Task", "n-shot", "Metric", "Filter", "", "Value", "Stderr", "95 %", "n")
    body = []
    for row in rows_of(result):
        arrow = {True: "↑", False: "↓"}.get(row["higher_is_better"], "")
        stderr = "" if row["stderr"] is None else f"± {_digits(row['stderr'])}"
        shots, n = ("" if row[key] is None else row[key] for key in ("n_shot", "n"))
        interval = "" if row["low"] is None else _interval_text((row["low"], row["high"]))
        value = _digits(row["value"])
        cells = (row["name"], shots, row["metric"], row["filter"], arrow, value, stderr, interval, n)
        body.append("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>")
    head = "<tr>" + "".join(f"<th>{name}</th>" for name in heads) + "</tr>"
    ends = [f"{result.seconds:.0f} s"]
    ends += [f"{sum(one.documents for one in result.failed)} documents not scored"] if result.failed else []
    ends += [f"NaN on {sum(result.not_a_number.values())} documents"] if result.not_a_number else []
    ends += [result.output_error] if result.output_error else []
    foot = escape(" · ".join([str(result.config.get("model", "")), _size(result), *ends]))
    return f"<table><thead>{head}</thead><tbody>{''.join(body)}</tbody></table><p>{foot}</p>"


def result_frame(result: RunResult) -> Any:
    """A ``pandas.DataFrame`` with a row for each score."""
    return need("pandas").DataFrame(rows_of(result), columns=list(FRAME_COLUMNS))
