from __future__ import annotations

from report_pages import Page

from proctor.analysis.run_audit import ScoreAudit
from proctor.analysis.verdicts import Judgement, Verdict
from proctor.html_report.language import language_of
from proctor.html_report.pieces import details, moment, roots_of, run_label, score_text, section, table, verdict


def test_a_score_without_an_interval_never_has_one_of_width_zero():
    assert Page(score_text(ScoreAudit(("acc", "none"), 1.0, 1, None, None))).text == "1.0000"
    assert Page(score_text(None)).text == "—"
    assert (
        Page(score_text(ScoreAudit(("acc", "none"), 0.5, 9, (0.2, 0.8), "sequence"))).text == "~0.5000 [0.200, 0.800]"
    )
    assert Page(score_text(ScoreAudit(("acc", "none"), 0.5, 9, (0.2, 0.8), "wilson"))).text == "0.5000 [0.200, 0.800]"


def test_a_verdict_is_a_mark_and_a_word():
    assert Page(verdict(Judgement(Verdict.WORSE, None), language_of("en"))).text == "▼ worse"
    assert Page(verdict(None, language_of("ko"))).text == "검정 없음"


def test_parts_have_what_readers_need(tmp_path, run):
    page = Page(section("scores", "Scores", table(["a", "b"], label="numbers"), details("more", "text")))
    assert page.all("section")[0]["aria-labelledby"] == "scores-title"
    assert [one["scope"] for one in page.all("th")] == ["col", "col"]
    assert page.all("div")[0]["aria-label"] == "numbers"
    assert page.all("div")[0]["tabindex"] == "0"
    assert Page(run_label(1, run)).text == "R2 org/small"
    assert roots_of(run) == ["exam"]


def test_a_moment_is_read_from_the_name_of_a_file():
    assert moment("2026-01-02T03-04-05.678901") == "2026-01-02 03:04:05"
    assert moment("") == ""
