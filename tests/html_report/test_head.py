from __future__ import annotations

from report_pages import Page, facts_of, stored

from proctor.html_report.facts import score_rows
from proctor.html_report.head import head, title_of
from proctor.html_report.language import language_of


def page(*runs, code="en"):
    facts = facts_of(*runs)
    return Page(head(facts, score_rows(facts), language_of(code)))


def test_it_says_exam_models_date_and_outcome(run):
    found = page(run)
    assert found.text.startswith("1 run · 2026-01-02 exam org/small scores 0.750 on exam (acc, 80 questions; 95 %: 0.6")
    assert "Guessing would give 0.250." in found.text
    assert "proctor run --model hf" in found.text
    assert len(found.all("h1")) == 1


def test_two_runs_show_the_settings_by_which_they_differ(tmp_path, run):
    config = {"model": "hf", "model_args": {"pretrained": "org/small", "dtype": "int8"}}
    other = stored(tmp_path, "small2", {"exam_one": "1101" * 10}, config=config)
    assert "dtype int8" in page(run, other).text


def test_settings_of_a_run_look_as_on_a_command_line(tmp_path):
    def made(name, **config):
        return stored(tmp_path, name, {"exam": "1101" * 10}, config={"model": "hf", **config})

    text = page(made("a", gen_kwargs={}, limit=None), made("b", gen_kwargs={"max_gen_toks": 16}, limit=12.0)).text
    assert "limit none, gen_kwargs none" in text
    assert "limit 12, gen_kwargs max_gen_toks=16" in text


def test_a_warning_of_all_runs_is_said_once(tmp_path):
    runs = [stored(tmp_path, name, {"exam": "0001" * 10}) for name in "ab"]
    found = page(*runs)
    assert found.text.count("not shown to be above chance") == 1
    assert "Before you believe it" in found.text


def test_many_exams_are_named_in_part(tmp_path):
    run = stored(tmp_path, "many", {f"t{i}": "10" for i in range(5)})
    assert title_of(score_rows(facts_of(run)), language_of("en")) == "t0, t1, t2 and 2 more"
    assert title_of(score_rows(facts_of(run)), language_of("ko")) == "t0, t1, t2 외 2개"


def test_runs_that_are_alike_in_all_settings_say_when_they_were(tmp_path):
    runs = [stored(tmp_path, name, {"exam": "1101"}, model_name="org/small", stamp=f"2026-01-02T03-04-0{second}.1")
            for name, second in (("a", 5), ("b", 8))]  # fmt: skip
    text = page(*runs).text
    assert "org/small 03:04:05" in text
    assert "org/small 03:04:08" in text
