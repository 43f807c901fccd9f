from __future__ import annotations

import re
from dataclasses import replace

from report_pages import facts_of, stored

from proctor.html_report.facts import score_rows
from proctor.html_report.language import language_of
from proctor.html_report.outcome import comparison_sentence, main_comparison, outcome


def said(*runs, code="en"):
    facts = facts_of(*runs)
    return outcome(facts, score_rows(facts), language_of(code)).replace("\N{NO-BREAK SPACE}", " ")


def test_one_run(run):
    assert said(run) == (
        "org/small scores 0.750 on exam (acc, 80 questions; 95 %: 0.644 to 0.833). Guessing would give 0.250."
    )
    assert said(run, code="ko").startswith("exam에서 org/small의 점수는 0.750입니다")


def test_a_score_at_chance_is_doubted(tmp_path):
    assert "is it the prompt or the harness" in said(stored(tmp_path, "low", {"exam": "0001" * 5}))


def test_one_right_answer_is_not_called_no_more_than_chance(tmp_path):
    text = said(stored(tmp_path, "one", {"exam": "1"}))
    assert text.endswith("(acc, 1 question; 95 %: 0.207 to 1.000). "
                         "That is not shown to be more than the 0.250 that guessing would give.")  # fmt: skip
    assert "That is no more than the 0.250" in said(stored(tmp_path, "low", {"exam": "0001" * 5}))


def test_two_runs(pair):
    assert said(*pair).startswith("R2 is better than R1 on exam by 25.0 points (95 %: ")
    text = said(*pair, code="ko")
    assert text.startswith("exam: R2 점수가 R1보다 25.0%p 높습니다 (R2 − R1의 95 % 구간 ")
    assert re.search(r"[\d.]+ ~ [\d.]+%p, p ", text)


def test_what_is_not_resolved_says_what_it_would_have_shown(tmp_path, run):
    again = stored(tmp_path, "again", {"exam_one": "1101" * 9 + "1110", "exam_two": "0111" * 10},
                   group_subtasks={"exam": ["exam_one", "exam_two"]})  # fmt: skip
    text = said(run, again)
    assert "cannot be told apart" in text
    assert "With these 80 questions, a difference under" in text
    assert "exam: R1, R2 중 어느 쪽이 나은지 판단할 수 없습니다. R2 − R1 = " in said(run, again, code="ko")


def test_runs_without_a_difference(run):
    assert said(run, run).startswith(
        "R2 and R1 have the same score on each of the 80 questions of exam (difference, 95 %: "
    )
    assert said(run, run, code="ko").startswith("exam: 80문항 모두에서 R1, R2의 점수가 같습니다")


def test_tasks_that_differ_where_the_whole_does_not_are_named(tmp_path):
    group = {"group_subtasks": {"exam": ["one", "two"]}}
    first = stored(tmp_path, "first", {"one": "1" * 40, "two": "0" * 20 + "1" * 20}, **group)
    second = stored(tmp_path, "second", {"one": "0" * 20 + "1" * 20, "two": "1" * 40}, **group)
    text = said(first, second)
    assert text.startswith("R2 and R1 cannot be told apart on exam: R2 − R1 = 0.0 points")
    assert text.endswith("R2 is worse on 1 of 2 tasks: one. R2 is better on 1 of 2 tasks: two.")
    assert said(first, second, code="ko").endswith(
        "R2: 태스크 2개 중 1개에서 더 나쁩니다(one). R2: 태스크 2개 중 1개에서 더 좋습니다(two)."
    )


def test_three_runs_are_ranked(tmp_path, pair):
    third = stored(tmp_path, "third", {"exam_one": "1000" * 10, "exam_two": "1000" * 10},
                   group_subtasks={"exam": ["exam_one", "exam_two"]})  # fmt: skip
    text = said(*pair, third)
    assert text.startswith("Of 3 runs on exam, the highest score is 1.000, of R2 (org/large); next is R1 with 0.750.")
    assert "R2 is better than R1 by 25.0 points" in text
    korean = said(*pair, third, code="ko")
    assert korean.count("exam") == 1
    assert "R2 점수가 R1보다 25.0%p 높습니다" in korean


def test_runs_without_a_common_exam(tmp_path, run):
    other = stored(tmp_path, "other", {"sums": "1101"})
    assert said(run, other) == (
        "None of these 2 runs has an exam in common with another: their scores cannot be compared."
    )
    again = stored(tmp_path, "again", {"sums": "1111"})
    assert said(run, other, again).startswith("Of 2 runs on sums, the highest score is 1.000")


def test_several_exams_and_none(tmp_path):
    assert said(stored(tmp_path, "two", {"a": "10", "b": "11"})) == "org/two: a 0.500, b 1.000."
    bare = stored(tmp_path, "bare", {"a": "1"}, samples=[], results={"a": {"alias": "a"}})
    assert said(bare) == "There is no score to show."


def test_a_task_without_a_test_says_why(tmp_path, run):
    bare = stored(tmp_path, "bare", {"exam_one": "1101"}, samples=[])
    comparison = facts_of(run, bare).comparison
    assert comparison is not None
    assert main_comparison(comparison.pairs[0], comparison) is None
    assert "No test: the second run has no samples" in comparison_sentence(
        comparison.pairs[0].tasks[0], language_of("en"), "A", "B"
    )


def test_a_partial_run_is_not_ranked(tmp_path, pair):
    part = stored(tmp_path, "part", {"exam_one": "1" * 10, "exam_two": "1" * 10},
                  group_subtasks={"exam": ["exam_one", "exam_two"]})  # fmt: skip
    text = said(part, *pair)
    assert text.startswith("Of 2 runs on exam, the highest score is 1.000, of R3 (org/large); next is R2 with 0.750. ")
    assert "R1 is not ranked: it had 20 of 80 questions." in text
    assert "R1의 점수는 80문항 가운데 20문항만의 것이라 순위에서 뺐습니다." in said(part, *pair, code="ko")


def test_equal_scores_are_said_to_be_equal(tmp_path, run):
    bare = stored(tmp_path, "bare", {"exam_one": "1101" * 10, "exam_two": "0111" * 10}, samples=[],
                  group_subtasks={"exam": ["exam_one", "exam_two"]},
                  results={"exam": {"acc,none": 0.75}})  # fmt: skip
    assert said(run, bare) == "On exam, these runs have the same score, 0.750: R1, R2."
    low = stored(tmp_path, "low", {"exam_one": "0001" * 10, "exam_two": "0001" * 10},
                 group_subtasks={"exam": ["exam_one", "exam_two"]})  # fmt: skip
    assert said(run, low, bare).startswith("Of 3 runs on exam, the highest score, 0.750, is that of R1, R3 alike.")


def test_what_has_no_p_value_shows_none(tmp_path):
    one, other = (stored(tmp_path, name, {"exam": "1101" * 5}) for name in ("one", "other"))
    comparison = facts_of(one, other).comparison
    assert comparison is not None
    (task,) = comparison.pairs[0].tasks
    assert task.result is not None
    without = replace(task, result=replace(task.result, p=None))
    for code in ("en", "ko"):
        text = comparison_sentence(without, language_of(code), "A", "B")
        assert "p =" not in text
        assert "p =" in comparison_sentence(task, language_of(code), "A", "B").replace("\N{NO-BREAK SPACE}", " ")
