"""What an audit says of an exam that gives something away: a position, a length, "none of the above"."""

from __future__ import annotations

from collections.abc import Iterator

from proctor.analysis.audit_choices import ChoiceAudit
from proctor.analysis.baselines import Baseline, MajorityPosition
from proctor.analysis.wording import number, points
from proctor.plurals import counted


def label(position: int) -> str:
    """The letter of a position.

    Args:
        position: From 0.
    """
    return chr(65 + position) if position < 26 else str(position + 1)


def baseline_sentences(choices: ChoiceAudit) -> Iterator[str]:
    """What the exam gives away.

    Args:
        choices: Of a task or group.
    """
    majority, longest, shortest = choices.majority, choices.longest, choices.shortest
    if majority is not None and (choices.by_label or majority.baseline.conspicuous):
        yield majority_sentence(majority)
    for name, baseline in (("longest", longest), ("shortest", shortest)):
        if baseline is not None and baseline.conspicuous:
            yield f"Always the {name} option is right in {number(baseline.acc, 3)}, {above_chance(baseline)}."

    if choices.all_none is not None and choices.all_none.conspicuous:
        documents = f'{counted(choices.all_none_n, "document")} with an option such as "none of the above"'
        yield f"Of {documents}, it is right in {number(choices.all_none.acc, 3)}, {above_chance(choices.all_none)}."


def above_chance(baseline: Baseline) -> str:
    """By how much guessing in one way is better than guessing.

    Args:
        baseline: Such a way.
    """
    return f"{points(baseline.acc - baseline.chance)} more than chance: the exam gives that away"


def majority_sentence(majority: MajorityPosition) -> str:
    """What always the same position gives, and which one is hardly ever right.

    Args:
        majority: Of a task.
    """
    baseline, counts = majority.baseline, majority.counts
    total, k = sum(counts), len(counts)
    text = f"Always {label(majority.position)} is right in {number(baseline.acc, 3)}"
    text += f", {above_chance(baseline)}" if baseline.conspicuous else ""
    rarest = counts.index(min(counts))
    share = counts[rarest] / total
    if k > 2 and baseline.conspicuous and share < 0.5 / k:
        worth = points((1 - share) / (k - 1) - 1 / k)
        text += f". The gold is {label(rarest)} in {100 * share:.1f} %: never saying {label(rarest)} is worth {worth}"
    return f"{text}."
