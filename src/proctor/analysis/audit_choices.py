"""What the choices of a run say besides their score: chance, baselines, positions, mass of the options, calibration.

Each part is None where it has no meaning, and ``reasons`` says why.
"""

# Which documents a part is of
# ----------------------------
#   chance                  all choices with a known gold, scored 0 or 1
#   positions, lengths      those with one gold; positions only where bare labels were scored: the model sees no order
#                           of options that it is given one at a time
#   mass, format rate       bare labels; a longer option's probability is no probability of answering in this form
#   calibration             those with finite log-likelihoods, under the normalization of the metric
#
# Position of a choice: where the metric's own rule (sum, per character, per byte) puts it. It agrees with the score
# of the document; where it does not (a class of a script scored otherwise), ``disagreements`` counts it and nothing
# is derived from positions.

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from proctor.analysis.baselines import (
    Baseline,
    Chance,
    MajorityPosition,
    against_chance,
    baseline_of,
    extreme_length,
    majority_position,
)
from proctor.analysis.calibration import Calibration, calibration, mass_bins, width_bins
from proctor.analysis.calibration_null import CalibrationNull, calibration_null
from proctor.analysis.choice_columns import Choices
from proctor.analysis.draws import source_of
from proctor.analysis.formulations import Normalization, choice_mass, normalized_scores
from proctor.analysis.positions import PositionBias, position_bias
from proctor.analysis.probabilities import ChoiceProbabilities, choice_probabilities
from proctor.analysis.selective import COVERAGES, accuracy_at, area_under_risk, auroc, selective_accuracy
from proctor.analysis.statistic import Statistic, is_binary
from proctor.analysis.temperature import FOLDS, scale_temperature
from proctor.results.choice_view import ChoiceView

_NORMALIZATIONS: Mapping[str, Normalization] = {"acc_norm": "char", "acc_bytes": "byte"}
_RULES = ("acc", *_NORMALIZATIONS)
"""Metrics that are right where the option that they pick is a gold."""


@dataclass(frozen=True, slots=True)
class ScaledConfidence:
    """Confidence after a temperature that was fitted on other documents.

    Attributes:
        temperature: What would fit the confidence of all documents best.
        ece: The calibration error after it; None of fewer than five documents.
        ece_null: What chance gives then.
    """

    temperature: Statistic
    ece: float | None
    ece_null: float | None


@dataclass(frozen=True, slots=True)
class ConfidenceAudit:
    """Whether confidence means anything, over n documents.

    Attributes:
        left_out: Documents with a NaN, or without any option that the model can write.
        calibration: Over ten bins of equal mass.
        null: What a perfectly calibrated model would show.
        ece_width: The calibration error over fifteen bins of equal width: what the literature reports.
        auroc: Whether right answers are the surer ones.
        selective: Accuracy of the surest share of documents, by share.
        aurc: Mean error over all such shares.
        nll: Mean negative log-probability of the golds.
        scaled: After a temperature; None where it was not asked for.
    """

    left_out: int
    calibration: Calibration
    null: CalibrationNull
    ece_width: float
    auroc: Statistic
    selective: Mapping[float, float]
    aurc: float
    nll: Statistic
    scaled: ScaledConfidence | None


@dataclass(frozen=True, slots=True)
class ChoiceAudit:
    """The choices of a task or group.

    Attributes:
        n: Choices with a known gold.
        unknown: Choices whose gold is not known.
        by_label: Whether bare labels were scored.
        disagreements: Documents whose score is not that of the option which the metric's rule picks.
        ties: Documents in which equal scores decided, so that the first position won.
        chance: The score beside guessing.
        majority: The best constant position.
        longest: The longest option, taken always.
        shortest: The shortest option.
        all_none: Among documents with an option such as "none of the above", that option, taken always.
        all_none_n: How many such documents there are.
        positions: Chosen against gold positions.
        mass: Mean probability that the model writes any of the labels.
        format_rate: Share of documents in which a label is what greedy decoding writes.
        confidence: Calibration and ranking by confidence.
        reasons: Why a part is None, by its name.
    """

    n: int
    unknown: int
    by_label: bool
    disagreements: int
    ties: int
    chance: Chance | None = None
    majority: MajorityPosition | None = None
    longest: Baseline | None = None
    shortest: Baseline | None = None
    all_none: Baseline | None = None
    all_none_n: int = 0
    positions: PositionBias | None = None
    mass: float | None = None
    format_rate: float | None = None
    confidence: ConfidenceAudit | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)


def audit_choices(
    choices: Choices, name: str, seed: int = 0, *, confidence: bool = True, scaled: bool = False
) -> ChoiceAudit | None:
    """Audit the choices of a task or of a group's tasks together.

    Args:
        choices: The choices.
        name: The task or group, which seeds draws.
        seed: Seeds draws as well.
        confidence: Whether to look at confidence.
        scaled: Whether to fit a temperature.

    Returns:
        None where there are no choices.
    """
    views, right, metric = choices.views, choices.right, choices.metric[0]
    if not views:
        return None
    reasons: dict[str, str] = {}
    picked = [view.picked(metric) for view in views]
    follows_rule = metric in _RULES
    wrong = sum((p in view.golds) != bool(score) for view, p, score in zip(views, picked, right, strict=True))
    disagreements = wrong if follows_rule else 0
    single = [i for i, view in enumerate(views) if len(view.golds) == 1]
    positions = None
    if not choices.by_label:
        reasons["positions"] = "options were scored by their texts, so that their order is not known to the model"
    elif not follows_rule or disagreements:
        reasons["positions"] = f"scores of {metric} do not follow from the likeliest option"
    else:
        positions = _positions(views, picked, single, reasons)
    majority, longest, shortest = _baselines(views, single, reasons)
    chance = None
    if is_binary(right):
        chance = against_chance([len(view.options) for view in views], [len(view.golds) for view in views], right)
    else:
        reasons["chance"] = f"scores of {metric} are not 0 or 1"
    mass, format_rate = _mass(choices, reasons)
    sure = None
    if not confidence:
        reasons["confidence"] = "looked at in the group"
    elif follows_rule and not disagreements:
        sure = _confidence(choices, name, seed, reasons, scaled=scaled)
    else:
        reasons["confidence"] = f"scores of {metric} do not follow from the likeliest option"
    ties = sum(_tied(view, metric) for view in views)
    return ChoiceAudit(
        *(len(views), choices.unknown, choices.by_label, disagreements, ties),
        *(chance, majority, longest, shortest, *_all_none(choices), positions, mass, format_rate, sure, reasons),
    )


