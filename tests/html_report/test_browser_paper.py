"""A report on paper, from Chromium (no other browser prints by Playwright): light, whole rows, heads on each page."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from browser_pages import Opened, chromium, needs_browser
from report_pages import stored
from stored_runs import choice_line

from proctor.html_report.facts import ReportOptions
from proctor.html_report.report import make_report

pytestmark = needs_browser

LONG = "A question of several lines, as they stand in an exam, so that rows are of different height. " * 3


def lines(count):
    return [choice_line(i, [-1.0, -2.0, -3.0, -4.0], 1, question=f"Nr{i:03}begin {LONG[: 40 * (i % 7)]} Nr{i:03}end")
            for i in range(count)]  # fmt: skip


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """A page in the dark theme, in print, and its PDF."""
    folder = tmp_path_factory.mktemp("paper")
    tasks = {f"subject_{place:02}": lines(8) for place in range(70)}
    runs = [stored(folder, name, tasks, group_subtasks={"exam": list(tasks)}) for name in ("a", "b")]
    file, pdf = folder / "page.html", folder / "page.pdf"
    file.write_text(make_report(runs, ReportOptions("en")), encoding="utf-8")
    with chromium() as browser:
        opened = Opened(browser, file, color_scheme="dark")
        page = opened.ready()
        page.emulate_media(media="print")
        for size in ("Letter", "A4"):
            page.pdf(path=str(pdf), format=size, print_background=True)
            assert 10 <= len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes())) <= 40
        yield page, pdf
        opened.close()


def test_it_is_light_and_has_no_controls(printed):
    page, _ = printed
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("#q-tools").is_hidden()
    assert page.locator("button.copy:visible, .topbar:visible").count() == 0
    ink = page.locator("h1").evaluate("node => getComputedStyle(node).color")
    assert max(map(int, re.findall(r"\d+", ink)[:3])) < 80


def test_rows_and_plots_are_not_divided_and_heads_are_of_every_page(printed):
    page, _ = printed
    styles = page.evaluate("""() => {
        const of = (selector, name) => {
            const found = [...document.querySelectorAll(selector)].map((node) => getComputedStyle(node)[name]);
            return [...new Set(found)];
        };
        const heads = of("table.tree thead, #q-print thead", "display");
        return [of("table tr", "breakInside"), of("main svg", "breakInside"), heads];
    }""")
    assert styles == [["avoid"], ["avoid"], ["table-header-group"]]


def test_groups_that_are_closed_on_the_screen_are_open(printed):
    page, _ = printed
    assert page.locator(".tree tbody tr:visible").count() == 71


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="there is no pdftotext: the paper is not read back")
def test_the_paper_has_each_question_on_one_page_below_a_head(printed):
    _, pdf = printed
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    sheets = [sheet for sheet in text.split("\f") if re.search(r"Nr\d{3}begin", sheet)]
    assert len(sheets) > 2
    begun = [sorted(re.findall(r"Nr(\d{3})begin", sheet)) for sheet in sheets]
    ended = [sorted(re.findall(r"Nr(\d{3})end", sheet)) for sheet in sheets]
    assert begun == ended
    assert sum(map(len, begun)) == 200
    assert all(re.search(r"Task\s+R1\s+R2\s+Key\s+Question", sheet) for sheet in sheets)
    assert "200 of 560 questions of this view; more than 200 are not printed" in text
