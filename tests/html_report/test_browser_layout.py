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
    last = page.locator("#q-list .row").first.locator(".tally").inner_text()
    assert last == "12/13"


def test_a_link_with_filters_opens_at_the_list(opened, tmp_path):
    exam = {f"t{place}": "1100" * 15 for place in range(12)}
    page = opened(stored(tmp_path, "a", exam), address="#f=wrong").ready()
    title, place = page.locator("#questions-title"), -1
    for _ in range(100):  # smooth scrolling, which a busy machine draws out
        before, place = place, title.bounding_box()["y"]
        if place == before and place < 200:
            break
        page.wait_for_timeout(100)
    assert 0 <= place < 200
    assert opened(stored(tmp_path, "b", exam)).ready().evaluate("scrollY") == 0


def test_an_open_dialog_is_not_printed(opened, tmp_path):
    page = opened(stored(tmp_path, "a", {"exam": "10"})).ready()
    page.locator("#q-help").click()
    assert page.locator("dialog").is_visible()
    page.emulate_media(media="print")
    assert not page.locator("dialog").is_visible()
    script = "getComputedStyle(document.querySelector('dialog'), '::backdrop').display"
    assert page.evaluate(script) == "none"


def test_a_long_name_without_spaces_does_not_widen_the_page(opened, tmp_path):
    runs = [stored(tmp_path, name, {"exam": "1100"}, model_name="org/" + name * 90) for name in "ab"]
    page = opened(*runs, viewport={"width": 360, "height": 800}).ready()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_a_table_that_is_cut_shows_a_shade_at_its_edge(opened, tmp_path):
    runs = [stored(tmp_path, name, {"exam": "1100"}) for name in "ab"]
    page = opened(*runs, viewport={"width": 500, "height": 800}).ready()
    image = page.locator(".scroll:has(> .tree)").evaluate("node => getComputedStyle(node).backgroundAttachment")
    assert image == "local, local, scroll, scroll"


@pytest.mark.parametrize("width", [700, 1100, 1440])
def test_plots_of_one_kind_stand_beside_each_other(opened, tmp_path, width):
    runs = [stored(tmp_path, name, {"exam": "1100" * 20}) for name in "ab"]
    page = opened(*runs, viewport={"width": width, "height": 900}).ready()
    pairs = page.locator(".same")
    assert pairs.count() == 2
    for pair in pairs.all():
        one, other = (figure.bounding_box() for figure in pair.locator("figure").all())
        assert one["y"] == other["y"]
        assert one["x"] < other["x"]
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", [940, 1280])
def test_plots_of_three_runs_stand_in_one_row(opened, tmp_path, width):
    runs = [stored(tmp_path, name, {"exam": "1100" * 20}) for name in "abc"]
    page = opened(*runs, viewport={"width": width, "height": 900}).ready()
    for three in page.locator(".same").all():
        assert len({figure.bounding_box()["y"] for figure in three.locator("figure").all()}) == 1
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_list_says_of_which_group_a_task_is_and_of_which_run_the_probability(opened, tmp_path):
    groups = {"letters": ["l"], "texts": ["t"]}
    names = {name: {"alias": "isles" if name in "lt" else name, "acc,none": 0.5} for name in ("l", "t", *groups)}
    runs = [stored(tmp_path, name, {"l": pattern, "t": pattern}, group_subtasks=groups, results=names)
            for name, pattern in (("a", "1100"), ("b", "0011"))]  # fmt: skip
    page = opened(*runs, address="#run=R2").ready()
    tasks = page.locator("#q-list .row .task").all_inner_texts()
    assert sorted(set(tasks)) == ["isles · letters", "isles · texts"]
    assert page.locator("#q-head .p").inner_text() == "p R2"
    assert page.locator("#q-head .p").get_attribute("title") == "Probability of the pick (R2)"
    assert page.locator("#q-list .row .p").all_inner_texts() != opened(*runs).ready().locator(
        "#q-list .row .p").all_inner_texts()  # fmt: skip


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_narrow_window_shows_scores_plots_and_verdicts_without_scrolling(opened, tmp_path, language):
    runs = [stored(tmp_path, name, {"exam": pattern}) for name, pattern in (("a", "1100" * 20), ("b", "1110" * 20))]
    page = opened(*runs, language=language, viewport={"width": 390, "height": 844}).ready()
    wanted = ("#head .runs td b", ".tree b", ".tree .plot svg", ".differences .plot svg", ".differences td:last-child",
              ".topbar nav a")  # fmt: skip
    for what in wanted:
        boxes = [one.bounding_box() for one in page.locator(what).all()]
        assert boxes, what
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes), what
    for table in page.locator(".scroll:has(> :is(.tree, .differences, .runs))").all():
        assert table.evaluate("node => node.scrollWidth <= node.clientWidth")
    assert not page.locator(".tree td.text").first.is_visible()
    page.set_viewport_size({"width": 1280, "height": 844})
    assert page.locator(".tree td.text").first.is_visible()


@pytest.mark.parametrize("language", ["en", "ko"])
def test_pictures_and_tables_of_one_row_are_at_one_height(opened, tmp_path, language):
    runs = [stored(tmp_path, name, {"exam": pattern * 20}) for name, pattern in (("a", "1100"), ("b", "1101"))]
    page = opened(*runs, language=language, viewport={"width": 1280, "height": 900}).ready()
    boxes = [one.bounding_box() for one in page.locator(".figures figure > svg").all()]
    assert len(boxes) == 5
    rows = {round(box["y"]) for box in boxes}
    assert len(rows) == 2, rows
    tables = [one.bounding_box() for one in page.locator(".confusion tbody").all()]
    assert len(tables) == 2
    assert tables[0]["y"] == tables[1]["y"]