def _tied(view: ChoiceView, metric: str) -> bool:
    scores = normalized(view, metric)
    return len(scores) > 1 and scores.count(max(scores)) > 1 and not view.has_nan


def normalized(view: ChoiceView, metric: str) -> Sequence[float]:
    """The scores of the options that a metric compares: log-likelihoods, per character or per byte.

    Args:
        view: A choice.
        metric: ``acc``, ``acc_norm``, ``acc_bytes``.
    """
    kind = _NORMALIZATIONS.get(metric)
    return normalized_scores(view.lls, kind, choices=view.options) if kind and view.lls else view.lls


def _positions(
    views: Sequence[ChoiceView], picked: Sequence[int | None], single: Sequence[int], reasons: dict[str, str]
) -> PositionBias | None:
    rows = [(views[i].golds[0], chosen, len(views[i].options)) for i in single if (chosen := picked[i]) is not None]
    if not rows:
        reasons["positions"] = "no document has one gold and a choice"
        return None
    golds, chosen, options = (list(column) for column in zip(*rows, strict=True))
    return position_bias(golds, chosen, options)


def _baselines(
    views: Sequence[ChoiceView], single: Sequence[int], reasons: dict[str, str]
) -> tuple[MajorityPosition | None, Baseline | None, Baseline | None]:
    if not single:
        reasons["majority"] = reasons["longest"] = "no document has exactly one gold"
        return None, None, None
    golds = [views[i].golds[0] for i in single]
    majority = majority_position(golds, [len(views[i].options) for i in single])
    texts = [views[i].texts for i in single]
    if all(view.texts == view.options for view in (views[i] for i in single)) and views[single[0]].by_label:
        reasons["longest"] = "the texts of the options are not in the documents"
        return majority, None, None
    return majority, extreme_length(texts, golds, longest=True)[1], extreme_length(texts, golds, longest=False)[1]


def _all_none(choices: Choices) -> tuple[Baseline | None, int]:
    rows = [
        (float(view.golds[0] in positions), len(positions) / len(view.options))
        for view, positions in zip(choices.views, choices.all_none, strict=True)
        if positions and len(view.golds) == 1
    ]
    return (baseline_of([hit for hit, _ in rows], [chance for _, chance in rows]) if rows else None), len(rows)


def _mass(choices: Choices, reasons: dict[str, str]) -> tuple[float | None, float | None]:
    """Only of bare labels: they are one token each, nearly always, so that their probabilities are those of a reply."""
    views = [view for view in choices.views if view.lls and not view.has_nan]
    if not choices.by_label or not views:
        reasons["mass"] = "options are texts, not labels" if not choices.by_label else "no log-likelihoods are known"
        return None, None
    found = choice_mass([view.lls for view in views], [view.greedy for view in views])
    return found.mass.value, found.format_rate


def _confidence(
    choices: Choices, name: str, seed: int, reasons: dict[str, str], *, scaled: bool
) -> ConfidenceAudit | None:
    metric = choices.metric[0]
    views = [view for view in choices.views if view.lls]
    lls = [normalized(view, metric) for view in views]
    found = choice_probabilities(lls, [view.golds for view in views])
    if not found.positions:
        reasons["confidence"] = "no document has finite log-likelihoods"
        return None
    correct = list(found.correct)
    bins = mass_bins(found.confidence)
    source = source_of(seed, name, metric, "calibration")
    accuracies = selective_accuracy(found.confidence, correct)
    return ConfidenceAudit(
        found.left_out,
        calibration(found.confidence, correct, bins),
        calibration_null(found.confidence, correct, bins, source=source),
        calibration(found.confidence, correct, width_bins(found.confidence)).ece,
        auroc(found.confidence, correct),
        {share: accuracy_at(accuracies, share) for share in COVERAGES},
        area_under_risk(accuracies),
        found.nll,
        _scaled(found, lls, views, name, seed) if scaled else None,
    )


def _scaled(
    found: ChoiceProbabilities, lls: Sequence[Sequence[float]], views: Sequence[ChoiceView], name: str, seed: int
) -> ScaledConfidence:
    """The temperature, and the calibration error after it, on documents that it was not fitted on."""
    usable = [i for i in found.positions if len(views[i].golds) == 1 and all(map(math.isfinite, lls[i]))]
    if len(usable) < FOLDS:
        return ScaledConfidence(Statistic(None, f"fewer than {FOLDS} documents"), None, None)
    rows, golds = [lls[i] for i in usable], [views[i].golds[0] for i in usable]
    fitted = scale_temperature(rows, golds, source=source_of(seed, name, "temperature"))
    right = dict(zip(found.positions, found.correct, strict=True))
    correct = [right[i] for i in usable]
    bins = mass_bins(fitted.confidence)
    null = calibration_null(fitted.confidence, correct, bins, source=source_of(seed, name, "scaled"))
    return ScaledConfidence(fitted.temperature, calibration(fitted.confidence, correct, bins).ece, null.expected)
