from __future__ import annotations

from report_pages import Page, facts_of, stored

from proctor.html_report.language import language_of
from proctor.html_report.versus import versus


def test_one_run_has_no_comparison(run):
    assert versus(facts_of(run), language_of("en")) is None


def test_two_runs_have_counts_and_verdicts(pair):
    page = Page(versus(facts_of(*pair), language_of("en")) or "")
    assert "60 75 %" in page.text
    assert "20 25 %" in page.text
    assert "2 tasks (Holm, 5 %)" in page.text
    assert "2 ▲ better" in page.text


def test_three_runs_have_a_matrix_and_pairs_against_the_first(tmp_path, pair):
    third = stored(tmp_path, "third", {"exam_one": "1000" * 10, "exam_two": "1000" * 10})
    page = Page(versus(facts_of(*pair, third), language_of("en")) or "")
    assert {one.get("id") for one in page.all("div")} >= {"pair-R1-R2", "pair-R1-R3"}
    assert "row − column" in page.text


def test_runs_without_common_tasks_say_so(tmp_path, run):
    page = Page(versus(facts_of(run, stored(tmp_path, "other", {"else": "11"})), language_of("en")) or "")
    assert "None of these 2 runs has an exam in common" in page.text


def test_runs_without_samples_have_a_sentence_and_no_table_of_dashes(tmp_path, run):
    bare = stored(tmp_path, "bare", {"exam_one": "1101", "exam_two": "11"}, samples=[])
    page = Page(versus(facts_of(run, bare), language_of("en")) or "")
    assert "There are no samples of R2 (--log_samples writes them), and therefore no tests" in page.text
    assert "no test " not in page.text
    assert "There is no score to show" not in page.text


def test_of_many_runs_only_cells_of_pairs_that_are_there_lead_anywhere(tmp_path):
    runs = [stored(tmp_path, f"m{place}", {"exam": "1100"}) for place in range(9)]
    page = Page(versus(facts_of(*runs), language_of("en")) or "")
    links = {one["href"] for one in page.all("a")}
    assert links == {f"#{one['id']}" for one in page.all("div") if one.get("id")}
    assert len(links) == 8


def test_pairs_of_other_runs_on_many_tasks_are_short(tmp_path):
    runs = [stored(tmp_path, name, {f"t{place}": "10" for place in range(21)}) for name in "abc"]
    text = versus(facts_of(*runs), language_of("en")) or ""
    sizes = {pair: len(text.partition(f"id=pair-{pair}")[2].partition("<details")[0]) for pair in ("R1-R2", "R2-R3")}
    assert sizes["R2-R3"] < sizes["R1-R2"] / 3
    assert "a report of these two runs alone" in text
