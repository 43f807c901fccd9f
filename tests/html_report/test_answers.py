from __future__ import annotations

from report_pages import page_of, stored
from stored_runs import right_and_wrong, text_line


def test_a_choice_by_letter_has_positions_confidence_lengths_and_margins(tmp_path):
    tasks = {f"exam_{i}": right_and_wrong("1101" * 25) for i in range(3)}
    run = stored(tmp_path, "small", tasks, group_subtasks={"exam": list(tasks)})
    page = page_of(run)
    for title in ("How it answers", "Positions", "Confidence and accuracy", "Lead of the pick", "Accuracy by length"):
        assert title in page.text
    assert "right (row) against picked (column)" in page.text
    assert "Whether both are alike (Stuart–Maxwell test): R1 p " in page.text
    korean = page_of(run, language="ko").text
    assert "답하는 방식" in korean
    assert "두 분포가 같은지 본 스튜어트·맥스웰 검정: R1 p " in korean


def test_few_questions_and_texts_alone_have_no_figures(tmp_path):
    lines = [text_line(0, "4", "4", 1.0), text_line(1, "?", "[invalid]", 0.0)]
    page = page_of(stored(tmp_path, "text", {"sums": lines}))
    assert "Written answers" in page.text
    assert "sums R1 1 1 0" in page.text
    assert not page.all("figure")
    assert "answers" not in {
        one.get("id") for one in page_of(stored(tmp_path, "bare", {"a": "1"}, samples=[])).all("section")
    }


def test_a_column_has_scores_by_its_values(tmp_path):
    lines = [line | {"doc": line["doc"] | {"level": "AB"[i % 2]}} for i, line in enumerate(right_and_wrong("10" * 40))]
    page = page_of(stored(tmp_path, "run", {"exam": lines}), by="level")
    assert "A 40 1.0000" in page.text
    assert "B 40 0.0000" in page.text
    assert "Whether the values differ at all" in page.text


def test_orders_are_shown_where_a_run_has_them(tmp_path):
    results = {
        "exam": {
            "alias": "exam",
            "acc,none": 0.5,
            "acc_stderr,none": 0.1,
            "acc_orders_mean,none": 0.3,
            "acc_orders_worst,none": 0.1,
            "order_consistency,none": 0.4,
            "order_effect,none": 0.2,
        }
    }
    page = page_of(stored(tmp_path, "run", {"exam": "10"}, results=results))
    assert "exam R1 0.5000 0.3000 0.1000 0.4000 +0.2000" in page.text
