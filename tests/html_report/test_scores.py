from __future__ import annotations

import re

from report_pages import Page, facts_of, stored
from stored_runs import text_line

from proctor.html_report.facts import score_rows
from proctor.html_report.language import language_of
from proctor.html_report.scores import scores


def made(*runs):
    facts = facts_of(*runs)
    text = scores(facts, score_rows(facts), language_of("en"))
    assert text is not None
    return text, Page(text)


def test_a_run_without_a_score_has_no_section_of_scores(tmp_path):
    facts = facts_of(stored(tmp_path, "none", {"t": []}))
    assert scores(facts, score_rows(facts), language_of("en")) is None


def test_each_row_has_its_score_interval_and_marks(pair):
    text, page = made(*pair)
    assert "0.7500 [0.644, 0.833]" in page.text
    assert "1.0000 [0.954, 1.000]" in page.text
    rows = text.partition("</table>")[0].split("<tr")[1:]
    assert [row.count("href=#m1") for row in rows[1:]] == [1, 1, 1]


def test_a_group_hides_its_tasks_by_a_box(run):
    text, page = made(run)
    (box,) = page.all("input")
    assert box["checked"] is None
    assert box["aria-label"] == "Tasks of exam"
    assert ".tree:has(#g0:not(:checked)) .in-g0{display:none}" in text
    assert text.count('class="task in-g0"') == 2


def test_inner_groups_of_large_trees_start_closed(tmp_path):
    tasks = {f"t{i:02}": "10" for i in range(62)}
    groups = {"group_subtasks": {"all": ["half"], "half": list(tasks)}}
    _, page = made(stored(tmp_path, "large", tasks, **groups))
    assert ["checked" in box for box in page.all("input")] == [True, False]


def test_what_no_row_has_is_no_column(tmp_path, run):
    assert "Chance Metric" in made(run)[1].text
    assert "Unread" not in made(run)[1].text
    lines = [text_line(0, "so 4", "4", 1.0), text_line(1, "?", "[invalid]", 0.0)]
    text, page = made(stored(tmp_path, "text", {"sums": lines}))
    assert "Unread" in page.text
    assert "exact_match,<wbr>strict" in text
    assert "Chance Metric" not in page.text


def test_perplexities_have_no_place_on_a_scale_of_shares(tmp_path):
    results = {"tales": {"alias": "tales", "word_perplexity,none": 12.5, "word_perplexity_stderr,none": "N/A"}}
    text, page = made(stored(tmp_path, "tales", {"tales": "1"}, samples=[], results=results))
    assert "12.5000" in page.text
    assert "class=plot" in made(stored(tmp_path, "share", {"t": "10"}))[0]
    assert "class=plot" not in text


def test_many_runs_are_a_table_of_numbers(tmp_path):
    runs = [stored(tmp_path, f"m{place}", {"exam": "1" * place + "0" * (12 - place)}) for place in range(13)]
    text, page = made(*runs)
    assert "href=#m1" not in text
    cells = [one for one in page.all("td") if one.get("style")]
    assert [one["style"] for one in cells][::12] == ["--heat:0%", "--heat:100%"]
    assert cells[6]["title"] == "[0.254, 0.746]"
    assert "The darker, the better" in page.text
    assert "0.5 0.583" not in page.text
    assert "0.500 0.583" in page.text


def test_numbers_of_many_runs_are_a_range(tmp_path):
    runs = [stored(tmp_path, f"m{place}", {"exam": "10" * (10 + place // 5)}, **{"n-shot": {"exam": place // 5}})
            for place in range(6)]  # fmt: skip
    assert "20–22 0.250 acc 0, 1" in made(*runs)[1].text


def test_all_scores_of_the_files_are_there(run):
    assert "All 2 scores as the results files have them" in made(run)[1].text


def test_examples_of_a_group_are_a_dash_where_its_tasks_differ(tmp_path):
    groups = {"group_subtasks": {"all": ["a", "b"]}}
    results = {name: {"alias": name, "acc,none": 0.5} for name in ("all", "a", "b")}
    tasks = {"a": "10", "b": "10"}
    mixed = stored(tmp_path, "mixed", tasks, results=results, **{"n-shot": {"a": 0, "b": 4}}, **groups)
    alike = stored(tmp_path, "alike", tasks, results=results, **{"n-shot": {"all": 1, "a": 1, "b": 1}}, **groups)
    text, _ = made(mixed, alike)
    assert re.findall(r"class=quiet>([–0-9/ ]+)(?=<tr|</tbody)", text) == ["– / 1", "0 / 1", "4 / 1"]


def test_answers_that_were_not_read_are_counted_by_run(tmp_path):
    read, unread = text_line(0, "4", "4", 1.0), text_line(1, "none", "[invalid]", 0.0)
    first = stored(tmp_path, "first", {"sums": [read, unread]})
    second = stored(tmp_path, "second", {"sums": [read, {**read, "doc_id": 1}]})
    assert "<td>1<td" in made(first, first)[0]
    assert "<td>1 / 0<td" in made(first, second)[0]


def test_what_is_not_finished_is_not_called_unread(tmp_path):
    lines = [text_line(0, "<think>hm", "[invalid]", 0.0), text_line(1, "<think>no</think> 4", "4", 1.0)]
    config = {"model": "hf", "model_args": {"pretrained": "org/small", "think_end_token": "</think>"}}
    text = made(stored(tmp_path, "thinks", {"sums": lines}, config=config))[1].text
    assert "Unfinished" in text
    assert "Unread" not in text


def test_without_chance_nothing_is_said_of_it(tmp_path, run):
    assert "chance" in made(run)[1].text
    assert "chance" not in made(stored(tmp_path, "sums", {"sums": [text_line(0, "4", "4", 1.0)]}))[1].text.lower()


def test_one_score_without_an_interval_has_an_axis_of_different_values(tmp_path):
    text = made(stored(tmp_path, "bare", {"t": "100"}, samples=[], results={"t": {"acc,none": 0.3333}}))[0]
    labels = re.findall(r"class=tick>([^<]*)<", text)
    assert len(labels) > 2
    assert len(set(labels)) == len(labels)


def test_runs_with_fewer_questions_are_named_beside_the_number(tmp_path):
    whole, part = stored(tmp_path, "whole", {"exam": "1101" * 10}), stored(tmp_path, "part", {"exam": "1101"})
    assert "40 R2 4 " in made(whole, part)[1].text
    assert "R2 40" not in made(whole, whole)[1].text


def test_numbers_of_each_run_in_one_cell_are_explained(tmp_path):
    runs = [stored(tmp_path, f"m{shots}", {"exam": "10" * 10}, **{"n-shot": {"exam": shots}}) for shots in (2, 1)]
    text, page = made(*runs)
    assert "2 / 1 " in page.text
    assert "A number for each run, as 2 / 1: of R1, then of R2." in page.text
    assert 'title="Few-shot examples before each question"' in text
    assert "A number for each run" not in made(runs[0], runs[0])[1].text
    facts = facts_of(*runs)
    korean = scores(facts, score_rows(facts), language_of("ko")) or ""
    assert "2 / 1처럼 쓴 수는 실행별 값입니다(R1, R2 순)." in korean
