"""The list of ``view --follow``: what changes is shown, and what somebody looks at or writes stays as it is."""

from __future__ import annotations

import json
import os
import socket

import pytest
from browser_pages import BROWSERS, opened_browser
from stored_runs import right_and_wrong, write_run
from view_requests import ids_of, post

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", params=BROWSERS)
def browser(request):
    with opened_browser(request.param) as opened:
        yield opened


@pytest.fixture
def opened(browser, served, tmp_path):
    served.follow = True
    running(tmp_path, 3)
    page = browser.new_context(viewport={"width": 800, "height": 300}).new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(served.address)
    yield page
    page.context.close()


def running(folder, done):
    status = {"state": "running", "model": "m", "pid": os.getpid(), "host": socket.gethostname(), "command": "proctor",
              "phase": "Answering", "done": done, "total": 10, "unit": "requests"}  # fmt: skip
    part = folder / "part"
    part.write_text(json.dumps(status), encoding="utf-8")
    part.replace(folder / "runs" / "progress.json")


def test_progress_and_new_runs_appear_and_a_note_that_is_being_written_stays(opened, served, tmp_path):
    first, second = ids_of(served)
    field = opened.locator(f"input[data-run='{second}']")
    # Not written down before the end: what is typed is half of a note.
    opened.route("**/api/notes", lambda route: None)
    opened.locator(f"input[name=run][value='{first}']").check()
    field.scroll_into_view_if_needed()
    field.type("half of a no")
    field.evaluate("node => { node.setSelectionRange(4, 6); window.before = node; }")
    running(tmp_path, 7)
    write_run(tmp_path / "runs" / "c", {"t": right_and_wrong("10")}, model_name="org/new")
    opened.locator("#going-on", has_text="7 of 10 requests").wait_for()
    opened.locator("#runs", has_text="org/new").wait_for()
    state = opened.evaluate(
        "[window.before === document.activeElement, before.isConnected, before.value, before.selectionStart,"
        " before.selectionEnd]"
    )
    assert state == [True, True, "half of a no", 4, 6]
    assert opened.locator("input[name=run]:checked").count() == 1
    assert opened.locator("input[data-run]:read-only").count() == 0
    assert opened.errors == []


def test_where_the_list_stands_stays_while_what_is_shown_changes(opened, tmp_path):
    opened.evaluate("window.scrollTo({ top: 150, behavior: 'instant' })")
    place = opened.evaluate("scrollY")
    opened.evaluate("window.runs = document.getElementById('runs')")
    running(tmp_path, 8)
    opened.locator("#going-on", has_text="8 of 10 requests").wait_for()
    assert opened.evaluate("[scrollY, runs.isConnected]") == [place, True]
    (tmp_path / "runs" / "progress.json").unlink()
    opened.locator("#going-on").wait_for(state="detached")
    assert opened.evaluate("runs.isConnected")


def test_a_note_from_elsewhere_is_shown_and_one_that_was_written_here_is_not_written_again(opened, served):
    first, second = ids_of(served)
    post(served, "notes", {"run": first, "note": "from elsewhere"})
    shown = "([id, text]) => document.querySelector(`input[data-run='${id}']`).value === text"
    opened.wait_for_function(shown, arg=[first, "from elsewhere"])
    field = opened.locator(f"input[data-run='{second}']")
    field.fill("mine")
    opened.locator(f"input[data-run='{second}'][data-state=saved]").wait_for()
    post(served, "notes", {"run": first, "note": ""})
    opened.wait_for_function(shown, arg=[first, ""])
    assert field.input_value() == "mine"
    assert opened.errors == []
