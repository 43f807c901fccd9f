from __future__ import annotations

from report_pages import Page

from proctor.analysis.run_audit import ScoreAudit
from proctor.html_report.heat import heat_cells
from proctor.html_report.markup import element


def shades(scores, *, higher=True):
    page = Page(element("table", element("tr", *heat_cells(scores, higher_is_better=higher))))
    return [one.get("style") for one in page.all("td")]


def score(value, interval=None):
    return ScoreAudit(("acc", "none"), value, 20, interval, "wilson" if interval else None)


def test_the_best_of_a_row_is_the_darkest():
    assert shades([score(2.0), None, score(4.0), score(3.0)]) == ["--heat:0%", None, "--heat:100%", "--heat:50%"]
    assert shades([score(2.0), score(4.0)], higher=False) == ["--heat:100%", "--heat:0%"]


def test_what_lies_within_an_interval_stays_pale():
    assert shades([score(0.50, (0.3, 0.7)), score(0.54, (0.34, 0.74))]) == ["--heat:0%", "--heat:10%"]
    assert shades([score(0.5), score(0.5)]) == ["--heat:0%", "--heat:0%"]


def test_a_run_with_a_part_of_the_documents_has_no_shade():
    part = ScoreAudit(("acc", "none"), 1.0, 5, None, None)
    assert shades([score(0.5), part, score(0.7)]) == ["--heat:0%", None, "--heat:100%"]
