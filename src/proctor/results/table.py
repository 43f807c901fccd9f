"""The scores as the table that lm-eval prints, to the byte.

pytablewriter draws it, because lm-eval's own look is what that library makes of a column of
numbers: it reads the texts again and decides per column how many decimals are needed.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol

from proctor.errors import printable
from proctor.lazy import need
from proctor.plurals import counted
from proctor.results.redact import redact
from proctor.results.schema import OTHER_ERRORS

ARROWS: Mapping[bool | None, str] = {True: "↑", False: "↓"}
HEADERS = ("Version", "Filter", "n-shot", "Metric", "", "Value", "", "Stderr")
FACTS = frozenset({"alias", "name", "sample_len", "sample_count"})
_GUESS = "_MultiByteStrDecoder__detect_encoding_helper"
DETAILS = frozenset(
    {
        "acc_orders_any",
        "acc_orders_avg_prob",
        "acc_orders_majority",
        "acc_pride",
        "acc_bytes_text",
        "acc_choices_only_hybrid",
        "acc_choices_only_letter",
        "acc_generate_parsed",
        "acc_mutual_info_text",
        "acc_norm_text",
        "acc_pmi_text",
        "acc_tokens_text",
        "agreement_parsed",
        "choices_only_share",
        "format_rate",
        "order_consistent",
        "order_rstd",
        "sensitivity_gap",
    }
)
"""Scores of orders and formulations that stand in the results file alone: eleven rows a task hide the first one."""
MOST_CLUSTERED = 5
"""Tasks beyond which errors by clusters are in the results file alone."""
UNSCORED = "bypass"
"""The metric that stands for none, under ``--predict_only``."""
STOPPED = "~"
"""Before a score of a run that stopped early: it is not that of all documents."""
MOST_UNPARSED = 0.02
"""Share of replies without an option above which a run warns, where options are chosen by label."""


def make_table(
    document: Mapping[str, Any], column: Literal["results", "groups"] = "results", *, by_name: bool = False
) -> str:
    """The Markdown table of a results document: all tasks and groups, or the groups that aggregate.

    ``by_name``: in the order of their names, not group by group.
    """
    writer = table_writer()
    writer.headers = ["Groups" if column == "groups" else "Tasks", *HEADERS]
    places = sorted(dict(reading_order(document, column)).items()) if by_name else reading_order(document, column)
    writer.value_matrix = [row for name, depth in places for row in _rows(document, column, name, depth)]
    return writer.dumps()


def table_writer() -> Any:
    """A Markdown writer of pytablewriter, without the 80 modules that guess the encoding of bytes.

    pytablewriter decodes every cell with mbstrdecoder, which imports chardet (0.2 CPU seconds) for a guess. Our
    cells are texts: chardet refuses them with a TypeError, and mbstrdecoder goes on without a guess. The function
    that guesses answers so by itself for texts; bytes are guessed as before. Where another release of mbstrdecoder
    has no such function, the import costs what it costs.
    """
    decoder = need("mbstrdecoder", package="pytablewriter").MultiByteStrDecoder
    guess = getattr(decoder, _GUESS, None)
    # Once: functools.wraps() leaves this mark.
    if guess is not None and not hasattr(guess, "__wrapped__"):

        @functools.wraps(guess)
        def guess_bytes(encoded: Any) -> str | None:
            return None if isinstance(encoded, str) else guess(encoded)

        setattr(decoder, _GUESS, staticmethod(guess_bytes))
    return need("pytablewriter").MarkdownTableWriter()


class _RunSettings(Protocol):
    """What the line above the table says of a run's settings."""

    @property
    def model(self) -> str: ...
    @property
    def model_args(self) -> Mapping[str, Any]: ...
    @property
    def gen_kwargs(self) -> Mapping[str, Any]: ...
    @property
    def limit(self) -> float | None: ...
    @property
    def num_fewshot(self) -> int | None: ...
    @property
    def batch_size(self) -> int | str: ...


def summary_line(document: Mapping[str, Any], settings: _RunSettings) -> str:
    """The line above the table: what was run, and the batch sizes that were found. Secrets are hidden."""
    model_args = {key: value for key, value in redact(settings.model_args).items() if key != "trust_remote_code"}
    sizes: Sequence[Any] = document.get("config", {}).get("batch_sizes") or ()
    sizes_text = f" ({','.join(map(str, sizes))})" if sizes else ""
    return (
        f"{settings.model} ({model_args}), gen_kwargs: ({redact(settings.gen_kwargs)}), limit: {settings.limit}, "
        f"num_fewshot: {settings.num_fewshot}, batch_size: {settings.batch_size}{sizes_text}"
    )


def reading_order(document: Mapping[str, Any], column: str) -> Iterator[tuple[str, int]]:
    """Names and depths in reading order: trees of groups by name, then the tasks of no group."""
    subtasks: Mapping[str, Sequence[str]] = document.get("group_subtasks", {})
    present = document.get(column, {})
    children = {child for members in subtasks.values() for child in members}
    met: set[str] = set()

    def visit(name: str, depth: int, above: tuple[str, ...]) -> Iterator[tuple[str, int]]:
        # A group that contains itself can stand in a results file that was edited.
        if name in above:
            return
        met.add(name)
        if name in present:
            yield name, depth
        for child in sorted(subtasks.get(name, ())):
            yield from visit(child, depth + 1, (*above, name))

    for root in sorted(subtasks):
        if root not in children:
            yield from visit(root, 0, ())
    yield from ((name, 0) for name in sorted(present) if name not in met)


