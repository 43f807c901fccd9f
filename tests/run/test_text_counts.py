"""How texts ended and what they took is told once, over all tasks."""

from __future__ import annotations

import json
import logging

from proctor.cli.main import main
from proctor.run.text_counts import TextCounts, report_texts
from proctor.types import RollingScore, Scores, Text, Usage


def counts(*responses):
    found = TextCounts()
    found.add(responses)
    return found


def test_texts_at_their_limit_are_counted_by_task(caplog):
    reached = counts(Text("a", "length"), Text("b", "stop"), Text("c", "length"))
    facts = report_texts({"one": reached, "two": counts(Text("d", "stop"), Text("e"))})
    assert facts == {"texts": {"generated": 5, "at_length": [{"task": "one", "texts": 2, "of": 3}]}}
    assert "2 of 5 texts reached max_gen_toks, and may be incomplete: one (2 of 3)." in caplog.text


def test_texts_that_were_withheld_or_are_empty_are_counted_apart(caplog):
    counts = {"a": TextCounts(), "b": TextCounts()}
    counts["a"].add([Text("x", "stop"), Text("", "filter"), Text("I cannot.", "filter"), Text("", "stop")])
    counts["b"].add([Text("x", "stop")])
    facts = report_texts(counts)["texts"]
    assert facts["withheld"] == [{"task": "a", "texts": 2, "of": 4}]
    assert facts["empty"] == [{"task": "a", "texts": 1, "of": 4}]
    assert "2 of 5 texts were withheld or refused, and are graded as they are: a (2 of 4)" in caplog.text
    assert not {"withheld", "empty"} & report_texts({"b": counts["b"]})["texts"].keys()


def test_many_tasks_are_not_all_named(caplog):
    report_texts({f"task{number}": counts(Text("a", "length")) for number in range(7)})
    assert "task4 (1 of 1) and 2 more tasks." in caplog.text
    assert "task5" not in caplog.text


def test_tokens_are_summed_over_the_texts_that_know_theirs(caplog):
    one = counts(Text("a", "stop", Usage(10, 0, 3)), Text("b"))
    two = counts(Text("c", "stop", Usage(20, 8, 5)))
    usage = {"texts": 2, "prompt_tokens": 30, "cached_tokens": 8, "new_tokens": 8}
    assert report_texts({"one": one, "two": two})["texts"]["usage"] == usage
    assert not caplog.records


def test_a_run_without_texts_says_nothing_of_them(caplog):
    assert report_texts({"one": counts(Scores(((-1.0, True),)), RollingScore(-2.0))}) == {}
    assert not caplog.records


def test_the_results_file_has_the_counts(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    file = tmp_path / "results.json"
    words = ["--model", "dummy", "--tasks", "demo_errands", "--limit", "3", "--no_store"]
    assert main(["run", *words, "--output_path", str(file)]) == 0
    (written,) = tmp_path.glob("results*.json")
    texts = json.loads(written.read_text(encoding="utf-8"))["proctor"]["texts"]
    assert (texts["generated"], texts["at_length"]) == (3, [])
    assert texts["usage"]["new_tokens"] == 3
    assert texts["usage"]["prompt_tokens"] > 3
