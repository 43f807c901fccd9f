"""What must be known of a run before its scores are believed, as sentences: one kind of problem, one sentence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from proctor.analysis.audit_text import parts_of, preferred_position
from proctor.analysis.baseline_text import label
from proctor.analysis.formulations import LOW_MASS
from proctor.analysis.multiplicity import adjusted
from proctor.analysis.run_audit import GroupAudit, RunAudit, TaskAudit
from proctor.analysis.wording import number, p_value
from proctor.html_report.language import Language, in_one_line, percent
from proctor.results.stored_run import StoredRun, number_of

_CHAT = re.compile(r"(?i)(?:^|[-_/.])(?:instruct|chat|it)(?:$|[-_.])")
"""Names of models that were trained to be talked to."""

_SURE = 3
"""Standard errors of the effect of the own order from which it is no accident."""
_MOST_PARTS = 3
"""Parts of an exam that have each a sentence about positions."""


def run_warnings(audit: RunAudit, language: Language) -> list[str]:
    """The warnings of a run, those first that change scores most.

    Args:
        audit: The run.
        language: Of the sentences.
    """
    run = audit.run
    found = [*_of_documents(audit, language), *_of_prompts(run, language), *_of_scores(audit, language)]
    return list(dict.fromkeys(found))


def _of_documents(audit: RunAudit, language: Language) -> Iterator[str]:
    failed = [one for one in audit.tasks if one.unscored]
    if failed:
        total = sum(one.unscored for one in failed)
        yield language.text("warn_failed", n=total, tasks=_named(failed, language))
    for state in ("unread", "unfinished"):
        tasks = [one for one in audit.tasks if one.texts.get(state)]
        if tasks:
            count = sum(one.texts.get(state, 0) for one in tasks)
            total = sum(sum(one.texts.values()) for one in tasks)
            yield language.text(
                f"warn_{state}", n=count, total=total, share=percent(count / total), tasks=_named(tasks, language)
            )
    cut = [one for one in audit.tasks if one.truncated]
    if cut:
        yield language.text("warn_at_length", n=sum(one.truncated or 0 for one in cut), tasks=_named(cut, language))
    odd = [one for one in audit.tasks if one.not_finite]
    if odd:
        yield language.text("warn_not_a_number", n=sum(one.not_finite for one in odd), tasks=_named(odd, language))
    damaged = damaged_tasks(audit)
    if damaged:
        yield language.text("warn_damaged", n=len(damaged), tasks=_named(damaged, language))
    alone = [
        one for one in audit.tasks if one.reason and one.main is not None and one.task not in audit.run.samples_files
    ]
    if alone:
        yield language.text("warn_no_samples", n=len(alone), tasks=_named(alone, language))


def damaged_tasks(audit: RunAudit) -> list[TaskAudit]:
    """The tasks whose samples files are there and cannot be read; ``reason`` of each says why.

    Args:
        audit: The run.
    """
    return [one for one in audit.tasks if one.damaged]


def _named(tasks: Sequence[TaskAudit], language: Language) -> str:
    return language.named([one.task for one in tasks], 4)


def _of_prompts(run: StoredRun, language: Language) -> Iterator[str]:
    truncated = _total(run.section("proctor", "truncated"))
    if truncated:
        yield language.text("warn_truncated", n=truncated)
    same = [task for task in run.tasks if _examples_from_test(run, task)]
    if same:
        yield language.text("warn_same_split", n=len(same), tasks=language.named(same, 4))
    hosted = run.section("config").get("model")
    if _CHAT.search(run.name) and hosted in ("hf", "vllm", "sglang") and not run.document.get("chat_template"):
        yield language.text("warn_no_template")
    checked = run.section("proctor", "warnings")
    if checked:
        yield language.text("warn_prompts", n=len(checked), tasks=language.named(list(map(str, checked)), 4))
    if run.section("config").get("limit"):
        limit = run.section("config")["limit"]
        yield language.text("warn_limit", limit=f"{limit:g}" if isinstance(limit, int | float) else str(limit))


def _total(counts: Mapping[str, Any]) -> int:
    values = [number_of(value) for value in counts.values()]
    return int(sum(value for value in values if value is not None))


def _examples_from_test(run: StoredRun, task: str) -> bool:
    """Whether few-shot examples come from the questions themselves."""
    config = run.config(task)
    shots = run.section("n-shot").get(task)
    # A text that is read whole has no examples before it.
    if config.get("output_type") == "loglikelihood_rolling":
        return False
    if not config or not isinstance(shots, int) or shots < 1 or not config.get("test_split"):
        return False
    drawn = config.get("fewshot_config") if isinstance(config.get("fewshot_config"), dict) else {}
    if drawn and drawn.get("samples"):
        return False
    split = (drawn or {}).get("split") or config.get("fewshot_split") or config.get("training_split")
    return (split or config.get("validation_split") or config["test_split"]) == config["test_split"]


def _of_scores(audit: RunAudit, language: Language) -> Iterator[str]:
    aliases = Counter(part.alias for part in audit.tasks)
    # "isles" may be a subject of two groups: a name that says which one stands for an alias that does not.
    chances = [
        (part.alias if aliases[part.alias] == 1 else part.task, part.choices.chance)
        for part in audit.tasks
        if part.choices and part.choices.chance
    ]
    corrected = adjusted([chance.p_above for _, chance in chances])
    low = [name for (name, _), p in zip(chances, corrected, strict=True) if p is not None and p > 0.05]
    if low:
        yield language.text("warn_chance", n=len(low), tasks=language.named(low, 6))
    parts = parts_of(audit)
    yield from _of_positions(parts, language)
    yield from _of_orders(audit.run, parts, language)
    for part in parts:
        yield from _of_part(part, language)


def _of_part(part: GroupAudit | TaskAudit, language: Language) -> Iterator[str]:
    choices = part.choices
    if choices is None:
        return
    if choices.mass is not None and choices.mass < LOW_MASS:
        yield language.text("warn_mass", name=part.alias, share=percent(choices.mass, 1))
    for name, baseline in (("longest", choices.longest), ("shortest", choices.shortest)):
        if baseline is not None and baseline.conspicuous:
            yield language.text(f"warn_{name}", name=part.alias, acc=number(baseline.acc, 3),
                                chance=number(baseline.chance, 3))  # fmt: skip
    if choices.unknown:
        yield language.text("warn_unknown_gold", n=choices.unknown, name=part.alias)


def _of_positions(parts: Sequence[GroupAudit | TaskAudit], language: Language) -> Iterator[str]:
    """What the audit says of positions that are picked more often than they are right; of many parts once."""
    known = [(part.alias, part.choices.positions) for part in parts if part.choices and part.choices.positions]
    corrected = adjusted([positions.test.p for _, positions in known])
    found = [one for one, p in zip(known, corrected, strict=True) if p is not None and p <= 0.05]
    if len(found) > _MOST_PARTS:
        yield language.text("warn_positions", n=len(found), tasks=language.named([name for name, _ in found], 6))
        return
    for name, positions in found:
        place, chosen, gold = preferred_position(positions)
        p = in_one_line(p_value(positions.test.p))
        values = {"name": name, "option": label(place), "gold": percent(gold), "p": p}
        if chosen == 1:
            yield language.text("warn_one_position", n=positions.n, **values)
        else:
            yield language.text("warn_position", chosen=percent(chosen), **values)


def _of_orders(run: StoredRun, parts: Sequence[GroupAudit | TaskAudit], language: Language) -> Iterator[str]:
    """Of options that were shown in several orders: a score that only their own order gives."""
    for part in parts:
        name = part.group if isinstance(part, GroupAudit) else part.task
        scores, stderrs = run.scores(name), run.stderrs(name)
        for (metric, by), effect in scores.items():
            stderr = stderrs.get((metric, by))
            own, mean = scores.get(("acc", by)), scores.get(("acc_orders_mean", by))
            if metric != "order_effect" or not stderr or own is None or mean is None or effect < _SURE * stderr:
                continue
            yield language.text("warn_orders", name=part.alias, acc=number(own, 3), mean=number(mean, 3))
            break
