"""Documents that changed sides, with what both runs picked; the surest first."""

from __future__ import annotations

from stored_runs import choice_line, text_line, write_run

from proctor.analysis.compare import compare_runs
from proctor.analysis.comparison import CompareOptions
from proctor.analysis.flips import find_flips, question_of
from proctor.results.open_runs import open_runs

OPTIONS = CompareOptions()


def flips_of(tmp_path, first, second, most=10, options=OPTIONS):
    runs = []
    for place, lines in enumerate((first, second)):
        runs += open_runs([write_run(tmp_path / str(place), {"t": lines})]).runs
    comparison = compare_runs(runs, options)
    return find_flips((runs[0], runs[1]), comparison.pairs[0], most)


def test_the_surest_first_and_no_more_than_wanted(tmp_path):
    first = [choice_line(i, [-0.1, -1.0 - i, -9, -9], 0) for i in range(3)]
    second = [choice_line(i, [-1.0 - i, -0.1, -9, -9], 0) for i in range(3)]
    flips, count = flips_of(tmp_path, first, second, most=2)
    assert count == 3
    assert [flip.doc_id for flip in flips] == [2, 1]
    flip = flips[0]
    assert (flip.b_right, flip.question, flip.options) == (False, "Question 2?", ("one", "two", "three", "four"))
    assert (flip.a.picked, flip.b.picked, flip.a.golds) == (0, 1, (0,))


def test_what_was_picked_by_the_rule_of_the_metric(tmp_path):
    texts = ("aa", "b" * 40, "cc", "dd")
    lines = [
        [choice_line(0, lls, 0, options=texts, texts=texts, scores={"acc_norm": score})]
        for lls, score in (([-2.0, -9.0, -99.0, -99.0], 0.0), ([-2.0, -99.0, -99.0, -99.0], 1.0))
    ]
    (flip,), _ = flips_of(tmp_path, *lines, options=CompareOptions(metric="acc_norm"))
    assert (flip.a.picked, flip.b.picked) == (1, 0)


def test_texts_that_were_graded(tmp_path):
    first, second = (
        [text_line(0, text, answer, score)] for text, answer, score in (("It is 4", "4", 1.0), ("5", "5", 0.0))
    )
    (flip,), _ = flips_of(tmp_path, first, second)
    assert (flip.responses, flip.a, flip.confidence) == (("4", "5"), None, -1.0)


def test_by_number_the_documents_of_both_are_found(tmp_path):
    first = [choice_line(0, [0, -1, -2, -3], 0, question="x")]
    second = [choice_line(0, [-5, -1, -2, -3], 0, question="y")]
    (flip,), _ = flips_of(tmp_path, first, second, options=CompareOptions(by_number=True))
    assert (flip.question, flip.b.picked) == ("x", 1)


def test_the_question_is_a_column_or_the_end_of_the_prompt(tmp_path):
    line = text_line(0, "4", "4", 1.0)
    line["doc"] = {"id": 3}
    (sample,) = open_runs([write_run(tmp_path, {"t": [line]})]).runs[0].samples("t")
    assert question_of(sample) == "Sum 0?"
