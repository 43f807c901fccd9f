"""What pages of reports look like in Chromium where it has gone wrong before: measures, many runs, narrow windows."""

from __future__ import annotations

import pytest
from browser_pages import Opened, chromium, needs_browser
from report_pages import stored
from stored_runs import sha

from proctor.html_report.facts import ReportOptions
from proctor.html_report.report import make_report

pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture
def opened(browser, tmp_path):
    pages = []

    def open_page(*runs, address: str = "", language: str = "en", **more) -> Opened:
        file = tmp_path / f"{len(pages)}.html"
        file.write_text(make_report(runs, ReportOptions(language)), encoding="utf-8")
        pages.append(Opened(browser, file, address, **more))
        return pages[-1]

    yield open_page
    for one in pages:
        one.close()


def tales(folder, name):
    text = "Once a noddle was seen in Marshwick."
    line = {"doc_id": 0, "doc": {"text": text}, "target": text, "arguments": {"gen_args_0": {"arg_0": text}},
            "resps": [["-47.8642"]], "filtered_resps": ["-47.8642"], "filter": "none", "doc_hash": sha(text),
            "metrics": ["word_perplexity"], "word_perplexity": [-47.8642, 7]}  # fmt: skip
    return stored(folder, name, {"tales": [line]}, results={"tales": {"alias": "tales", "word_perplexity,none": 900.0}},
                  configs={"tales": {"task": "tales", "output_type": "loglikelihood_rolling"}})  # fmt: skip


def test_a_measured_text_is_no_question_with_an_answer(opened, tmp_path):
    found = opened(tales(tmp_path, "a"), tales(tmp_path, "b"), address="#q=tales/0")
    pane = found.ready().locator("#q-pane")
    text = pane.inner_text()
    assert text.count("noddle") == 1
    assert "right answer" not in text
    assert "Answer of" not in text
    assert pane.locator("mark").count() == 0
    assert text.count("log-likelihood −47.9") == 2
    widths = [one.bounding_box()["width"] for one in pane.locator(".sym").all()]
    assert max(widths) < 30


def test_every_cell_of_the_matrix_opens_its_pair(opened, tmp_path):
    runs = [stored(tmp_path, f"m{place}", {"exam": "1" * place + "0" * (8 - place)}) for place in range(4)]
    page = opened(*runs).ready()
    cells = page.locator(".matrix td.cell")
    assert cells.count() == page.locator(".matrix td.cell a").count() == 12
    cells.nth(7).locator("a").click()  # the third row, its second other run
    pair = page.locator("details.pair:has(#pair-R2-R3)")
    page.locator("#pair-R2-R3 .said").wait_for(state="visible")
    assert pair.get_attribute("open") is not None
    assert pair.locator("summary").first.bounding_box()["y"] > 40
    assert page.locator("details.pair[open]").count() == 1


def test_many_runs_keep_rows_low_and_the_chosen_run_in_the_list(opened, tmp_path):
    runs = [stored(tmp_path, f"m{place}", {"exam": "1" * (60 - place) + "0" * place}) for place in range(13)]
    page = opened(*runs, address="#run=R11&f=disagree", viewport={"width": 1440, "height": 900}).ready()
    assert max(row.bounding_box()["height"] for row in page.locator(".tree tbody tr").all()) < 40
    table = page.locator(".scroll:has(> .tree)")
    assert table.evaluate("node => node.scrollWidth <= node.clientWidth")
    assert "Plots of the first 4 of 13 runs." in page.locator("#answers").inner_text()
    heads = page.locator("#q-head .run").all_inner_texts()
    assert "R11" in heads[3]
    assert page.locator("#q-head .run svg").count() == 4
    last = page.locator("#q-list .row").first.locator(".run").last.inner_text()
    assert last == "12/13"
