"""Clusters that are certain without being named: passages of MMLU, passage columns; and what is none."""

from __future__ import annotations

import pytest
from stored_runs import choice_line, sha, write_run

from proctor.analysis.guessed_clusters import ClusterGuess
from proctor.results.open_runs import open_runs

PASSAGE = "The river had risen in the night, and the ferry did not cross before noon of day {}, for want of a rope."


def guess(tmp_path, lines, options=None):
    (run,) = open_runs([write_run(tmp_path, {"t": lines})]).runs
    found, seen = ClusterGuess(), set()
    for sample in run.samples("t"):
        if sample.identity not in seen:
            seen.add(sample.identity)
            found.add(sample)
    return found.found(run, "t", lambda sample: (options or {}).get(sample.identity, ()))


def line(number, prompt, **doc):
    one = choice_line(number, [-0.1, -1, -2, -3], 0)
    one["doc"] = {"choices": ["one", "two", "three", "four"], "answer": 0, **doc}
    one["arguments"] = {f"gen_args_{i}": {"arg_0": prompt, "arg_1": f" {x}"} for i, x in enumerate("ABCD")}
    one["doc_hash"] = sha(str(one["doc"]))
    return one


def with_passages(count, each, *, order="{passage}\n{question}\nAnswer:", **more):
    lines = []
    for number in range(count):
        doc = {"passage": PASSAGE.format(number // each), "question": f"What happened at hour {number}?", **more}
        lines.append(line(number, order.format(**doc), **doc))
    return lines


def test_passages_of_mmlu(tmp_path):
    lines = []
    for number in range(12):
        text = (
            f"This question refers to the following information.\nPassage {number // 3}\nBook, 1839\nQuestion {number}?"
        )
        lines.append(line(number, f"{text}\nAnswer:", question=text))
    found = guess(tmp_path, lines)
    assert found.by == "passage"
    assert len(set(found.clusters.values())) == 4


def test_documents_without_a_passage_are_clusters_of_their_own(tmp_path):
    text = "This question refers to the following information.\nOne passage\nQuestion {}?"
    lines = [line(i, "x", question=text.format(i)) for i in range(3)] + [
        line(i, "x", question="Why?" * i) for i in (4, 5)
    ]
    assert len(set(guess(tmp_path, lines).clusters.values())) == 3


def test_a_passage_before_the_question(tmp_path):
    found = guess(tmp_path, with_passages(12, 3))
    assert found.by == "passage"
    assert len(set(found.clusters.values())) == 4


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(with_passages(12, 1), id="every passage once"),
        pytest.param(with_passages(12, 12), id="one text for all: an instruction"),
        pytest.param(with_passages(80, 40), id="two instructions"),
        pytest.param(with_passages(12, 3, order="{question}\n{passage}\nAnswer:"), id="after the question"),
        pytest.param(with_passages(12, 3, order="{question}\nAnswer:"), id="not shown"),
        pytest.param([line(i, "Which of them?\nAnswer:", question="Which of them is right?" * 4) for i in range(8)],
                     id="the same question again and again"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_not_guessed(tmp_path, lines):
    assert guess(tmp_path, lines) is None


def test_an_option_is_no_question(tmp_path):
    question = "Which of the following statements about the weather in the mountains is right? ({})"
    lines = []
    for number in range(12):
        doc = {"question": question.format(number // 3), "A": f"It rains a lot ({number})", "B": "It snows"}
        lines.append(line(number, f"{doc['question']}\nA. {doc['A']}\nB. {doc['B']}\nAnswer:", **doc))
    assert guess(tmp_path, lines).by == "question"
    (run,) = open_runs([tmp_path]).runs
    options = {sample.identity: (sample.line["doc"]["A"], "It snows") for sample in run.samples("t")}
    assert guess(tmp_path, lines, options) is None
