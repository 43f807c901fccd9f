"""Pairs of formulations: who is right where, corrected for their number."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.analysis.formulation_pairs import NO_CHOICE, FormulationAnswers, formulation_pairs
from proctor.errors import AnalysisError

MANNERS = {"letter": "by letter", "text": "as text", "hybrid": "as hybrid"}


def answers(name, right, choice=None):
    return FormulationAnswers(name, MANNERS[name], right, list(map(int, right)) if choice is None else choice)


def pairs(*given):
    return formulation_pairs(given, random.Random(0))


def test_the_sentence_has_both_scores_the_discordant_documents_and_what_could_be_seen():
    letter = answers("letter", [1.0] * 41 + [0.0] * 31)
    text = answers("text", [1.0] * 20 + [0.0] * 21 + [1.0] * 16 + [0.0] * 15)
    (pair,) = pairs(letter, text)
    assert pair.sentence == (
        "letter 0.569, text 0.500 (n = 72): 21 documents are right only by letter, 16 only as text (p = 0.51): "
        "not resolved (MDE 0.236)."
    )
    assert (pair.table.counts.both, pair.table.counts.neither) == (20, 15)


def test_a_difference_that_is_resolved_names_the_better_one():
    (pair,) = pairs(answers("letter", [1.0] * 30), answers("text", [0.0] * 30))
    assert pair.sentence.endswith("(p = 2e−9): letter scores more.")
    (pair,) = pairs(answers("letter", [0.0] * 30), answers("text", [1.0] * 30))
    assert pair.sentence.endswith("text scores more.")


def test_p_values_are_corrected_for_the_number_of_pairs():
    right = [1.0, 1.0, 0.0, 0.0]
    found = pairs(answers("letter", right), answers("text", right), answers("hybrid", [0.0] * 4))
    assert [(pair.a.name, pair.b.name) for pair in found] == [
        ("letter", "text"), ("letter", "hybrid"), ("text", "hybrid"),
    ]  # fmt: skip
    assert found[1].table.test.exact == 0.5
    assert (found[1].p, found[1].pairs) == (1.0, 3)
    assert "; 1 corrected for 3 pairs)" in found[1].sentence


def test_two_documents_without_a_choice_are_no_agreement_on_an_option():
    (pair,) = pairs(answers("letter", [0.0, 1.0], [2, 1]), answers("text", [0.0, 1.0], [NO_CHOICE, 1]))
    assert pair.table.same_choice == 0.5


def test_without_documents_there_is_nothing_to_compare():
    with pytest.raises(AnalysisError):
        pairs(answers("letter", []), answers("text", []))


RIGHT = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30)


@given(RIGHT)
def test_swapping_two_formulations_mirrors_their_difference(both):
    a, b = ([float(pair[place]) for pair in both] for place in (0, 1))
    (one,), (other,) = pairs(answers("letter", a), answers("text", b)), pairs(answers("letter", b), answers("text", a))
    assert one.difference == pytest.approx(-other.difference)
    assert (one.p, one.table.same_choice) == (other.p, other.table.same_choice)
    assert one.table.counts.only_a == other.table.counts.only_b


def test_clusters_are_tested_by_their_signs_and_named():
    letter, text = answers("letter", [1.0] * 12), answers("text", [0.0] * 12)
    clusters = [place // 4 for place in range(12)]
    (pair,) = formulation_pairs([letter, text], random.Random(0), clusters)
    (plain,) = pairs(letter, text)
    assert (pair.clusters, plain.clusters) == (3, None)
    # Three clusters: signs that all agree are two of eight.
    assert (pair.own_p, plain.own_p) == (0.25, plain.table.test.exact)
    assert "(p = 0.25 by 3 clusters): not resolved" in pair.sentence
