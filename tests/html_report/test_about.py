from __future__ import annotations

from dataclasses import replace

from report_pages import Page, facts_of, stored

from proctor.html_report.about import about
from proctor.html_report.language import language_of
from proctor.results.open_runs import Unread


def test_what_differs_has_a_mark(tmp_path, run):
    config = {"model": "hf", "model_args": {"dtype": "int8"}}
    other = stored(tmp_path, "other", {"exam_one": "1101" * 10}, config=config)
    text = Page(about(facts_of(run, other), language_of("en"))).text
    assert "model_args ≠ pretrained=org/small dtype=int8" in text
    assert "model hf hf" in text
    assert "Date 2026-01-02 03:04:05" in text


def test_templates_settings_and_files_are_there(tmp_path):
    configs = {name: {"task": name, "doc_to_text": "def f():\n  return 1\n", "num_fewshot": 0} for name in ("a", "b")}
    run = stored(tmp_path, "run", {"a": "10", "b": "10"}, configs=configs, chat_template="{{ <x> }}",
                 system_instruction="Be brief.")  # fmt: skip
    text = Page(about(facts_of(run), language_of("en"))).text
    assert "{{ <x> }}" in text
    assert "Be brief." in text
    assert "a and 1 more like it" in text
    assert "doc_to_text: | def f(): return 1" in text
    assert "3 files read" in text


def test_files_that_could_not_be_read_have_their_reason(run):
    facts = replace(facts_of(run), unread=(Unread("results_x.json", "it is empty"),), files=4)
    assert "1 file was left out: results_x.json : it is empty" in Page(about(facts, language_of("en"))).text
