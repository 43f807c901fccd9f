"""Documents of two runs side by side: by text, by number, with what is left over counted."""

from __future__ import annotations

import pytest
from stored_runs import choice_line, write_run

from proctor.analysis.pairs import pair
from proctor.analysis.task_scores import read_task
from proctor.errors import DataError
from proctor.results.open_runs import open_runs

ACC = ("acc", "none")


def scores_of(folder, questions, golds=None, cluster="passage", **more):
    lines = [
        choice_line(i, [0, -1, -2, -3], int(gold), question=text, **more)
        for i, (text, gold) in enumerate(zip(questions, golds or "0" * len(questions), strict=True))
    ]
    return read_task(open_runs([write_run(folder, {"t": lines})]).runs[0], "t", cluster=cluster)


def test_pairs_are_found_by_text_whatever_the_order(tmp_path):
    a, b = scores_of(tmp_path / "a", "xyz", "001"), scores_of(tmp_path / "b", "zxw", "010")
    found = pair(a, b, ACC)
    assert (list(found.a), list(found.b)) == ([1.0, 0.0], [0.0, 1.0])
    assert (found.only_a, found.only_b, found.by_number, found.prompts_differ) == (1, 1, False, 0)
    assert found.clusters == ["p", "p"]
    assert pair(scores_of(tmp_path / "a", "xyz", "001", None), b, ACC).clusters is None


def test_equal_documents_are_paired_in_their_order(tmp_path):
    a, b = scores_of(tmp_path / "a", "xx", "01"), scores_of(tmp_path / "b", "xx", "11")
    found = pair(a, b, ACC)
    assert (list(found.a), list(found.b)) == ([1.0, 0.0], [0.0, 0.0])


def test_changed_documents_are_refused_unless_numbers_are_wanted(tmp_path):
    a, b = scores_of(tmp_path / "a", "xy", "01"), scores_of(tmp_path / "b", "xq", "00")
    with pytest.raises(DataError, match="different documents under one number"):
        pair(a, b, ACC)
    found = pair(a, b, ACC, by_number=True)
    assert (list(found.a), list(found.b), found.by_number) == ([1.0, 0.0], [1.0, 1.0], True)


def test_a_file_without_hashes_is_paired_by_number(tmp_path):
    a, b = scores_of(tmp_path / "a", "xy", "01", style="old"), scores_of(tmp_path / "b", "xy", "00")
    found = pair(a, b, ACC)
    assert (list(found.a), list(found.b), found.by_number) == ([1.0, 0.0], [1.0, 1.0], True)
    assert found.prompts_differ is None


def test_other_prompts_are_counted(tmp_path):
    a, b = scores_of(tmp_path / "a", "xy"), scores_of(tmp_path / "b", "xy", prompt_hash="other")
    assert pair(a, b, ACC).prompts_differ == 2


def test_nothing_in_common(tmp_path):
    found = pair(scores_of(tmp_path / "a", "x"), scores_of(tmp_path / "b", "x"), ("other", "none"))
    assert (list(found.keys), found.only_a, found.prompts_differ) == ([], 0, 0)


def test_clusters_that_nobody_named_are_those_of_either_run(tmp_path):
    a, b = (scores_of(tmp_path / name, "xyz", cluster=None) for name in "ab")
    for document, passage in zip(b.documents.values(), "ppq", strict=True):
        document.cluster = passage
    b.clustered, b.guessed = True, "passage"
    for first, second in ((a, b), (b, a)):
        assert (pair(first, second, ACC).clusters, pair(first, second, ACC).guessed) == (["p", "p", "q"], "passage")


def test_passages_of_which_no_two_documents_are_left_make_no_clusters(tmp_path):
    a, b = (scores_of(tmp_path / name, questions, cluster=None) for name, questions in (("a", "xyz"), ("b", "xy")))
    for document, passage in zip(a.documents.values(), "pqq", strict=True):
        document.cluster = passage
    a.clustered, a.guessed = True, "passage"
    assert (pair(a, b, ACC).clusters, pair(a, b, ACC).guessed) == (None, None)
