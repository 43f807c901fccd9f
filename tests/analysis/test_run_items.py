"""The items of stored runs: difficulty, doubtful golds, duplicates, what is left out."""

from __future__ import annotations

import pytest
from stored_runs import choice_line, text_line, write_run

from proctor.analysis.run_items import item_document, run_items
from proctor.errors import DataError, UsageError
from proctor.results.open_runs import open_path

TEXTS = ("one", "two", "three", "four")


def lls(picked):
    return [0.0 if place == picked else -4.0 for place in range(4)]


@pytest.fixture
def runs(tmp_path):
    """Runs of several models from what each picks, document by document; the gold is always the first option."""
    made = iter(range(100))

    def make(*models, golds=None, **lines):
        opened = []
        for picks in models:
            golds_of = golds or [0] * len(picks)
            samples = [choice_line(n, lls(picked), golds_of[n], **lines) for n, picked in enumerate(picks)]
            opened.append(open_path(write_run(tmp_path / f"run{next(made)}", {"t": samples})).runs[0])
        return opened

    return make


def test_difficulty_is_the_share_of_models_that_are_right(runs):
    found = run_items(runs([0, 1, 0], [0, 1, 1], [0, 1, 0], [0, 1, 2]))
    assert [item.difficulty for item in found.items] == [1, 0, 0.5]
    assert [item.discrimination for item in found.items] == [None, None, None]
    assert [item.picked for item in found.items] == [(0, 0, 0, 0), (1, 1, 1, 1), (0, 1, 0, 2)]
    assert found.few_models


def test_an_item_that_better_models_solve_discriminates(runs):
    good, bad = [0] * 10, [0, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    first, *rest = run_items(runs(good, good, bad, bad)).items
    assert first.discrimination is None
    assert all(item.discrimination == pytest.approx(1) for item in rest)


def test_a_gold_that_four_strong_models_reject_alike_is_doubtful(runs):
    picks = [0] * 19 + [2]
    found = run_items(runs(*[picks] * 4))
    (flagged,) = found.flagged
    assert (flagged.doc_id, flagged.flags, flagged.check.plurality) == (19, ("suspicious_gold",), 2)
    assert flagged.check.log_odds == pytest.approx(4)
    assert found.strong == {"t": 4}


def test_no_gold_is_doubted_by_few_or_weak_models(runs):
    picks = [0] * 19 + [2]
    assert run_items(runs(*[picks] * 3)).flagged == []
    assert run_items(runs(*[[1, 2, 3] * 7] * 4)).flagged == []
    # Four that disagree among each other doubt nothing either.
    assert run_items(runs(*[[0] * 19 + [place] for place in (1, 2, 3, 1)])).flagged == []


def test_duplicates_and_contradictions_are_found_over_all_documents(tmp_path):
    lines = [
        choice_line(0, lls(0), 0, question="What is red?"),
        choice_line(1, lls(0), 0, question="What is  red?"),
        choice_line(2, lls(0), 1, question="What is (red)?"),
        choice_line(3, lls(0), 0, question="What is blue?", texts=("one", "one", "three", "four")),
    ]
    run = open_path(write_run(tmp_path / "run", {"t": lines})).runs[0]
    flags = [item.flags for item in run_items([run]).items]
    assert all("contradiction" in one and "duplicate_candidate" in one for one in flags[:3])
    assert flags[3] == ("equal_options",)


def passage_line(n, passage, asked, gold, **columns):
    """A question about a passage, in a column of a name that says nothing."""
    line = choice_line(n, lls(0), gold)
    line["doc"] = {"story": passage, "q": asked, "label": "ABCD"[gold], **columns}
    for one in line["arguments"].values():
        one["arg_0"] = f"{passage}\n{asked}\nAnswer:"
    return line


def test_questions_about_one_passage_are_no_contradictions(tmp_path):
    passage = "The ships of Wendle carry oak barrels to the isles, and come back with paper."
    lines = [
        passage_line(0, passage, "What goes to the isles?", 0),
        passage_line(1, passage, "What comes back from them?", 1),
        passage_line(2, passage, "What goes to  the isles?", 2, source="a book"),
    ]
    flags = [item.flags for item in run_items(open_path(write_run(tmp_path / "run", {"t": lines})).runs).items]
    assert flags == [("duplicate", "contradiction"), (), ("duplicate", "contradiction")]


def test_one_question_about_two_passages_is_no_duplicate(tmp_path):
    passages = [f"The ships of {name} carry nothing but oak barrels to the isles." for name in ("Wendle", "Arkle")]
    lines = [
        passage_line(n, passage, "Which of these is right?", n, question="Which of these is right?")
        for n, passage in enumerate([*passages, passages[0]])
    ]
    flags = [item.flags for item in run_items(open_path(write_run(tmp_path / "run", {"t": lines})).runs).items]
    assert flags == [("duplicate", "contradiction"), (), ("duplicate", "contradiction")]


def test_a_document_in_two_tasks_is_no_duplicate_of_itself(tmp_path):
    letter, text = choice_line(0, lls(0), 0), choice_line(0, lls(0), 0, options=TEXTS)
    again = choice_line(1, lls(0), 0, question="Question 0?")
    folder = write_run(tmp_path / "run", {"letter": [letter], "text": [text]})
    assert [item.flags for item in run_items(open_path(folder).runs).items] == [(), ()]
    folder = write_run(tmp_path / "other", {"letter": [letter, again], "text": [text]})
    assert [item.flags for item in run_items(open_path(folder).runs).items] == [("duplicate",)] * 3


def test_items_that_not_every_run_has_are_counted(runs):
    (short,), (long,) = runs([0, 0]), runs([0, 0, 1])
    found = run_items([short, long])
    assert (len(found.items), found.left_out) == (2, {"t": 1})


def test_tasks_without_choices_are_named(tmp_path):
    folder = write_run(tmp_path / "run", {"sums": [text_line(0, "4", "4", 1.0)], "t": [choice_line(0, lls(0), 0)]})
    found = run_items(open_path(folder).runs)
    assert found.without_choices == ("sums",)
    assert [item.task for item in found.items] == ["t"]


def test_a_model_that_gives_nan_chose_nothing(runs):
    (run,) = runs([0])
    nan = choice_line(0, [float("nan")] * 4, 0)
    assert run_items([run]).items[0].picked == (0,)
    (other,) = open_path(write_run(run.samples_files["t"].parent / "nan", {"t": [nan]})).runs
    (item,) = run_items([other]).items
    assert (item.picked, item.difficulty, item.check) == ((None,), 0.0, None)


def test_runs_without_a_common_task_are_an_error(runs, tmp_path):
    (run,) = runs([0])
    (other,) = open_path(write_run(tmp_path / "other", {"u": [choice_line(0, lls(0), 0)]})).runs
    with pytest.raises(DataError, match="no samples of a common task"):
        run_items([run, other])
    with pytest.raises(UsageError, match="no samples of gone"):
        run_items([run], ["gone"])


def test_the_line_of_an_item(runs):
    found = run_items(runs([1]))
    line = item_document(found.items[0], found.models)
    assert (line["task"], line["doc_id"], line["golds"], line["difficulty"]) == ("t", 0, [0], 0)
    assert line["options"] == list(TEXTS)
    assert line["picked"] == [{"model": "org/small", "option": 1}]
