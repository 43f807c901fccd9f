from __future__ import annotations

import random
import re
import shutil
import subprocess

import pytest
from report_pages import Page, page_of, stored
from stored_runs import text_line

from proctor.html_report.questions import page_script


def test_the_frame_is_there_and_waits_for_the_script(pair):
    page = page_of(*pair)
    tools = next(one for one in page.all("div") if one.get("id") == "q-tools")
    assert "hidden" in tools
    assert "The list of questions needs JavaScript" in page.text
    assert page_of(*pair, language="ko").all("dialog")


def test_runs_without_samples_have_no_list(tmp_path):
    page = page_of(stored(tmp_path, "bare", {"exam": "10"}, samples=[]))
    assert "questions" not in {one.get("id") for one in page.all("section")}


def test_a_reduced_page_names_the_command_for_a_fuller_one(tmp_path):
    source = random.Random(1)
    lines = [text_line(i, f"{i} {source.randbytes(2000).hex()}", "4", 1.0) for i in range(30)]
    run = stored(tmp_path, "text", {"sums": lines})
    page = page_of(run, max_size=120_000, command="proctor report x")
    assert "stays below 0.12 MB" in page.text
    assert "proctor report x --max_size 50" in page.text
    assert "made without prompts" in page_of(run, without=("prompts",)).text


def test_the_script_has_no_comments_and_is_one_piece():
    script = page_script()
    assert script.startswith('(() => {\n"use strict";\n')
    assert not re.search(r"^\s*//", script, re.MULTILINE)
    assert "</script" not in script
    assert "eval(" not in script
    assert "innerHTML" not in script


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not there: the script's syntax is not looked at")
def test_the_script_is_javascript(tmp_path):
    file = tmp_path / "page.js"
    file.write_text(page_script(), encoding="utf-8")
    done = subprocess.run(["node", "--check", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_texts_of_data_are_nowhere_in_the_markup(tmp_path):
    run = stored(tmp_path, "text", {"sums": [text_line(0, "<img src=x onerror=alert(1)>", "4", 1.0)]})
    page: Page = page_of(run)
    assert not page.all("img")
