"""A task as columns: which scores are means of documents, who belongs with whom, which documents were changed."""

from __future__ import annotations

import pytest
from stored_runs import choice_line, document_of, right_and_wrong, text_line, write_run

from proctor.analysis.contradictions import contradictions
from proctor.analysis.task_scores import (
    check_identities,
    fits,
    known_metrics,
    metrics_of_documents,
    name_of,
    parse_metric,
    read_task,
    statistics_of_documents,
)
from proctor.errors import DataError, UsageError
from proctor.results.open_runs import open_runs


def run_of(path):
    return open_runs([path]).runs[0]


def test_scores_by_metric_and_filter(tmp_path):
    lines = [text_line(i, "4", "4", float(i), name=name) for name in ("strict", "loose") for i in range(2)]
    scores = read_task(run_of(write_run(tmp_path, {"t": lines})), "t")
    assert list(scores.scores) == [("exact_match", "strict"), ("exact_match", "loose")]
    assert scores.mean(("exact_match", "loose")) == 0.5
    assert scores.mean(("acc", "none")) is None
    assert len(scores.documents) == 2


def test_not_a_number_is_in_no_column_and_counted(tmp_path):
    lines = [*right_and_wrong("10"), {**choice_line(2, [0, -1, -2, -3], 0), "acc": float("nan")}]
    scores = read_task(run_of(write_run(tmp_path, {"t": lines})), "t")
    assert scores.mean(("acc", "none")) == 0.5
    assert scores.not_finite == {("acc", "none"): 1}


def test_a_document_without_metrics_is_counted(tmp_path):
    lines = [*right_and_wrong("1"), {**choice_line(1, [0, -1, -2, -3], 0), "metrics": []}]
    assert read_task(run_of(write_run(tmp_path, {"t": lines})), "t").unscored == 1


def test_a_statistic_of_all_documents_is_no_mean(tmp_path):
    """A statistic of someone's own: documents have numbers, the score is not their mean."""
    lines = right_and_wrong("10", scores={"score": -13.0, "f1": [1, 0]})
    document = document_of({"t": lines})
    document["results"]["t"] = {"score,none": 442413.39, "f1,none": 0.5, "acc,none": 0.5}
    run = run_of(write_run(tmp_path, {"t": lines}, document=document))
    assert list(metrics_of_documents(run, read_task(run, "t"))) == [("acc", "none")]


def test_perplexities_have_rows_if_they_follow_from_them(tmp_path):
    lines = right_and_wrong("10", scores={"perplexity": -13.0, "word_perplexity": [-4.0, 2], "bits_per_byte": "x"})
    document = document_of({"t": lines})
    document["results"]["t"] = {"perplexity,none": 1.0, "word_perplexity,none": 7.38905609893065}
    run = run_of(write_run(tmp_path, {"t": lines}, document=document))
    scores = read_task(run, "t")
    assert list(scores.rows[("word_perplexity", "none")].values()) == [(-4.0, 2.0)] * 2
    assert list(statistics_of_documents(run, scores)) == [("word_perplexity", "none")]
    assert ("perplexity", "none") not in scores.scores


def test_without_a_results_file_every_number_is_taken_for_a_mean(tmp_path):
    write_run(tmp_path, {"t": right_and_wrong("10", scores={"other": 3})}).unlink()
    run = run_of(tmp_path)
    assert list(metrics_of_documents(run, read_task(run, "t"))) == [("acc", "none"), ("other", "none")]


def test_each_sample_is_visited(tmp_path):
    seen = []
    lines = [text_line(i, "4", "4", 1.0, name=name) for name in ("strict", "loose") for i in range(2)]
    read_task(run_of(write_run(tmp_path, {"t": lines})), "t", visit=lambda one: seen.append((one.filter, one.doc_id)))
    assert seen == [("strict", 0), ("strict", 1), ("loose", 0), ("loose", 1)]


def test_documents_have_the_cluster_of_their_column(tmp_path):
    lines = [choice_line(i, [0, -1], 0, passage=f"P{i // 2}") for i in range(4)]
    found = read_task(run_of(write_run(tmp_path, {"t": lines})), "t", cluster="passage")
    assert [document.cluster for document in found.documents.values()] == ["P0", "P0", "P1", "P1"]


@pytest.mark.parametrize("text", ["", ",", "acc,", ",strict"])
def test_a_metric_needs_a_name(text):
    with pytest.raises(UsageError, match="a metric is named as in"):
        parse_metric(text)


def test_a_metric_with_and_without_its_filter():
    assert parse_metric(None) is None
    assert fits(("acc", "none"), parse_metric("acc"))
    assert fits(("acc", "none"), None)
    assert not fits(("exact_match", "strict"), parse_metric("exact_match,loose"))
    assert name_of(("acc", "none")) == "acc"
    assert name_of(("exact_match", "strict")) == "exact_match,strict"


def scores_of(tmp_path, name, questions):
    lines = [choice_line(i, [0, -1, -2, -3], 0, question=text) for i, text in enumerate(questions)]
    return read_task(run_of(write_run(tmp_path / name, {"t": lines})), "t")


def test_a_changed_document_is_refused_and_a_moved_one_is_not(tmp_path):
    a, moved = scores_of(tmp_path, "a", "xyz"), scores_of(tmp_path, "b", "yzx")
    check_identities(a, moved)
    check_identities(a, scores_of(tmp_path, "c", "xz"))
    check_identities(scores_of(tmp_path, "d", "yz"), a)
    with pytest.raises(DataError, match="Task 't', document 1: the two runs were asked different documents") as error:
        check_identities(a, scores_of(tmp_path, "e", "xqz"))
    assert "--by_number" in str(error.value.hint)


@pytest.mark.parametrize(("count", "metrics", "phrase"), [
    (4, [("acc", "none")], None),
    (3, [], "counts 3 documents of t and its samples more: they are left out, since a part is of another run"),
    (8, [("acc", "none")], "counts 8 documents of t and its samples 4: some are missing"),
    (None, [("acc", "none")], None),
    ("4", [("acc", "none")], None),
])  # fmt: skip
def test_another_number_of_documents_than_the_results_file_counts(tmp_path, count, metrics, phrase):
    tasks = {"t": right_and_wrong("1010")}
    document = document_of(tasks) | {"n-samples": {"t": {"original": 9, "effective": count}}}
    run = run_of(write_run(tmp_path, tasks, document=document))
    scores = read_task(run, "t")
    assert list(metrics_of_documents(run, scores)) == metrics
    found = list(contradictions(run, scores))
    assert found == [] if phrase is None else phrase in found[0] and len(found) == 1


def test_a_document_that_failed_is_not_counted(tmp_path):
    tasks = {"t": [*right_and_wrong("1010"), {**right_and_wrong("10101")[4], "metrics": []}]}
    document = document_of({"t": tasks["t"][:4]}) | {"n-samples": {"t": {"original": 5, "effective": 4}}}
    run = run_of(write_run(tmp_path, tasks, document=document))
    scores = read_task(run, "t")
    assert (scores.unscored, list(contradictions(run, scores))) == (1, [])
    assert list(metrics_of_documents(run, scores)) == [("acc", "none")]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([], "There are no scores."),
        (["acc"], "The only metric is acc."),
        (["acc", "acc_norm", "exact_match,strict"], "The metrics are acc, acc_norm and exact_match,strict."),
    ],
)
def test_metrics_that_are_there_are_a_sentence(names, sentence):
    assert known_metrics(dict.fromkeys(names)) == sentence
