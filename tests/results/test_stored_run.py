"""A run out of its files: who is who among documents, which lines count, what the scores are."""

from __future__ import annotations

import json

import pytest
from stored_runs import choice_line, right_and_wrong, text_line, write_run

from proctor.errors import DataError
from proctor.results.open_runs import open_runs


def the_run(*paths):
    (run,) = open_runs(paths).runs
    return run


def test_a_document_is_its_hash_and_equal_ones_are_counted(tmp_path):
    lines = [choice_line(i, [0, -1, -2, -3], 0, question=text) for i, text in enumerate(["a", "b", "a"])]
    samples = list(the_run(write_run(tmp_path, {"t": lines})).samples("t"))
    assert [one.identity[1] for one in samples] == [0, 0, 1]
    assert samples[0].identity[0] == samples[2].identity[0] == lines[0]["doc_hash"]
    assert all(one.hashed for one in samples)


def test_each_filter_has_the_same_documents(tmp_path):
    lines = [text_line(i, "4", "4", 1.0, name=name) for name in ("strict", "loose") for i in range(2)]
    samples = list(the_run(write_run(tmp_path, {"t": lines})).samples("t"))
    assert [one.filter for one in samples] == ["strict", "strict", "loose", "loose"]
    assert samples[0].identity == samples[2].identity


def test_without_the_key_the_filter_follows_the_order_of_the_task(tmp_path):
    lines = [text_line(i, "4", "4", 1.0, name=None) for _ in range(2) for i in range(2)]
    config = {"t": {"filter_list": [{"name": "strict"}, {"name": "loose"}]}}
    samples = list(the_run(write_run(tmp_path, {"t": lines}, configs=config)).samples("t"))
    assert [one.filter for one in samples] == ["strict", "strict", "loose", "loose"]
    assert samples[0].metrics == {"exact_match": 1.0}
    assert samples[0].identity == samples[2].identity


def test_without_hashes_a_document_is_its_number(tmp_path):
    samples = list(the_run(write_run(tmp_path, {"t": right_and_wrong("10", style="old")})).samples("t"))
    assert [(one.identity, one.hashed) for one in samples] == [((0, 0), False), ((1, 0), False)]
    assert samples[0].metrics == {"acc": 1.0}
    assert samples[0].prompt_hash is None


def test_other_orders_of_the_options_are_no_further_documents(tmp_path):
    lines = [choice_line(0, [0, -1, -2, -3], 0), choice_line(0, [0, -1, -2, -3], 3, variant=1)]
    (sample,) = the_run(write_run(tmp_path, {"t": lines})).samples("t")
    assert sample.metrics == {"acc": 1.0}


def test_a_document_without_a_score_has_no_metrics(tmp_path):
    line = {**choice_line(0, [0, -1, -2, -3], 0), "metrics": [], "error": "KeyError: 'answer'"}
    (sample,) = the_run(write_run(tmp_path, {"t": [line]})).samples("t")
    assert sample.metrics == {}


def test_scores_standard_errors_and_directions(tmp_path):
    run = the_run(write_run(tmp_path, {"t": right_and_wrong("1100")}, higher_is_better={"t": {"acc": False}}))
    assert run.scores("t") == {("acc", "none"): 0.5}
    assert run.stderrs("t") == {("acc", "none"): 0.1}
    assert not run.higher_is_better("t", "acc")
    assert run.higher_is_better("other", "acc")
    assert run.scores("other") == {}


def test_scores_that_are_not_finite_are_no_scores(tmp_path):
    document = {"results": {"t": {"acc,none": float("nan"), "em,none": 0.5, "em_stderr,none": float("inf")}}}
    run = the_run(write_run(tmp_path, {}, document=document))
    assert run.scores("t") == {("em", "none"): 0.5}
    assert run.stderrs("t") == {}


def test_a_group_has_the_tasks_of_its_groups_even_in_a_circle(tmp_path):
    groups = {"all": ["part", "c"], "part": ["a", "b", "all"], "a": []}
    run = the_run(write_run(tmp_path, {name: right_and_wrong("1") for name in "abc"}, group_subtasks=groups))
    assert run.leaves("all") == ("a", "b", "c")
    assert set(run.groups) == {"all", "part"}
    assert run.tasks == ("a", "b", "c")


def test_a_task_without_a_samples_file_has_no_samples(tmp_path):
    run = the_run(write_run(tmp_path, {"a": right_and_wrong("1"), "b": right_and_wrong("0")}, samples=["a"]))
    assert list(run.samples("b")) == []
    assert run.scores("b")


@pytest.mark.parametrize(
    "line", ["[1]", '{"doc": {}}', '{"doc_id": "7"}', '{"doc_id": null}', '{"doc_id": 9223372036854775808}']
)
def test_what_is_no_sample_is_named_by_its_line(tmp_path, line):
    file = write_run(tmp_path, {"t": right_and_wrong("1")})
    samples = next(tmp_path.glob("samples_*"))
    with samples.open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")
    run = the_run(file)
    with pytest.raises(DataError, match=r"Line 2 of .* is no sample"):
        list(run.samples("t"))


def test_sections_of_another_kind_are_as_if_they_were_not_there(tmp_path):
    document = {"results": {"t": 3, "u": {"acc,none": "N/A"}}, "configs": {"t": 5}, "higher_is_better": {"t": 1}}
    run = the_run(write_run(tmp_path, {}, document=document))
    assert run.scores("t") == run.scores("u") == {}
    assert run.config("t") == {}
    assert run.alias("t") == "t"
    assert run.higher_is_better("t", "acc")
    assert json.dumps(run.tasks) == '["t", "u"]'
