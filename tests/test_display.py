"""A result in Python: short texts, a notebook's table, numbers by name, and a table of pandas."""

import pickle
import sys

import pytest

from proctor.errors import MissingExtraError
from proctor.records import Record, UngradedDocuments
from proctor.run_result import GroupResult, RunResult, TaskResult, Value


def task(name, values, n_shot=0):
    return TaskResult(
        name=name, alias=name, version=1, n_shot=n_shot, n_original=9, n_effective=9, sample_len=9,
        values=values, higher_is_better={"acc": True}, config={"doc_to_text": "x" * 5000},
    )  # fmt: skip


def result(**more):
    tasks = (
        task("arc_easy", {("acc", "none"): Value(0.67221, 0.01839), ("acc_norm", "none"): Value(0.5)}),
        task("gsm8k", {("exact_match", "strict"): Value(0.1, 0.02), ("exact_match", "flexible"): Value(0.3, 0.04)}, 5),
    )
    group = GroupResult("all", "all", "1", ("arc_easy",), {("acc", "none"): Value(0.6, 0.01)})
    documents = [Record("arc_easy", i, {"q": "x" * 999}, 0, (), (), (), "none", {"acc": 1.0}) for i in range(200)]
    return RunResult(tasks, (group,), {"arc_easy": documents}, {"model": "hf"}, {}, 0.0, 12.0, **more)


def test_a_score_is_a_number_with_its_error():
    score = result()["arc_easy"]["acc"]
    assert score == 0.67221
    assert (score.value, score.stderr) == (0.67221, 0.01839)
    assert repr(score) == "0.6722 ± 0.0184"
    assert f"{score:.2%}" == "67.22%"
    assert pickle.loads(pickle.dumps(score)).stderr == 0.01839


def test_a_score_knows_its_documents_and_its_interval():
    value = Value(0.67221, 0.01839, 654, "proportion", (0.6353, 0.7071))
    assert repr(value) == "Value(0.6722 ± 0.0184, 95 %: 0.6353 to 0.7071, n 654)"
    found = RunResult((task("t", {("acc", "none"): value, ("f1", "none"): Value(0.5)}),), (), {}, {}, {}, 0.0, 0.0)
    score = pickle.loads(pickle.dumps(found["t"]["acc"]))
    assert (score.n, score.method, score.interval) == (654, "proportion", (0.6353, 0.7071))
    assert "<td>± 0.0184</td><td>0.6353 to 0.7071</td><td>654</td>" in found._repr_html_()
    assert "<td>0.5000</td><td></td><td></td><td></td>" in found._repr_html_()
    row, _ = found.to_frame().to_dict("records")
    assert (row["low"], row["high"], row["n"], row["method"]) == (0.6353, 0.7071, 654, "proportion")
    assert found.to_frame()["method"].isna().tolist() == [False, True]


def test_groups_filters_and_names_that_are_not_there():
    found = result()
    assert found["all"]["acc"] == 0.6
    assert found["gsm8k"]["exact_match"] == 0.1
    assert found["gsm8k"]["exact_match,flexible"] == 0.3
    assert list(found) == ["all", "arc_easy", "gsm8k"]
    assert "gsm8k" in found
    assert dict(found)["arc_easy"]["acc_norm"] == 0.5
    with pytest.raises(KeyError, match=r"no task or group 'arc_esay'.*Did you mean 'arc_easy'"):
        found["arc_esay"]
    with pytest.raises(KeyError, match=r"'arc_easy' has no score 'f1'\. There are: acc, acc_norm\."):
        found["arc_easy"]["f1"]


def test_what_is_no_number_is_given_as_it_is():
    value = Value({"by": "letter"})
    assert RunResult((task("t", {("own", "none"): value}),), (), {}, {}, {}, 0.0, 0.0)["t"]["own"] is value


def test_texts_are_short():
    found = result()
    assert len(repr(found)) < 400
    assert "arc_easy  acc 0.6722 ± 0.0184" in repr(found)
    assert "exact_match,flexible 0.3000 ± 0.0400" in repr(found)
    for part in (*found.tasks, *found.groups, found.records["arc_easy"][0], Value(0.5, 0.1), found["gsm8k"]):
        assert len(repr(part)) < 120
    assert repr(Value(0.5, 0.1)) == "Value(0.5000 ± 0.1000)"
    assert repr(Value("x" * 900)) == f"Value('{'x' * 36}...)"


def test_a_result_of_hundreds_of_tasks_has_a_text_of_a_screen():
    tasks = tuple(task(f"t{i}", {("acc", "none"): Value(0.5, 0.1)}) for i in range(500))
    text = repr(RunResult(tasks, (), {}, {"model": "hf"}, {}, 0.0, 1.0))
    assert len(text.splitlines()) < 30
    assert "476 more" in text


def test_what_went_wrong_is_in_the_text_and_in_the_table():
    found = result(
        failed=(UngradedDocuments("arc_easy", 3, 9, ()),), output_error="The results cannot be written to /x."
    )
    for shown in (repr(found), found._repr_html_()):
        assert "3 documents" in shown
        assert "cannot be written" in shown


def test_a_notebook_shows_a_table_in_which_nothing_is_code():
    found = RunResult((task("<b>", {("acc", "none"): Value("<script>", None)}),), (), {}, {"model": "&"}, {}, 0.0, 0.0)
    html = found._repr_html_()
    assert html.startswith("<table>")
    assert "<b>" not in html
    assert "&lt;script&gt;" in html


def test_a_table_of_pandas():
    frame = result().to_frame()
    assert list(frame.name) == ["all", "arc_easy", "arc_easy", "gsm8k", "gsm8k"]
    assert frame.set_index(["name", "metric", "filter"]).loc[("gsm8k", "exact_match", "strict"), "value"] == 0.1
    assert list(RunResult((), (), {}, {}, {}, 0.0, 0.0).to_frame().columns)[:2] == ["name", "kind"]


def test_without_pandas_there_is_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match="'pandas' is needed here"):
        result().to_frame()