def _rows(document: Mapping[str, Any], column: str, name: str, depth: int) -> Iterator[list[Any]]:
    entry: Mapping[str, Any] = document[column][name]
    directions = document.get("higher_is_better", {}).get(name) or {}
    shots = str(document.get("n-shot", {}).get(name, " "))
    title: str = (" " * depth + "- " if depth else "") + printable(str(entry.get("alias", name)))
    version: Any = document.get("versions", {}).get(name, "    N/A")
    cells = list(_cells(entry, directions))
    # lm-eval leaves what has no metric out of the table, and so all of a run that only predicts; here it shows
    # how many documents were answered. A group that aggregates nothing counts none and stays out, as there.
    if all(cell[0] == UNSCORED for cell in cells) and "sample_len" in entry:
        cells.append(("samples", "none", "", entry["sample_len"], "", ""))
    about = STOPPED if name in stopped_names(document) else ""
    for metric, kind, direction, value, sign, stderr in cells:
        value = f"{about}{value}" if about else value
        yield [title, version, kind, shots, metric, direction, value, sign, stderr]
        # lm-eval: name and version stand in the first row of a task only.
        title = version = ""


def _cells(entry: Mapping[str, Any], directions: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    scores = {key: value for key, value in entry.items() if key not in FACTS}
    for key in sorted(scores):
        metric, _, kind = key.partition(",")
        if metric.endswith(("_stderr", *OTHER_ERRORS)) or metric in DETAILS:
            continue
        score = scores[key]
        value = f"{score:.4f}" if isinstance(score, float) else printable(score) if isinstance(score, str) else score
        arrow = ARROWS.get(directions.get(metric), "")
        metric, kind = printable(metric), printable(kind)
        stderr_key = key.replace(",", "_stderr,", 1)
        if stderr_key in scores:
            yield metric, kind, arrow, value, "±", _stderr(scores[stderr_key])
        else:
            yield metric, kind, arrow, value, "", ""


def _stderr(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, (int, float)) else "   N/A"


def stopped_names(document: Mapping[str, Any]) -> set[str]:
    """Tasks and groups whose scores are of a run that stopped early.

    Args:
        document: The content of a results file.
    """
    names = {name for scope in _scopes(document) if scope["stopped"] for name in (scope["name"], *scope["tasks"])}
    members: Mapping[str, Sequence[str]] = document.get("group_subtasks", {})
    # Groups within a stopped one; parents stand before their members.
    for name, inside in members.items():
        names |= set(inside) if name in names else set()
    return names


def stop_notes(document: Mapping[str, Any]) -> list[str]:
    """How a run that may stop early ended: lines below the table.

    Args:
        document: The content of a results file.
    """
    return [scope["sentence"] for scope in _scopes(document)]


def draw_notes(document: Mapping[str, Any]) -> list[str]:
    """How much the choice of few-shot examples matters: a line for each group, and each task of none.

    Args:
        document: The content of a results file.
    """
    scores: Sequence[Mapping[str, Any]] = (document.get("proctor", {}).get("fewshot_seeds") or {}).get("scores") or ()
    first: dict[str, str] = {}
    for one in scores:
        first.setdefault(one["name"], one["sentence"])
    groups: Mapping[str, Sequence[str]] = document.get("group_subtasks", {})
    inside = {member for name, members in groups.items() if name in first for member in members}
    return [sentence for name, sentence in first.items() if name not in inside]


def _scopes(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    rule = (document.get("config") or {}).get("early_stop")
    return rule["scopes"] if isinstance(rule, dict) else ()


def choice_notes(document: Mapping[str, Any]) -> list[str]:
    """What must be known of scores of options that were chosen by label: lines below the table.

    Args:
        document: The content of a results file.

    Returns:
        What the scores are, and of which tasks many replies name no option; nothing where none was chosen.
    """
    found = document.get("proctor", {}).get("choices")
    if not found:
        return []
    ways = ", ".join(sorted({one["scoring"] for one in found["tasks"]}))
    bad = [one for one in found["tasks"] if one["n_unparsed"] > MOST_UNPARSED * one["choices"]]
    return [
        f"Multiple choice ({ways}): {found['note']}",
        *(f"No option could be read of some replies, which count as wrong: {unparsed_text(one)}." for one in bad),
    ]


def mark_notes(document: Mapping[str, Any]) -> list[str]:
    """What must be known of scores without excluded documents, and of clusters: lines below the table.

    Args:
        document: The content of a results file.
    """
    own = document.get("proctor", {})
    lines: list[str] = []
    if found := own.get("exclude"):
        count = sum(one["documents"] for one in found["tasks"])
        lines.append(
            f"Scores that end in _clean are without the {counted(count, 'excluded document')} of {found['file']}."
        )
    columns, shown = {one["task"]: one["column"] for one in own.get("clusters", ())}, set[str]()
    for row in own.get("scores", ()):
        name, metric = row["name"], row["metric"]
        # The first score of each; of many tasks the results file has the others.
        if "clusters" not in row or name in shown or (name in columns and len(columns) > MOST_CLUSTERED):
            continue
        shown.add(name)
        entry = document["results"].get(name, {})
        errors = [entry.get(f"{metric}{end},{row['filter']}") for end in ("_stderr", "_stderr_clustered")]
        plain, clustered = (f"{one:.4f}" if isinstance(one, float) else "none" for one in errors)
        by = f" of {columns[name]}" if name in columns else ""
        lines.append(
            f"{name}, {metric}: standard error {clustered} over {counted(row['clusters'], 'cluster')}{by}; "
            f"{plain} if documents were independent."
        )
    return [printable(line) for line in lines]


def unparsed_text(facts: Mapping[str, Any]) -> str:
    """One task's replies without an option: ``mmlu 3 of 100 (refusal 1, truncated 2)``.

    Args:
        facts: What the results file says of the task's choices.
    """
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in facts["reasons"].items())
    return f"{facts['task']} {facts['n_unparsed']:,} of {facts['choices']:,} ({reasons})"
