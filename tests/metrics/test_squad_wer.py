"""SQuAD's figures and error rates against values worked out by hand, from their definitions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import DataError
from proctor.metrics.squad_wer import cer, plain_answer, squad, squad_v2, wer


def answer(name, text, unsure=0.0):
    return {"id": name, "prediction_text": text, "no_answer_probability": unsure}


def question(name, *texts):
    return {"id": name, "answers": {"text": list(texts), "answer_start": [0] * len(texts)}}


def test_answers_are_compared_without_case_punctuation_and_articles():
    assert plain_answer("The  Cat's, an apple!") == "cats apple"


def test_squad_takes_the_best_answer_of_each_question():
    figures = squad(
        [{"id": "1", "prediction_text": "the Eiffel Tower"}, {"id": "2", "prediction_text": "red big dog"}],
        [question("1", "tower", "Eiffel tower."), question("2", "big dog")],
    )
    assert figures == {"exact_match": 50.0, "f1": pytest.approx(100 * (1 + 0.8) / 2)}


def test_squad_v2_of_one_answered_question():
    """The library's own example."""
    assert squad_v2([answer("a", "1976")], [question("a", "1976")]) == {
        "exact": 100.0,
        "f1": 100.0,
        "total": 1,
        "HasAns_exact": 100.0,
        "HasAns_f1": 100.0,
        "HasAns_total": 1,
        "best_exact": 100.0,
        "best_exact_thresh": 0.0,
        "best_f1": 100.0,
        "best_f1_thresh": 0.0,
    }


def test_squad_v2_with_unanswerable_questions_and_thresholds():
    answers = [answer("a", "big dog", 0.1), answer("b", "x", 0.9), answer("c", "", 0.8), answer("d", "cat", 0.2)]
    questions = [question("a", "dog"), question("b"), question("c"), question("d", "cat")]
    figures = squad_v2(answers, questions)
    assert (figures["exact"], figures["f1"], figures["total"]) == (50.0, pytest.approx(100 * (2 / 3 + 2) / 4), 4)
    assert (figures["HasAns_exact"], figures["NoAns_exact"], figures["NoAns_total"]) == (50.0, 50.0, 2)
    # "No answer" everywhere gives 2 of 4; accepting a and d, up to 0.2, adds d's hit.
    assert (figures["best_exact"], figures["best_exact_thresh"]) == (75.0, 0.2)
    assert (figures["best_f1"], figures["best_f1_thresh"]) == (pytest.approx(100 * (2 + 2 / 3 + 1) / 4), 0.2)


def test_a_threshold_of_no_answer_turns_answers_into_silence():
    answers, questions = [answer("a", "dog", 0.6), answer("b", "x", 0.6)], [question("a", "dog"), question("b")]
    figures = squad_v2(answers, questions, no_answer_threshold=0.5)
    assert (figures["HasAns_exact"], figures["NoAns_exact"]) == (0.0, 100.0)


@pytest.mark.parametrize(
    ("guess", "gold", "words", "letters"),
    [
        ("a b c", "a b c", 0.0, 0.0),
        ("a x c d", "a b c", 2 / 3, 3 / 5),
        ("", "a b", 1.0, 1.0),
        ("a  b", "a b", 0.0, 1 / 3),
    ],
)
def test_error_rates(guess, gold, words, letters):
    assert wer([guess], [gold]) == pytest.approx(words)
    assert cer([guess], [gold]) == pytest.approx(letters)


def test_error_rates_are_over_the_whole_corpus():
    assert wer(["a", "x y z"], ["a", "a b c"]) == pytest.approx(3 / 4)
    with pytest.raises(DataError, match="the references are empty"):
        wer(["a"], [""])


@given(st.text("ab ", max_size=8), st.text("ab ", min_size=1, max_size=8).filter(str.strip))
def test_an_error_rate_is_nothing_for_the_same_and_bounded_by_the_longer(guess, gold):
    assert wer([gold], [gold]) == 0
    longer = max(len(guess.split()), len(gold.split()))
    assert 0 <= wer([guess], [gold]) <= longer / len(gold.split())
