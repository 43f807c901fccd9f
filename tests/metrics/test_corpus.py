"""Corpus scores by sacrebleu. The literals are what lm-eval 0.4.13 gives."""

from __future__ import annotations

import logging
import sys

import pytest

from proctor.errors import MissingExtraError
from proctor.metrics import corpus

SEVERAL = [
    [["the cat sat on the mat .", "a cat was on the mat ."], "the cat was on the mat ."],
    [["dogs bark", "a dog barks"], "dog barks"],
]
SCORES = [
    (corpus.bleu, corpus.bleu_batch, 88.01117367933934),
    (corpus.chrf, corpus.chrf_batch, 88.78225028033984),
    (corpus.chrf_plus_plus, corpus.chrf_plus_plus_batch, 86.47712668888077),
    (corpus.ter, corpus.ter_batch, 21.052631578947366),
]
NAMES = ["bleu", "chrf", "chrf++", "ter"]


@pytest.mark.parametrize(("score", "batch", "value"), SCORES, ids=NAMES)
def test_several_references(score, batch, value):
    assert score(SEVERAL) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(("score", "batch", "value"), SCORES, ids=NAMES)
def test_the_whole_corpus_is_one_of_its_resamples(score, batch, value):
    numpy = pytest.importorskip("numpy")
    several, once = batch(SEVERAL), numpy.array([[0, 1], [1, 0], [0, 0]])
    whole, turned, first = several(once)
    assert whole == score(SEVERAL)
    assert turned == pytest.approx(whole)
    assert first == score([SEVERAL[0], SEVERAL[0]])


@pytest.mark.parametrize(("score", "batch", "value"), SCORES, ids=NAMES)
def test_an_answer_in_a_list_of_one_is_that_answer(score, batch, value):
    assert score([["a b c d e", ["a b c d f"]]]) == score([["a b c d e", "a b c d f"]])


def test_unequal_numbers_of_references_are_cut_and_said(caplog):
    unequal = [[["a b c d", "z"], "a b c d"], [["x y z w"], "x y z q"]]
    with caplog.at_level(logging.WARNING, logger="proctor"):
        assert corpus.bleu(unequal) == pytest.approx(72.31269021297696, rel=1e-12)
    assert "unequal numbers of references; 1 of each are used" in caplog.text
    assert corpus.bleu_batch(unequal) is None


def test_without_the_package_there_is_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    with pytest.raises(MissingExtraError, match="'sacrebleu' is needed here") as caught:
        corpus.bleu(SEVERAL)
    assert "[metrics]" in str(caught.value)
