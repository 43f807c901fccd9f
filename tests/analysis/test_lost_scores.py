"""A score that is not a number leaves a cell empty, and a sentence below the table."""

import json
import math

import pytest
from stored_runs import document_of, right_and_wrong, write_run

from proctor.analysis.score_table import score_table
from proctor.errors import UsageError
from proctor.results.open_runs import open_runs

LINES = {"t": right_and_wrong("1101"), "u": right_and_wrong("1001")}


def run(folder, name, *, samples=("t", "u"), lines=LINES, **scores):
    document = document_of(lines, model_name=f"org/{name}", group_subtasks={"g": ["t", "u"]})
    document["results"]["g"] = {"alias": "g", "acc,none": 0.5}
    for task, score in scores.items():
        document["results"][task]["acc,none"] = score
    return write_run(folder / name, lines, samples=samples, document=document)


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_a_score_of_the_file_that_is_no_number_is_named(tmp_path, odd):
    files = [run(tmp_path, "a"), run(tmp_path, "b", samples=(), t=odd, g=odd)]
    table = score_table(open_runs(files).runs)
    assert next(row for row in table.rows if row.name == "t").cells[1] is None
    assert "No score: that of t, g of org/b is not a number in its results file." in table.notes


def test_documents_whose_score_is_no_number_are_counted(tmp_path):
    lines = {"t": [*LINES["t"], *right_and_wrong("00000")[4:]], "u": LINES["u"]}
    lines["t"][-1] |= {"acc": math.nan}
    table = score_table(open_runs([run(tmp_path, "a", lines=lines)]).runs)
    assert next(row for row in table.rows if row.name == "t").cells[0].n == 4
    assert "Left out: 1 score of documents that is not a number (t of org/a)." in table.notes


def test_samples_that_cannot_be_read_and_have_no_score_are_named(tmp_path):
    file = run(tmp_path, "a", t=math.nan)
    (samples,) = file.parent.glob("samples_t_*")
    samples.write_text("no JSON")
    other = run(tmp_path, "b")
    document = json.loads(file.read_text())
    document["results"]["t"] = {"alias": "t"}
    file.write_text(json.dumps(document))
    (note,) = [one for one in score_table(open_runs([file, other]).runs).notes if "No score of t of org/a" in one]
    assert "is not JSON" in note


def test_a_table_of_nothing_says_that_the_scores_are_no_numbers(tmp_path):
    file = run(tmp_path, "a", samples=(), t=math.nan, u=math.nan, g=math.nan)
    with pytest.raises(UsageError, match=r"what was named\. No score: that of t, u, g of org/a is not"):
        score_table(open_runs([file]).runs)


def test_nothing_is_said_where_all_scores_are_there(tmp_path):
    assert not [one for one in score_table(open_runs([run(tmp_path, "a")]).runs).notes if "score" in one]
