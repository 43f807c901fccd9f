"""Loglikelihood and rolling documents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import DataError
from proctor.metrics.perplexity import measure_loglikelihood, measure_rolling

ROLLING = ("word_perplexity", "byte_perplexity", "bits_per_byte")


def test_a_continuation_gives_its_log_likelihood_and_whether_it_is_greedy():
    measured = measure_loglikelihood(-1.5, True, ["acc", "perplexity"])
    assert list(measured.items()) == [("perplexity", -1.5), ("acc", 1)]
    assert measure_loglikelihood(-1.5, False, ["acc"]) == {"acc": 0}
    assert measure_loglikelihood(-1.5, False, ["bleu"]) == {}


@pytest.mark.parametrize(
    ("text", "words", "octets"),
    [("two words", 2, 9), (" edges count ", 4, 13), ("", 1, 0), ("日本\u3000語", 2, 12), ("a\n\n b", 2, 5)],
)
def test_a_text_gives_its_words_and_bytes(text, words, octets):
    measured = measure_rolling(-7.0, text, ROLLING)
    assert measured == {
        "word_perplexity": (-7.0, words),
        "byte_perplexity": (-7.0, octets),
        "bits_per_byte": (-7.0, octets),
    }
    assert list(measured) == list(ROLLING)


def test_what_is_no_text_is_a_sentence():
    with pytest.raises(DataError, match="must be a string; this document gives int"):
        measure_rolling(-1.0, 7, ROLLING)  # type: ignore[arg-type]


@given(st.text())
def test_a_text_has_at_least_one_word_and_no_more_words_than_characters_allow(text):
    words = measure_rolling(-1.0, text, ["word_perplexity"])["word_perplexity"][1]
    assert 1 <= words <= len(text) + 1
