"""The list: complete in both languages, and hostile names show as they are written."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest
from browser_pages import opened_browser
from stored_runs import right_and_wrong, write_run

from proctor.results.open_runs import Unread
from proctor.view.catalog import Catalog
from proctor.view.list_page import list_page, problem_page, view_language


def strings(code):
    return json.loads(files("proctor.view").joinpath("web", f"{code}.json").read_text(encoding="utf-8"))


def test_both_languages_have_all_strings_with_the_same_places():
    english, korean = strings("en"), strings("ko")
    assert english.keys() == korean.keys()
    for key, value in english.items():
        other = korean[key]
        places = [set(re.findall(r"\{\w+\}", one if isinstance(one, str) else one["other"])) for one in (value, other)]
        assert places[0] == places[1], key


@pytest.mark.parametrize("code", ["en", "ko"])
def test_a_row_a_run(tmp_path, code):
    sizes = {"t": {"original": 40, "effective": 40}}
    write_run(tmp_path / "a", {"t": right_and_wrong("1" * 30 + "0" * 10)}, **{"n-samples": sizes})
    catalog = Catalog([str(tmp_path)])
    text = list_page(catalog.entries(), catalog.unread, view_language(code))
    assert f"lang={code}" in text
    assert "0.7500 [0.598, 0.858] acc" in text
    assert "2026-01-02 03:04" in text
    assert text.count("type=checkbox") == 1


def test_the_score_of_several_exams_says_of_which_it_is(tmp_path):
    sizes = {"t": {"effective": 2}, "u": {"effective": 2}}
    lines = {"t": right_and_wrong("10"), "u": right_and_wrong("11")}
    write_run(tmp_path / "a", lines, model_name="/home/me/models/small", **{"n-samples": sizes})
    text = list_page(Catalog([str(tmp_path)]).entries(), (), view_language("en"))
    assert "t: 0.5000 [" in text
    assert "models/small</" in text
    assert "Made by proctor view" in text


def test_runs_of_one_model_or_of_one_exam_stand_together_without_a_total(tmp_path):
    for name, model, task in (("1", "small", "t"), ("2", "<large>", "t"), ("3", "small", "u")):
        write_run(tmp_path / name, {task: right_and_wrong("10")}, model_name=model)
    entries = Catalog([str(tmp_path)]).entries()

    def heads(group):
        text = list_page(entries, (), view_language("en"), group=group)
        assert text.count("type=checkbox") == 3
        assert text.count("<form") == 1
        return text, re.findall(r"<th scope=rowgroup colspan=7><bdi>(.*?)</bdi>", text)

    assert heads("")[1] == heads("nothing")[1] == []
    text, found = heads("model")
    assert sorted(found) == ["&lt;large&gt;", "small"]
    assert "<b>By model</b>" in text
    assert 'href="/?group=exam"' in text
    assert sorted(heads("exam")[1]) == ["t", "u"]


def test_names_are_text(tmp_path):
    write_run(tmp_path / "a", {"t": right_and_wrong("10")}, model_name="<script>alert(1)</script>\ud800")
    catalog = Catalog([str(tmp_path)])
    unread = [Unread("<b>", "<i>")]
    text = list_page(catalog.entries(), unread, view_language("en"))
    assert "<script>alert" not in text
    assert "<i>" not in text
    assert "&lt;script&gt;alert" in text


def test_an_empty_list_says_what_to_do():
    assert "--output_path" in list_page((), (), view_language("en"))


def test_a_problem_is_a_page_with_the_way_back():
    text = problem_page("It has <gone>.", "Look again.", view_language("en"))
    assert "It has &lt;gone&gt;." in text
    assert 'href="/"' in text


def test_runs_of_one_model_show_by_which_settings_they_differ(tmp_path):
    for name, shots in (("1", 0), ("2", 5)):
        write_run(tmp_path / name, {"t": right_and_wrong("10")}, model_name="small", **{"n-shot": {"t": shots}})
    write_run(tmp_path / "3", {"t": right_and_wrong("10")}, model_name="large", **{"n-shot": {"t": 3}})
    text = list_page(Catalog([str(tmp_path)]).entries(), (), view_language("en"))
    assert "num_fewshot 0</" in text
    assert "num_fewshot 5</" in text
    assert "num_fewshot 3" not in text


@pytest.mark.browser
def test_a_narrow_window_shows_the_score_of_every_run_and_the_note(served):
    with opened_browser("chromium") as browser:
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto(served.address)
        rows = page.locator(".catalog tbody tr")
        assert rows.count() == 2
        for row in rows.all():
            for what in (row.locator("td").nth(2), row.locator("input[data-run]"), row.locator("label")):
                box = what.bounding_box()
                assert box is not None
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= 390
        assert {one.bounding_box()["height"] for one in page.locator(".noting [role=status]").all()} == {0}
        assert rows.first.locator("td").nth(2).inner_text().startswith("0.")
        assert page.locator(".scroll:has(.catalog)").evaluate("node => node.scrollWidth <= node.clientWidth")
        page.close()
