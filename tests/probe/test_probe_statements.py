"""What may be said of a probe: a preference, memory against a reference alone, and never its absence."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import replace

import pytest

from proctor.probe.document import Reference
from proctor.probe.run import ItemResult, ProbeResult, TaskResult
from proctor.probe.statements import LEVEL, TOGETHER, min_k_sentence, probe_rows, probe_sentences


def items(count, gain, seed=0, orders=24):
    """Documents whose published order is likelier by ``gain`` standard deviations."""
    source = random.Random(f"{seed} {gain}")
    made = []
    for number in range(count):
        values = [source.gauss(0, 1) for _ in range(orders)]
        values[0] += gain
        made.append(ItemResult(number, f"h{number}", tuple(values), -8.0 + gain, 10, gain > 1))
    return tuple(made)


def result(*tasks):
    made = [TaskResult(f"t{number}", Counter(free=len(one)), one) for number, one in enumerate(tasks)]
    return ProbeResult("m", tuple(made), ())


def reference(probe):
    return Reference("old", {(task.task, item.doc_hash): item for task in probe.tasks for item in task.items})


def said(row, name=None):
    return " ".join(probe_sentences(row, name))


def test_memory_is_said_against_a_reference_alone():
    seen, fresh = result(items(60, 2.0)), result(items(60, 0.0, 1))
    [row] = probe_rows(seen)
    assert row.is_preferred
    assert not row.is_memory
    assert "a preference, and not yet memory" in said(row)
    assert "training data" not in said(row)
    [row] = probe_rows(seen, reference(fresh))
    assert row.is_memory
    assert "probably in its training data" in said(row, "old")
    assert "does not say how much of the score" in said(row, "old")


def test_what_the_reference_prefers_as_well_is_no_memory():
    [row] = probe_rows(result(items(60, 2.0)), reference(result(items(60, 2.0, 7))))
    assert row.is_preferred
    assert not row.is_memory
    assert "Nothing is said of memory" in said(row, "old")


def test_a_p_too_small_for_a_number_is_not_taken_for_none():
    [row] = probe_rows(result(items(60, 2.0)), reference(result(items(60, 0.0, 1))))
    assert replace(row, against=replace(row.against, p=0.0)).is_memory
    assert not replace(row, against=replace(row.against, p=None)).is_memory


def test_memory_of_one_of_many_tasks_is_corrected_for_their_number():
    seen, fresh = result(items(60, 1.0)), result(items(60, 0.55, 1))
    [alone] = probe_rows(seen, reference(fresh))
    assert 0.05 / 20 < alone.against.p < 0.05
    many = result(items(60, 1.0), *(items(60, 0.0, seed) for seed in range(2, 21)))
    others = result(items(60, 0.55, 1), *(items(60, 0.0, seed) for seed in range(50, 69)))
    _, first, *_ = probe_rows(many, reference(others))
    assert first.against.p > alone.against.p
    assert (alone.is_memory, first.is_preferred, first.is_memory) == (True, True, False)


def test_a_reference_that_is_the_model_itself_has_no_p():
    probe = result(items(60, 2.0))
    text = said(probe_rows(probe, reference(probe))[0], "old")
    assert "0.0 places nearer to the first (all values are equal: their spread is unknown)" in text
    assert "places farther from the first" in said(probe_rows(probe, reference(result(items(60, 4.0, 1))))[0], "old")


def test_less_than_one_expected_first_place_is_not_said_to_be_none():
    assert "(0.3 expected" in said(probe_rows(result(items(8, 0.0)))[0])


def test_no_preference_is_not_said_to_be_absence():
    [row] = probe_rows(result(items(50, 0.0)))
    assert not row.is_preferred
    assert "does not show that the model has not seen the exam" in said(row)
    assert "50 documents are few" in said(row)
    assert "are few" not in said(probe_rows(result(items(150, 0.0)))[0])


def test_several_tasks_have_a_row_together_and_are_corrected_for_their_number():
    probe = result(items(20, 2.0), items(20, 0.0, 1), items(20, 0.0, 2))
    together, *rows = probe_rows(probe)
    assert (together.name, len(together.canary.ranks)) == (TOGETHER, 60)
    [alone] = probe_rows(result(items(20, 2.0)))
    assert rows[0].p == pytest.approx(3 * alone.p)


def test_documents_that_the_reference_lacks_are_left_out_of_the_comparison():
    probe = result(items(30, 2.0))
    partial = Reference(
        "old", {key: item for key, item in reference(result(items(30, 0.0, 1))).items.items() if key[1] != "h0"}
    )
    [row] = probe_rows(probe, partial)
    assert row.against is not None
    [other] = probe_rows(probe, Reference("old", {}))
    assert (other.against, other.reference_bits) == (None, None)


def test_halves_are_counted_in_bits_a_byte():
    [row] = probe_rows(result(items(4, 2.0)), reference(result(items(4, 0.0))))
    assert row.halves == 4
    assert row.greedy == 4
    assert row.bits_per_byte == pytest.approx(0.6 / math.log(2))
    assert row.reference_bits == pytest.approx(0.8 / math.log(2))


def test_nothing_can_be_said_where_no_document_is_free():
    probe = ProbeResult("m", (TaskResult("t", Counter(sorted=3), (ItemResult(0, "h"),) * 3),), ())
    [row] = probe_rows(probe)
    assert row.p is None
    assert "(3 have not): nothing can be said" in said(row)


@pytest.mark.slow
def test_without_memory_the_claim_is_made_in_five_of_a_hundred_probes_at_most():
    claims = sum(probe_rows(result(items(40, 0.0, seed)))[0].is_preferred for seed in range(400))
    # Three standard errors above 5 %.
    assert claims <= 400 * LEVEL + 3 * math.sqrt(400 * LEVEL * (1 - LEVEL))


def test_the_least_likely_tokens_are_said_without_a_test():
    probe = result(tuple(replace(item, min_k=-6.0, min_k_plus_plus=-1.5) for item in items(4, 0.0)))
    old = result(tuple(replace(item, min_k=-7.0, min_k_plus_plus=-2.0) for item in items(4, 0.0)))
    [row] = probe_rows(probe, reference(old))
    text = min_k_sentence(row, 0.2, "old")
    assert text.startswith("The least likely 20 % of the tokens of a question have a log-probability of -6.00")
    assert "(Min-K%++); old: -7.00 and -2.00." in text
    assert text.endswith("Such scores hardly tell what was trained on from what was not, and have no test.")
    [alone] = probe_rows(probe)
    assert "old" not in min_k_sentence(alone, 0.2, None)
    assert min_k_sentence(probe_rows(result(items(4, 0.0)))[0], 0.2, None) is None
