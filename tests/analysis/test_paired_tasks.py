"""Tasks of different names with the same documents: found, named, refused, and said."""

from __future__ import annotations

import pytest
from stored_runs import document_of, right_and_wrong, write_run

from proctor.analysis.compare import compare_runs
from proctor.analysis.compare_text import option_notes
from proctor.analysis.comparison import CompareOptions
from proctor.analysis.paired_tasks import names_in, renamed
from proctor.errors import DataError, UsageError
from proctor.results.open_runs import open_runs


def stored(folder, patterns, groups=None, **more):
    tasks = {task: right_and_wrong(pattern, **more) for task, pattern in patterns.items()}
    document = document_of(tasks, group_subtasks=groups or {})
    document["results"] |= {name: {"alias": name} for name in groups or {}}
    return open_runs([write_run(folder, tasks, document=document)]).runs[0]


def test_names_that_differ_by_a_formulation_are_paired_and_said(tmp_path):
    a = stored(tmp_path / "a", {"mmlu_anatomy": "1110", "mmlu_law": "10"}, {"mmlu": ["mmlu_anatomy", "mmlu_law"]})
    others = ["mmlu_continuation_anatomy", "mmlu_continuation_law"]
    b = stored(tmp_path / "b", {others[0]: "0111", others[1]: "11"}, {"mmlu_continuation": others})
    found = compare_runs([a, b])
    (pair,) = found.pairs
    assert [(one.task, one.a, one.b) for one in pair.tasks] == [("mmlu_anatomy", 0.75, 0.75), ("mmlu_law", 0.5, 1.0)]
    assert [one.group for one in pair.groups] == ["mmlu"]
    assert found.names_in(pair) == {"mmlu_anatomy": others[0], "mmlu_law": others[1]}
    assert "mmlu_anatomy with mmlu_continuation_anatomy" in "".join(option_notes(pair, found))
    assert pair.only_a == ()


def test_nothing_is_paired_that_is_not_certain(tmp_path):
    a = stored(tmp_path / "a", {"x_law": "11", "y": "1"})
    same_name = stored(tmp_path / "b", {"x_law": "10", "x_text_law": "11", "y": "1"})
    assert names_in(a, same_name, ["auto"]) == {}
    two = stored(tmp_path / "c", {"x_text_law": "11", "x_cloze_law": "11", "y": "1"})
    assert names_in(a, two, ["auto"]) == {}
    other_documents = stored(tmp_path / "d", {"x_text_law": "11", "y": "1"}, question="Something else?")
    assert names_in(a, other_documents, ["auto"]) == {}
    assert names_in(a, stored(tmp_path / "e", {"x_text_law": "11", "y": "1"}), ["none"]) == {}


def test_pairs_that_are_given(tmp_path):
    a = stored(tmp_path / "a", {"p_one": "11", "p_two": "10", "q": "1"})
    b = stored(tmp_path / "b", {"v2_one": "01", "v2_two": "11", "r": "1"})
    assert names_in(a, b, ["p_*=v2_*", "q=r"]) == {"v2_one": "p_one", "v2_two": "p_two", "r": "q"}
    found = compare_runs([a, b], CompareOptions(pair_tasks=("p_*=v2_*",)))
    assert [one.task for one in found.pairs[0].tasks] == ["p_one", "p_two"]
    assert found.pairs[0].only_b == ("r",)


def test_a_run_with_itself(tmp_path):
    run = stored(tmp_path, {"demo_letter_x": "1100", "demo_text_x": "1010", "other": "1100"})
    # "other" is not compared with its own responses, nor does it count in the correction.
    (one,) = compare_runs([run, run], CompareOptions(pair_tasks=("demo_letter_*=demo_text_*",))).pairs[0].tasks
    assert (one.task, one.counts.only_a, one.counts.only_b) == ("demo_letter_x", 1, 1)
    assert renamed(run, {"demo_text_x": "demo_letter_x"}).tasks == ("demo_letter_x", "other")
    assert renamed(run, {}) is run


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("a", "a pair is A=B"),
        ("=b", "a pair is A=B"),
        ("a_*=b", "a star on both sides or on none"),
        ("a_*_*=b_*_*", "a star on both sides or on none"),
        ("lettr_x=text_x", "the first run has no task or group 'lettr_x'"),
        ("letter_x=txt_x", "the second run has no task or group 'txt_x'"),
        ("letter_*=cloze_*", "the second run has no task or group"),
    ],
)
def test_wrong_pairs_are_sentences(tmp_path, word, said):
    a, b = stored(tmp_path / "a", {"letter_x": "1"}), stored(tmp_path / "b", {"text_x": "1"})
    with pytest.raises(UsageError, match=said.replace("*", r"\*")):
        names_in(a, b, [word])


def test_a_task_has_one_partner(tmp_path):
    a, b = stored(tmp_path / "a", {"x": "1"}), stored(tmp_path / "b", {"y": "1", "z": "1"})
    with pytest.raises(UsageError, match="pairs 'x' with two tasks"):
        names_in(a, b, ["x=y", "x=z"])


def test_without_a_partner_the_runs_have_nothing_in_common(tmp_path):
    a, b = stored(tmp_path / "a", {"x": "1"}), stored(tmp_path / "b", {"y": "1"})
    with pytest.raises(DataError, match="no task in common"):
        compare_runs([a, b])
