from __future__ import annotations

import pytest
from report_pages import stored
from stored_runs import choice_line, text_line

from proctor.analysis.audit import audit_run
from proctor.html_report.language import language_of
from proctor.html_report.run_warnings import run_warnings


def warnings(run, code="en"):
    return "\n".join(run_warnings(audit_run(run), language_of(code))).replace("\N{NO-BREAK SPACE}", " ")


def test_a_run_without_problems_has_none(tmp_path):
    assert warnings(stored(tmp_path, "run", {"exam": "1" * 40})) == ""


def test_texts_that_were_not_read_are_not_simply_wrong(tmp_path):
    lines = [text_line(0, "4", "4", 1.0), text_line(1, "", "[invalid]", 0.0), text_line(2, "", "", 0.0)]
    run = stored(tmp_path, "text", {"sums": lines})
    assert warnings(run) == "2 of 3 written answers (67 %) were not read, which is not the same as wrong (sums)."
    assert "2개(67 %)에서 답을 읽지 못했습니다" in warnings(run, "ko")


def test_scores_at_chance_and_labels_without_mass(tmp_path):
    lines = [choice_line(i, [-20.0, -21.0, -22.0, -23.0], i % 4) for i in range(40)]
    text = warnings(stored(tmp_path, "low", {"exam": lines}))
    assert "1 task is not shown to be above chance (exam)." in text
    assert "all labels together have 0.0 % of the probability" in text


def test_tasks_with_one_alias_are_called_by_their_names(tmp_path):
    lines = [choice_line(i, [-1.0, -2.0, -3.0, -4.0], i % 4) for i in range(40)]
    tasks = {"letter_isles": lines, "text_isles": lines, "folk": lines}
    results = {"letter_isles": {"alias": "isles"}, "text_isles": {"alias": "isles"}, "folk": {"alias": "folk"}}
    run = stored(tmp_path, "low", tasks, results={name: {**row, "acc,none": 0.25} for name, row in results.items()})
    assert "3 tasks are not shown to be above chance (letter_isles, text_isles, folk)." in warnings(run)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"proctor": {"truncated": {"prompts": 3}}}, "3 prompts were longer than the model reads"),
        ({"proctor": {"warnings": {"exam": ["x"]}}}, "The prompts of 1 task have something odd (exam)"),
        ({"config": {"model": "hf", "limit": 40.0}}, "Only a part of the questions was asked (limit 40)."),
        ({"config": {"model": "hf", "limit": 0.5}}, "Only a part of the questions was asked (limit 0.5)."),
        ({"model_name": "org/x-7b-Instruct"}, "run without a chat template"),
        (
            {"configs": {"exam": {"test_split": "test"}}, "n-shot": {"exam": 5}},
            "In 1 task the few-shot examples come from the questions themselves (exam).",
        ),
    ],
)
def test_what_the_results_file_says(tmp_path, more, said):
    assert said in warnings(stored(tmp_path, "run", {"exam": "1101" * 10}, **more))


def test_examples_of_another_split_are_right(tmp_path):
    more = {"configs": {"exam": {"test_split": "test", "fewshot_split": "dev"}}, "n-shot": {"exam": 5}}
    assert warnings(stored(tmp_path, "run", {"exam": "1" * 40}, **more)) == ""


def test_documents_without_a_score_and_tasks_without_samples(tmp_path):
    lines = [choice_line(i, [-1.0, -20.0, -20.0, -20.0], 0) for i in range(20)]
    broken = {key: value for key, value in lines[0].items() if key not in ("acc", "metrics")} | {
        "metrics": [],
        "doc_id": 20,
    }
    run = stored(tmp_path, "run", {"exam": [*lines, broken], "bare": "11"}, samples=["exam"])
    text = warnings(run)
    assert "1 question could not be scored and is left out (exam)." in text
    assert "1 task has a score but no samples" in text


def test_many_tasks_are_named_in_the_language_of_the_page(tmp_path):
    run = stored(tmp_path, "low", {f"t{place}": "0001" * 10 for place in range(9)})
    (english,), (korean,) = ([text for text in run_warnings(audit_run(run), language_of(code)) if word in text]
                             for code, word in (("en", "chance"), ("ko", "무작위")))  # fmt: skip
    assert "t5 and 3 more" in english
    assert "t5 외 3개" in korean
    assert "more" not in korean


def test_a_position_that_is_picked_more_often_than_it_is_right(tmp_path):
    always = stored(tmp_path, "always", {"exam": [choice_line(i, [-1.0, -2.0, -3.0, -4.0], i % 4) for i in range(112)]})
    assert "On exam, A is picked in 112 of 112 questions, and is right in 25 % (Stuart–Maxwell p = " in warnings(always)
    korean = warnings(always, "ko")
    assert (
        "exam: 112문항 가운데 112문항에서 A를 골랐지만 정답이 A인 문항은 25 %입니다 (스튜어트·맥스웰 검정 p = "
        in korean
    )
    often = [choice_line(i, [-1.0, -2.0, -3.0, -4.0] if i % 2 else [-2.0, -1.0, -3.0, -4.0], i % 4) for i in range(80)]
    run = stored(tmp_path, "often", {"exam": often})
    assert "is picked in 50 % of questions and is right in 25 %" in warnings(run)
    assert "고른 문항은 50 %, 정답이" in warnings(run, "ko")
    many = stored(tmp_path, "many", {f"t{place}": often for place in range(4)})
    assert "In 4 tasks one position is picked more often than it is right" in warnings(many)
    assert "태스크 4개에서 한 위치를" in warnings(many, "ko")


def test_positions_that_are_picked_as_often_as_they_are_right_are_no_warning(tmp_path):
    fair = [choice_line(i, [-1.0 if place == i % 4 else -3.0 for place in range(4)], i % 4) for i in range(80)]
    assert "Maxwell" not in warnings(stored(tmp_path, "fair", {"exam": fair}))


@pytest.mark.parametrize(("effect", "stderr", "warned"), [(0.4, 0.05, True), (0.1, 0.05, False), (0.4, "N/A", False)])
def test_a_score_that_belongs_to_one_order_of_the_options(tmp_path, effect, stderr, warned):
    scores = {"acc,none": 0.75, "acc_orders_mean,none": 0.35}
    entry = {"alias": "exam", **scores, "order_effect,none": effect, "order_effect_stderr,none": stderr}
    run = stored(tmp_path, "run", {"exam": "1101" * 10}, results={"exam": entry})
    sentence = "exam: 0.750 in the exam's own order of the options, 0.350 as the mean over orders."
    assert (sentence in warnings(run)) is warned
    assert ("exam: 원래 선택지 순서에서는 0.750" in warnings(run, "ko")) is warned
