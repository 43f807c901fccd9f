"""The test vectors of the specification: each computed here, all of its outputs.

``honest_vectors.json`` holds ``vectors.<name> = {input, expected, note}``. Floats agree within 1e-9 unless the row
of ``TOLERANCE`` allows more; the rest is equal.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from proctor.analysis.baselines import against_chance, extreme_length, majority_position
from proctor.analysis.betting import betting_set, difference_set
from proctor.analysis.calibration import calibration, mass_bins, width_bins
from proctor.analysis.calibration_null import calibration_null
from proctor.analysis.contamination import order_canary, order_drop, sharded_order
from proctor.analysis.distributions import beta_quantile
from proctor.analysis.draws import source_of
from proctor.analysis.duplicates import clusters, jaccard, normalized, shingles
from proctor.analysis.e_values import sign_e_value
from proctor.analysis.early_stop import count_set
from proctor.analysis.formulations import (
    choice_mass,
    disagreement,
    generated_against_scored,
    normalized_scores,
)
from proctor.analysis.groups import group_difference, group_mean
from proctor.analysis.intervals import clustered_mean, share_interval
from proctor.analysis.item_difficulty import check_golds, item_statistics
from proctor.analysis.min_k import min_k, min_k_plus_plus, next_token_moments, standardized
from proctor.analysis.multiplicity import adjusted
from proctor.analysis.option_kinds import ItemKind, item_kind, option_kind
from proctor.analysis.order_positions import order_positions, position_wald
from proctor.analysis.order_scores import OrderedItem, item_orders, order_scores
from proctor.analysis.orders import (
    all_orders,
    choice_orders,
    cyclic_orders,
    distinct_lines,
    option_lines,
    order_mode,
)
from proctor.analysis.paired import Estimate, bonett_price, mcnemar, paired_difference
from proctor.analysis.positions import choice_divergence, recall_by_position, spread_of_recalls, stuart_maxwell
from proctor.analysis.power import (
    correlated_variance,
    detectable_effect,
    discordance_variance,
    documents_needed,
)
from proctor.analysis.pride import debiased_choice, debiased_scores, item_prior, task_prior
from proctor.analysis.probabilities import choice_probabilities, first_highest
from proctor.analysis.selective import accuracy_at, area_under_risk, auroc, selective_accuracy
from proctor.analysis.sign_flips import sign_flip_test
from proctor.analysis.subsets import (
    information_2pl,
    prediction_powered,
    probability_2pl,
    random_subset,
)
from proctor.analysis.temperature import fit_temperature
from proctor.analysis.variance import variance_components
from proctor.analysis.verdicts import gate_decision
from proctor.stats.intervals import Z
from proctor.stats.standard_errors import mean_stderr

FILE = Path(__file__).with_name("honest_vectors.json")
VECTORS = json.loads(FILE.read_text(encoding="utf-8"))["vectors"]
TOLERANCE = {"calibration.temperature": 1e-4}
SOURCE = source_of(0, "vectors")


def interval_binomial(given):
    def row(hits, n):
        values = [1.0] * hits + [0.0] * (n - hits)
        wald = Z * mean_stderr(values)
        return {
            "wald_lm_eval": [hits / n - wald, hits / n + wald],
            "wilson": share_interval(hits, n, given["level"]),
            "clopper_pearson": share_interval(hits, n, given["level"], "exact"),
            "beta_uniform_prior": [beta_quantile(tail, hits + 1, n - hits + 1) for tail in (0.025, 0.975)],
        }

    return {name: row(*map(int, name.split("/"))) for name in VECTORS["interval.binomial"]["expected"]}


def stderr_clustered(given):
    result = clustered_mean(given["values"], given["clusters"])
    return {
        "mean": result.mean,
        "stderr": result.stderr_plain,
        "stderr_clustered": result.stderr,
        "stderr_clustered_uncorrected_miller": result.stderr * math.sqrt((result.clusters - 1) / result.clusters),
        "clusters": result.clusters,
        "design_effect": result.design_effect,
        "effective_n": result.effective_n,
        "ci_t": result.interval_t,
        "ci_wilson_effective_n": result.interval,
    }


def stderr_clustered_edges(given):
    values = given["values"]
    one = clustered_mean(values, [0] * len(values))
    assert (one.interval, one.effective_n) == (None, None)
    assert one.reason
    return {"one_cluster": one.stderr, "own_cluster": clustered_mean(values, range(len(values))).stderr}


def stderr_group(given):
    result = group_mean(given["sizes"], given["acc"], given["stderr"])
    return {
        "micro": result.micro,
        "micro_stderr": result.micro_stderr,
        "micro_stderr_lm_eval": result.micro_stderr_lm_eval,
        "macro": result.macro,
        "macro_stderr": result.macro_stderr,
        "macro_stderr_new_tasks": result.macro_stderr_new_tasks,
    }


def paired_mcnemar(_):
    def row(only_a, only_b):
        result = mcnemar(only_a, only_b)
        return {"exact": result.exact, "mid_p": result.mid_p}

    return {name: row(*map(int, name.split(","))) for name in VECTORS["paired.mcnemar"]["expected"]}


def paired_interval(given):
    b, c, n = given["b"], given["c"], given["n"]
    a_scores = [1.0] * b + [0.0] * c + [1.0] * (n - b - c)
    b_scores = [0.0] * b + [1.0] * c + [1.0] * (n - b - c)
    result = paired_difference(a_scores, b_scores, source=SOURCE)
    assert result.interval == bonett_price(b, c, n).interval()
    return {
        "difference": result.difference,
        "wald": Estimate(result.difference, result.stderr, None).interval(),
        "bonett_price": result.interval,
    }


def paired_sign_flip(given):
    import scipy.stats as scipy_stats

    result = paired_difference(given["a"], given["b"], source=SOURCE)
    assert result.p_method == "exact"
    differences = [a - b for a, b in zip(given["a"], given["b"], strict=True)]
    flips = sign_flip_test(differences, source=SOURCE)
    return {
        "mean_difference": result.difference,
        "p_two_sided_exact": result.p,
        "enumerated": 2**flips.units,
        "t_test_p": float(scipy_stats.ttest_1samp(differences, 0).pvalue),
    }


def paired_sign_flip_clustered(given):
    return {"p_two_sided_exact": paired_difference(given["a"], given["b"], given["clusters"], source=SOURCE).p}


def paired_mde(given):
    variance = discordance_variance(given["discordant_share"])
    levels = {"alpha": given["alpha"], "power": given["power"]}
    needed = VECTORS["paired.mde"]["expected"]["n_needed_for"]
    return {
        "mde": [detectable_effect(variance, n, **levels) for n in given["n"]],
        "n_needed_for": {effect: documents_needed(variance, float(effect), **levels) for effect in needed},
        "z_sum": detectable_effect(1.0, 1, **levels),
    }


def paired_mde_unpaired(given):
    variances = [correlated_variance(given["acc_a"], given["acc_b"], rho) for rho in given["rho"]]
    return {"var_d": variances, "mde": [detectable_effect(variance, given["n"]) for variance in variances]}


def paired_group(given):
    result = group_difference(given["sizes"], given["differences"], given["stderr"])
    return {
        "micro_difference": result.micro,
        "micro_stderr": result.micro_stderr,
        "z": result.z,
        "p": result.p,
        "cochran_q": result.agreement.q,
        "cochran_q_p": result.agreement.p,
    }


def multiplicity(given):
    return {
        "holm": adjusted(given["p"]),
        "benjamini_hochberg": adjusted(given["p"], "bh"),
        "benjamini_yekutieli": adjusted(given["p"], "by"),
    }


def multiplicity_order_and_ties(given):
    return {"holm": adjusted(given["p"]), "benjamini_hochberg": adjusted(given["p"], "bh")}


def gate(given):
    decisions = [
        gate_decision(Estimate(difference, stderr, None), given["margin"], given["alpha"])
        for difference, stderr in zip(given["difference_new_minus_old"], given["stderr"], strict=True)
    ]
    return {
        "lower_one_sided": [decision.lower for decision in decisions],
        "upper_one_sided": [decision.upper for decision in decisions],
        "gate": [decision.state for decision in decisions],
    }


def calibration_basic(given):
    confidence, correct = given["confidence"], given["correct"]
    width = calibration(confidence, correct, width_bins(confidence, 10))
    mass = calibration(confidence, correct, mass_bins(confidence, 5))
    parts, accuracies = mass.brier_parts, selective_accuracy(confidence, correct)

    def table(result):
        return [[one.n, one.confidence, one.accuracy] for one in result.bins]

    return {
        "accuracy": mass.accuracy,
        "mean_confidence": mass.mean_confidence,
        "overconfidence": mass.overconfidence,
        "ece_width_10": width.ece,
        "table_width_10": table(width),
        "ece_mass_5": mass.ece,
        "table_mass_5": table(mass),
        "mce_mass_5": mass.mce,
        "rmsce_debiased_mass_5": mass.rmsce_debiased.value,
        "rmsce_debiased_mass_5_before_clip_squared": mass.rmsce_squared,
        "brier_top": mass.brier_top,
        "brier_decomposition_mass_5": dataclasses.asdict(parts),
        "auroc": auroc(confidence, correct).value,
        "selective_accuracy": {c: accuracy_at(accuracies, float(c)) for c in ("0.1", "0.25", "0.5", "0.75", "1.0")},
        "aurc": area_under_risk(accuracies),
    }


def calibration_ties(given):
    accuracies = selective_accuracy(given["confidence"], given["correct"])
    return {
        "selective_accuracy": {c: accuracy_at(accuracies, float(c)) for c in ("0.2", "0.4", "0.6", "1.0")},
        "auroc": auroc(given["confidence"], given["correct"]).value,
    }


def calibration_edge(given):
    confidence, correct = given["confidence"], given["correct"]
    ranking = auroc(confidence, correct)
    assert ranking.reason == "all answers are right"
    return {"auroc": ranking.value, "ece_width_10": calibration(confidence, correct, width_bins(confidence, 10)).ece}


def calibration_null_exact(given):
    confidence, correct = given["confidence"], given["correct"]
    bins = [[i for i, b in enumerate(given["bins"]) if b == wanted] for wanted in sorted(set(given["bins"]))]
    null = calibration_null(confidence, correct, bins, source=SOURCE)
    assert null.draws is None
    return {
        "ece": calibration(confidence, correct, bins).ece,
        "ece_expected_if_calibrated": null.expected,
        "p": null.p,
    }


def calibration_probabilities(given):
    result = choice_probabilities(given["lls"], [[gold] for gold in given["gold"]])
    return {
        "probabilities": result.probabilities,
        "confidence": result.confidence,
        "choice": result.choice,
        "nll": result.nll.value,
        "brier": result.brier,
        "entropy": result.entropy,
    }


def calibration_temperature(given):
    temperature = fit_temperature(given["lls"], given["gold"]).value

    def nll(scale):
        lls = [[ll / scale for ll in one] for one in given["lls"]]
        return choice_probabilities(lls, [[gold] for gold in given["gold"]]).nll.value

    return {"temperature": temperature, "nll_at_temperature": nll(temperature), "nll_at_1": nll(1)}


def position_stuart_maxwell(given):
    result = stuart_maxwell(given["table_gold_by_chosen"])
    return {"statistic": result.statistic, "df": result.freedom, "p": result.p}


def position_ckld(given):
    return {"ckld": choice_divergence(given["gold_counts"], given["chosen_counts"]).value}


def position_rstd(given):
    recall = recall_by_position(given["table_gold_by_chosen"])
    return {"recall": recall, "rstd": spread_of_recalls(recall).value}


def baseline_chance(given):
    result = against_chance(given["choices"], given["golds"], given["right"])
    return {
        "chance_items": result.chance_items,
        "chance": result.chance,
        "acc": result.acc,
        "acc_chance_corrected": result.corrected.value,
        "p_above_chance": result.p_above,
        "formula_score": result.formula_score.value,
    }


def baseline_constant_position(given):
    result = majority_position(given["gold"], [4] * len(given["gold"]))
    return {"counts": result.counts, "majority_position": result.position, "majority_acc": result.baseline.acc}


def baseline_longest(given):
    items, longest = extreme_length(given["choices"], given["gold"], longest=True)
    _, shortest = extreme_length(given["choices"], given["gold"], longest=False)
    return {"longest_items": items, "longest_acc": longest.acc, "shortest_acc": shortest.acc}


def orders_cyclic(given):
    return {"orders": cyclic_orders(given["K"])}


def orders_cyclic_pinned(given):
    return {"orders": cyclic_orders(given["K"], given["pinned"])}


def orders_trie_options(given):
    lines = [option_lines(options) for options in given["K"]]
    for options, one in zip(given["K"][:4], lines, strict=False):
        assert distinct_lines(cyclic_orders(options)) == one.cyclic
        assert distinct_lines(all_orders(options)) == one.all
    return {name: [getattr(one, name) for one in lines] for name in ("cyclic", "all", "all_without_sharing")}


def ordered_items(given):
    orders = tuple(map(tuple, given["orders"]))
    rows = zip(given["logprobs"], given["gold"], strict=True)
    return [OrderedItem(orders, tuple(map(tuple, lls)), (gold,)) for lls, gold in rows]


def orders_metrics(given):
    items = ordered_items(given)
    read, scores = [item_orders(item) for item in items], order_scores(items)
    positions = order_positions(items, source=SOURCE)
    return {
        "chosen_position": [one.positions for one in read],
        "chosen_content": [one.chosen for one in read],
        "acc_canonical": scores.canonical.value,
        "acc_orders_mean": scores.mean.value,
        "acc_orders_mean_stderr": scores.mean.stderr,
        "acc_orders_worst": scores.worst.value,
        "acc_orders_worst_stderr": scores.worst.stderr,
        "acc_orders_any": scores.any.value,
        "sensitivity_gap": scores.gap.value,
        "acc_orders_at_least": {str(k): share for k, share in enumerate(scores.at_least, 1)},
        "acc_orders_majority": scores.majority.value,
        "acc_orders_majority_items": [one.majority for one in read],
        "acc_orders_avg_prob": scores.average.value,
        "order_consistency": scores.consistency.value,
        "order_consistency_items": [one.consistency for one in read],
        "order_consistent": scores.consistent.value,
        "per_order_acc": [sum(one.right[r] for one in read) / len(read) for r in range(4)],
        "position_share": positions.share,
        "position_gold_share": positions.gold_share,
        "recall_by_position": positions.recall,
        "rstd": positions.rstd.value,
        "position_wald": positions.test.statistic,
        "position_wald_df": positions.test.freedom,
        "position_wald_p": positions.test.p,
    }


def orders_position_wald_degenerate(given):
    test = position_wald(given["position_share_items"])
    return {"position_wald": test.statistic, "position_wald_p": test.p}


def orders_pride(given):
    lls, estimation = given["logprobs"], given["estimation_items"]
    prior = task_prior([lls[i] for i in estimation], least=len(estimation))
    others = [lls[i][0] for i in range(len(lls)) if i not in estimation]
    return {
        "item_priors": [item_prior(lls[i]) for i in estimation],
        "prior": prior,
        "debiased_scores_canonical": [debiased_scores(one, prior) for one in others],
        "debiased_choice_canonical": [debiased_choice(one, prior) for one in others],
    }


def orders_option_kinds(given):
    kinds = {name: {option_kind(option) for option in options} for name, options in given.items()}
    return {name: one.pop() if len(one) == 1 else one for name, one in kinds.items()}


def orders_item_kinds(given):
    kinds = [item_kind(options) for options in given["items"]]
    return {"kinds": [one.kind for one in kinds], "pinned": [one.pinned for one in kinds]}


def orders_by_kind(given):
    mode, options = order_mode(given["mode"]), given["K"]

    def of(name):
        kind, _, pins = name.partition(" ")
        return choice_orders(ItemKind(kind, tuple(json.loads(pins or "[]"))), options, mode, SOURCE)

    return {name: of(name) for name in VECTORS["orders.by_kind"]["expected"]}


def formulation_scores(given):
    options = {"choices": given["choices"], "tokens": given["tokens"], "unconditional": given["unconditional"]}
    scores = {
        name: normalized_scores(given["lls"], name, **options) for name in ("none", "char", "byte", "token", "pmi")
    }
    return {**scores, "argmax": {name: first_highest(one) for name, one in scores.items()}}


def formulation_disagreement(given):
    result = disagreement(given["right_a"], given["right_b"], given["choice_a"], given["choice_b"])
    return {
        **dataclasses.asdict(result.counts),
        "same_choice": result.same_choice,
        "kappa": result.kappa.value,
        "mcnemar_exact_p": result.test.exact,
    }


def formulation_choice_mass(given):
    result = choice_mass(given["lls"], given["greedy"])
    return {
        "choice_mass_items": result.items,
        "choice_mass": result.mass.value,
        "format_rate": result.format_rate,
    }


def formulation_generated_vs_scored(given):
    result = generated_against_scored(given["scored"], given["generated"], [[gold] for gold in given["gold"]])
    return {
        "parse_rate": result.parse_rate,
        "agreement_parsed": result.agreement_parsed.value,
        "acc_scored": result.acc_scored,
        "acc_generated": result.acc_generated,
        "acc_generated_parsed": result.acc_generated_parsed.value,
    }


def early_stop_ppr(given):
    def row(name):
        right, asked, documents = map(int, re.fullmatch(r"(\d+) of (\d+), N (\d+)", name).groups())
        result = count_set(right, asked, documents, given["alpha"])
        return {"count": [result.low, result.high], "accuracy": result.interval}

    return {name: row(name) for name in VECTORS["early_stop.ppr"]["expected"]}


def early_stop_sign_e_value(_):
    names = VECTORS["early_stop.sign_e_value"]["expected"]
    return {name: sign_e_value(*map(int, name.split(","))) for name in names}


def early_stop_betting(given):
    values = [1, 0.5, 0.5, 1, 0.5, 0, 0.5, 0.5, 1, 0.5, 1, 0.5, 0.5, 1, 0.5, 0.5, 1, 1, 0, 0.5] * 5
    differences = [2 * value - 1 for value in values]
    return {
        "after_20": betting_set(values[:20], given["N"], given["alpha"]),
        "after_100": betting_set(values, given["N"], given["alpha"]),
        "difference_after_100": difference_set(differences, given["N"], given["alpha"]),
    }


def variance_items_seeds(given):
    result = variance_components(given["scores_items_by_seeds"])
    return {
        "mean": result.mean,
        "per_seed": result.by_draw,
        "ms_items": result.ms_items,
        "ms_seeds": result.ms_draws,
        "ms_residual": result.ms_residual,
        "var_items": result.var_items,
        "var_seeds": result.var_draws,
        "var_seeds_before_clip": result.var_draws_raw,
        "var_residual": result.ms_residual,
        "stderr_mean": result.stderr_mean,
        "stderr_one_seed": result.stderr_one_draw,
    }


def items_difficulty(given):
    result = item_statistics(given["right_items_by_models"])
    return {
        "difficulty": [one.difficulty for one in result],
        "discrimination_item_rest": [one.discrimination.value for one in result],
    }


def items_suspicious_gold(given):
    checks = check_golds(
        given["choices_items_by_models"],
        [[gold] for gold in given["gold"]],
        min_agreement=given["min_agreement"],
        min_models=given["min_models"],
    )
    return {
        "items": [
            {
                "plurality": one.plurality,
                "agreement": one.agreement,
                "against_gold": one.against_gold,
                "score": one.agreement if one.against_gold else None,
            }
            for one in checks
        ],
        "flagged": [position for position, one in enumerate(checks) if one.flagged],
    }


def items_duplicates(given):
    texts = [normalized(question) for question in given["questions"]]
    return {"normalised": texts, "clusters": clusters(texts)}


def items_jaccard(given):
    return {"jaccard": jaccard(shingles(given["a"], given["words"]), shingles(given["b"], given["words"]))}


def contamination_order_canary(given):
    assert given["canonical"] == 0
    result = order_canary(given["loglik_items_by_orders"])
    return {
        "rank": result.ranks,
        "rank_sum": result.rank_sum,
        "p_rank_sum_exact": result.p_rank_sum,
        "top1_share": result.first_share,
        "top1_expected": result.first_expected,
        "p_top1": result.p_first,
        "z_items": result.z_items,
        "z_mean": result.z_mean,
    }


def contamination_order_drop(given):
    result = order_drop(given["right_canonical_only"], given["right_permuted_only"], given["n"])
    return {"drop": result.drop, "p_one_sided": result.p}


def contamination_min_k(given):
    result = min_k(given["token_logprobs"], given["k"])
    return {"min_k": result.score, "loss": result.loss, "tokens_used": result.tokens_used}


def contamination_min_k_plus_plus(given):
    rows = given["log_probs_positions_by_vocabulary"]
    moments = [next_token_moments(row) for row in rows]
    mu, sigma = [mean for mean, _ in moments], [deviation for _, deviation in moments]
    z = standardized([row[token] for row, token in zip(rows, given["tokens"], strict=True)], mu, sigma)
    return {"mu": mu, "sigma": sigma, "z": z, "min_k_plus_plus": min_k_plus_plus(z, given["k"]).value}


def contamination_sharded(given):
    result = sharded_order(given["shards_canonical_then_shuffled"])
    return {"differences": result.differences, "t": result.test.t, "p_one_sided": result.test.p}


def subset_random(given):
    result = random_subset(given["right"], given["N"])
    return {"estimate": result.estimate, "stderr": result.stderr_plain, "stderr_fpc": result.stderr}


def subset_prediction_powered(given):
    result = prediction_powered(given["right"], given["predicted"], given["predicted_mean_all"], given["N"])
    return {
        "estimate": result.estimate,
        "stderr_fpc": result.stderr,
        "stderr_random_fpc": result.stderr_random,
    }


def subset_irt_2pl(given):
    items = list(zip(given["a"], given["b"], strict=True))
    return {
        "p": [probability_2pl(given["theta"], a, b) for a, b in items],
        "information": [information_2pl(given["theta"], a, b) for a, b in items],
    }


COMPUTED = {
    "contamination.order_canary": contamination_order_canary,
    "contamination.order_drop": contamination_order_drop,
    "contamination.min_k": contamination_min_k,
    "contamination.min_k_plus_plus": contamination_min_k_plus_plus,
    "contamination.sharded": contamination_sharded,
    "subset.random": subset_random,
    "subset.prediction_powered": subset_prediction_powered,
    "subset.irt_2pl": subset_irt_2pl,
    "early_stop.ppr": early_stop_ppr,
    "early_stop.sign_e_value": early_stop_sign_e_value,
    "early_stop.betting": early_stop_betting,
    "variance.items_seeds": variance_items_seeds,
    "items.difficulty": items_difficulty,
    "items.suspicious_gold": items_suspicious_gold,
    "items.duplicates": items_duplicates,
    "items.jaccard": items_jaccard,
    "orders.cyclic": orders_cyclic,
    "orders.cyclic_pinned": orders_cyclic_pinned,
    "orders.trie_options": orders_trie_options,
    "orders.metrics": orders_metrics,
    "orders.position_wald_degenerate": orders_position_wald_degenerate,
    "orders.pride": orders_pride,
    "orders.option_kinds": orders_option_kinds,
    "orders.item_kinds": orders_item_kinds,
    "orders.by_kind": orders_by_kind,
    "formulation.scores": formulation_scores,
    "formulation.disagreement": formulation_disagreement,
    "formulation.choice_mass": formulation_choice_mass,
    "formulation.generated_vs_scored": formulation_generated_vs_scored,
    "calibration.basic": calibration_basic,
    "calibration.ties": calibration_ties,
    "calibration.edge": calibration_edge,
    "calibration.null": calibration_null_exact,
    "calibration.probabilities": calibration_probabilities,
    "calibration.temperature": calibration_temperature,
    "position.stuart_maxwell": position_stuart_maxwell,
    "position.ckld": position_ckld,
    "position.rstd": position_rstd,
    "baseline.chance": baseline_chance,
    "baseline.constant_position": baseline_constant_position,
    "baseline.longest": baseline_longest,
    "interval.binomial": interval_binomial,
    "stderr.clustered": stderr_clustered,
    "stderr.clustered_edges": stderr_clustered_edges,
    "stderr.group": stderr_group,
    "paired.mcnemar": paired_mcnemar,
    "paired.interval": paired_interval,
    "paired.sign_flip": paired_sign_flip,
    "paired.sign_flip_clustered": paired_sign_flip_clustered,
    "paired.mde": paired_mde,
    "paired.mde_unpaired": paired_mde_unpaired,
    "paired.group": paired_group,
    "multiplicity": multiplicity,
    "multiplicity.order_and_ties": multiplicity_order_and_ties,
    "gate": gate,
}


def differences_of(computed: Any, expected: Any, tolerance: float, where: str = "") -> list[str]:
    """Where two values differ by more than the tolerance; whole numbers, texts and None must be equal."""
    if isinstance(expected, dict):
        if not isinstance(computed, dict) or computed.keys() != expected.keys():
            return [f"{where}: {computed!r} instead of the keys {list(expected)}"]
        return [
            line
            for key, value in expected.items()
            for line in differences_of(computed[key], value, tolerance, f"{where}.{key}")
        ]
    if isinstance(expected, list):
        if not isinstance(computed, list | tuple) or len(computed) != len(expected):
            return [f"{where}: {computed!r} instead of {len(expected)} values"]
        return [
            line
            for position, (one, other) in enumerate(zip(computed, expected, strict=True))
            for line in differences_of(one, other, tolerance, f"{where}[{position}]")
        ]
    numbers = isinstance(expected, int | float) and isinstance(computed, int | float)
    same = abs(computed - expected) <= tolerance if numbers else computed == expected
    return [] if same else [f"{where}: {computed!r} instead of {expected!r}"]


@pytest.mark.parametrize("name", VECTORS)
def test_every_output_of_a_vector(name):
    vector = VECTORS[name]
    computed = COMPUTED[name](vector["input"])
    assert differences_of(computed, vector["expected"], TOLERANCE.get(name, 1e-9)) == []


def test_the_vectors_are_those_of_the_specification(repository):
    theirs = repository.parent / "shared" / "honest_vectors.json"
    if not theirs.is_file():
        pytest.skip("the specification is not beside the repository")
    assert theirs.read_bytes() == FILE.read_bytes()
