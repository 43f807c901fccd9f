"""Metrics of the library ``evaluate`` by our own means, against figures worked out by hand or by the packages."""

import math

import pytest

from proctor.errors import UsageError
from proctor.metrics import evaluate_metrics

GUESS = ["the cat sat on the mat", "a dog"]
GOLD = [["the cat is on the mat", "there is a cat on the mat"], ["a dog"]]


def test_classes():
    golds, guesses = [1, 0, 1, 1], [1, 1, 0, 1]
    assert evaluate_metrics.accuracy(guesses, golds) == {"accuracy": 0.5}
    assert evaluate_metrics.accuracy(guesses, golds, normalize=False) == {"accuracy": 2.0}
    assert evaluate_metrics.precision(guesses, golds) == {"precision": pytest.approx(2 / 3)}
    assert evaluate_metrics.recall(guesses, golds) == {"recall": pytest.approx(2 / 3)}
    assert evaluate_metrics.f1(guesses, golds) == {"f1": pytest.approx(2 / 3)}
    assert list(evaluate_metrics.f1(guesses, golds, average=None)["f1"]) == pytest.approx([0, 2 / 3])
    assert evaluate_metrics.matthews_correlation(guesses, golds)["matthews_correlation"] == pytest.approx(-1 / 3)
    several = evaluate_metrics.matthews_correlation([[1, 0], [0, 1]], [[1, 1], [0, 0]], average="macro")
    assert several == {"matthews_correlation": 0.0}


def test_bleu_by_hand():
    one = evaluate_metrics.bleu(["a b c d e"], [["a b c d f"]])
    assert one["precisions"] == [4 / 5, 3 / 4, 2 / 3, 1 / 2]
    assert one["bleu"] == pytest.approx(math.prod(one["precisions"]) ** 0.25)
    assert (one["brevity_penalty"], one["length_ratio"]) == (1.0, 1.0)
    short = evaluate_metrics.bleu(["a b c d"], ["a b c d e"])
    assert short["bleu"] == pytest.approx(math.exp(1 - 5 / 4))
    assert evaluate_metrics.bleu(["x"], ["a b"])["bleu"] == 0.0
    assert evaluate_metrics.bleu([""], ["a b"])["bleu"] == 0.0
    assert evaluate_metrics.bleu(["a b"], ["a b"], max_order=2, smooth=True)["bleu"] == pytest.approx(1.0)


def test_of_several_references_the_shortest_counts_its_length():
    found = evaluate_metrics.bleu(GUESS, GOLD)
    assert (found["translation_length"], found["reference_length"]) == (8, 8)


def test_sacrebleu_agrees_with_the_package():
    sacrebleu = pytest.importorskip("sacrebleu")
    guess, gold = ["the cat sat on the mat", "a small dog ran off"], ["the cat is on the mat", "a small dog ran away"]
    assert evaluate_metrics.sacrebleu(guess, gold)["score"] == sacrebleu.corpus_bleu(guess, [gold]).score
    assert (
        evaluate_metrics.chrf(guess, gold, word_order=2)["score"]
        == sacrebleu.corpus_chrf(guess, [gold], word_order=2).score
    )
    assert evaluate_metrics.ter(guess, gold)["score"] == sacrebleu.corpus_ter(guess, [gold]).score
    characters = evaluate_metrics.sacrebleu(guess, gold, tokenize="char", lowercase=True)["score"]
    assert characters == sacrebleu.corpus_bleu(guess, [gold], tokenize="char", lowercase=True).score


def test_unequal_numbers_of_references_are_refused():
    pytest.importorskip("sacrebleu")
    with pytest.raises(UsageError, match="same number of references"):
        evaluate_metrics.sacrebleu(GUESS, GOLD)


def test_rouge():
    pytest.importorskip("rouge_score")
    found = evaluate_metrics.rouge(["a b c d"], ["a b x d"], use_aggregator=False)
    assert found["rouge1"] == [0.75]
    assert found["rouge2"] == [pytest.approx(1 / 3)]
    assert evaluate_metrics.rouge(["a b c d"], [["x", "a b c d"]])["rougeL"] == 1.0
    assert evaluate_metrics.rouge(["aXb"], ["aXb"], rouge_types=["rouge1"], tokenizer=lambda text: text.split("X")) == {
        "rouge1": 1.0
    }
