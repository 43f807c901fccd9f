"""The page of questions over the server, as HTML and in a browser, with what happens to files meanwhile."""

from __future__ import annotations

import pytest
from browser_pages import BROWSERS, opened_browser
from stored_runs import choice_line, right_and_wrong, text_line, write_run
from view_requests import ask, ids_of, serving

READY = "#questions[data-state=ready]"
HOSTILE = "</script><img src=x onerror=\"document.title='hurt'\">"


def test_the_page_has_runs_and_the_way_to_their_report(served):
    ids = ids_of(served)
    body = ask(served, f"/questions?run={ids[0]}&run={ids[1]}")[1]
    assert f"/report?run={ids[0]}&amp;run={ids[1]}" in body
    assert "id=q-list" in body
    assert "0.7500" in body
    # No text of a question: it is fetched when it is looked at.
    assert "Question 1?" not in body


def test_the_list_of_runs_leads_there(served):
    body = ask(served, "/")[1]
    assert f"/questions?run={ids_of(served)[0]}" in body
    assert 'formaction="/questions"' in body


class Page:
    """A browser's page of a server, with what went wrong in it."""

    def __init__(self, browser, server):
        self.server, self.context = server, browser.new_context()
        self.page, self.errors = self.context.new_page(), []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda one: self.errors.append(one.text) if one.type == "error" else None)
        self.page.goto(server.address)

    def open(self, address=""):
        query = "&".join(f"run={one}" for one in ids_of(self.server))
        self.page.goto(f"http://127.0.0.1:{self.server.port}/questions?{query}{address}")
        self.page.locator(READY).wait_for()
        return self.page

    def count(self):
        self.page.locator(READY).wait_for()
        return int(self.page.locator("#questions").get_attribute("data-count"))


@pytest.fixture(scope="module", params=BROWSERS)
def browser(request):
    with opened_browser(request.param) as opened:
        yield opened


@pytest.fixture
def many(tmp_path):
    texts = [text_line(0, f"so 4 {HOSTILE}", "4", 1.0), text_line(1, "hm", "[invalid]", 0.0)]
    for name, pattern in (("a", "1" * 300 + "0" * 100), ("b", "10" * 200)):
        lines = right_and_wrong(pattern)
        lines[7] = choice_line(7, [-1, -2, -3, -4], 3, question=f"서울 {HOSTILE}")
        write_run(tmp_path / "runs" / name, {"t": lines, "sums": texts})
    with serving(tmp_path / "runs", tmp_path / "index.sqlite") as server:
        server.indexer.update()
        yield server


@pytest.mark.browser
def test_list_filters_search_and_a_question(browser, many):
    opened = Page(browser, many)
    page = opened.open()
    assert opened.count() == 402
    page.locator("#q-list [data-key='t/0'] .text", has_text="Question 0?").wait_for()
    page.locator("#q-toggles button", has_text="Runs disagree").click()
    page.locator("#questions[data-count='199'], #questions[data-count='200'], #questions[data-count='198']").wait_for()
    page.keyboard.press("d")
    page.locator("#q-search").fill("서울")
    page.locator("#questions[data-count='1']").wait_for()
    page.locator("#q-list [data-at='0']").click()
    page.locator("#q-pane .question", has_text="서울").wait_for()
    assert HOSTILE in page.locator("#q-pane .question").text_content()
    assert page.title() != "hurt"
    assert page.locator("#q-pane .bar-line").count() == 8
    assert opened.errors == []


@pytest.mark.browser
def test_a_deep_link_and_what_a_model_wrote(browser, many):
    opened = Page(browser, many)
    page = opened.open("#q=sums/0")
    page.locator("#q-pane .response").first.wait_for()
    assert HOSTILE in page.locator("#q-pane .response").first.text_content()
    opened.page.goto("about:blank")
    page = opened.open("#q=t/999")
    assert "t/999" in page.locator("#q-missing").text_content()
    assert opened.errors == []


@pytest.mark.browser
def test_a_file_that_changes_under_the_page_never_gives_another_question(browser, many, tmp_path):
    opened = Page(browser, many)
    page = opened.open()
    page.locator("#q-list [data-key='t/2'] .text", has_text="Question 2?").wait_for()
    for name in ("a", "b"):
        write_run(tmp_path / "runs" / name, {"t": right_and_wrong("01" * 30)[::-1]}, samples=["t"])
    page.locator("#q-list [data-key='t/2']").click()
    page.locator("#q-pane .question", has_text="Question 2?").wait_for()
    page.locator("#q-list").evaluate("node => { node.scrollTop = 9000; }")
    page.locator("#q-list [data-key='t/285'] .text", has_text="Question 285?").wait_for()
    page.locator("#q-list [data-key='t/285']").click()
    page.locator("#q-missing", has_text="No chosen run has the question t/285").wait_for()


@pytest.mark.browser
def test_two_tabs_and_a_server_that_does_not_answer(browser, many):
    first, second = Page(browser, many), Page(browser, many)
    assert first.open() is not second.open()
    assert first.count() == second.count() == 402
    second.context.set_offline(True)
    second.page.locator("#q-list [data-key='t/3']").click()
    second.page.locator("#q-missing", has_text="The server does not answer").wait_for()


@pytest.mark.browser
def test_while_files_are_read_the_list_has_what_is_there_and_offers_the_rest(browser, tmp_path):
    write_run(tmp_path / "runs" / "a", {"t": right_and_wrong("10"), "u": right_and_wrong("1100")})
    with serving(tmp_path / "runs", tmp_path / "index.sqlite") as server:
        (entry,) = server.catalog.entries()
        first, second = server.indexer.missing(entry)
        server.indexer.read(entry.run, first)
        opened = Page(browser, server)
        page = opened.open()
        assert opened.count() == 2
        page.locator("#q-reading", has_text="1 file is still being read").wait_for()
        server.indexer.read(entry.run, second)
        page.locator("#q-list [data-key='t/1']").click()
        page.locator("#q-pane .question", has_text="Question 1?").wait_for()
        page.locator("#q-reading button").click()
        page.locator("#questions[data-count='6']").wait_for()
        assert opened.errors == []
