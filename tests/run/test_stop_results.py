"""What results say of a run that stopped early: no ordinary error, and sentences."""

from __future__ import annotations

import json

from scripted_model import ScriptedModel
from stopped_runs import mostly_right, run, scopes, write_group

from proctor.analysis.stopping import ComparisonLook
from proctor.run.opponent import Opponent
from proctor.run.stop_results import stop_facts, stop_sentence, stopped_task
from proctor.run.stop_scopes import AskedDocument, Scope
from proctor.run.stopping import Outcome, ScopePlan
from proctor.run_result import TaskResult, Value


class _Spec:
    name = "quiz"


class _Task:
    spec = _Spec()


def outcome(
    asked=140, total=1273, reason="decided", *, look=None, opponent=None, interval=(0.6, 0.7), looks=(100, 140)
):
    scope = Scope("quiz", (_Task(),), ("acc", "none"), False, None)
    order = [AskedDocument("quiz", number, (str(number), 0)) for number in range(total)]
    intervals = {} if interval is None else {("quiz", "acc", "none"): interval}
    score = None if interval is None else 0.65
    return Outcome(ScopePlan(scope, order, 0.05, opponent), asked, looks, reason, score, look, intervals)


def look(difference=0.1, log_e=3.85, decided=True):
    return ComparisonLook(140, difference, (0.02, 0.18), 20, 6, log_e, 0.02, decided)


def test_the_sentence_of_a_decided_run():
    opponent = Opponent("base", {}, higher_is_better=True)
    assert stop_sentence(outcome(look=look(), opponent=opponent)) == (
        "quiz: stopped after 140 of 1,273 documents: this run is better than base by 10.0 points so far "
        "(E = 47, valid at any time; of all that both have +2.0 to +18.0 points)."
    )
    worse = stop_sentence(outcome(look=look(-0.1), opponent=opponent))
    assert "this run is worse than base by 10.0 points" in worse
    large = stop_sentence(outcome(look=look(log_e=900.0), opponent=opponent))
    assert "(E = 1e390, valid" in large
    fractions = stop_sentence(outcome(look=look(log_e=None), opponent=opponent))
    assert "(of all that both have +2.0 to +18.0 points, valid at any time)" in fractions


def test_the_sentences_of_other_ends():
    assert "acc 0.6500; that of all documents is within 0.6000 to 0.7000 (95 %, at every look)." in stop_sentence(
        outcome(reason="width")
    )
    assert "no document has acc." in stop_sentence(outcome(reason="responses", interval=None))
    whole = stop_sentence(outcome(1273, reason="all", look=look(decided=False), opponent=Opponent("base")))
    assert "no difference was decided on the way" in whole
    assert "'proctor compare' has the test of all." in whole
    late = stop_sentence(outcome(1273, reason="all", look=look(), opponent=Opponent("base")))
    assert "all 1,273 documents were asked, and only then: this run is better" in late


def test_other_tasks_and_runs_that_asked_everything_keep_their_errors():
    value = {("acc", "none"): Value(0.5, 0.1, 10, "proportion", (0.3, 0.7))}
    other = TaskResult("other", "other", 1, 0, 10, 10, 10, value, {}, {})
    mine = TaskResult("quiz", "quiz", 1, 0, 1273, 140, 140, {**value, ("ppl", "none"): Value(9.0, 1.0)}, {}, {})
    assert stopped_task(other, [outcome()]) is other
    assert stopped_task(mine, [outcome(1273, reason="all")]) is mine
    values = stopped_task(mine, [outcome()]).values
    assert values["acc", "none"] == Value(0.5, None, 10, "sequence", (0.6, 0.7))
    # A perplexity has no sequence: rather no interval than a wrong one.
    assert values["ppl", "none"] == Value(9.0)


def test_the_section_is_json_and_says_what_it_takes_to_repeat_it():
    facts = stop_facts([outcome(look=look(), opponent=Opponent("base"))], "against=base,alpha=0.05", 1234)
    section = json.loads(json.dumps(facts))["early_stop"]
    assert (section["rule"], section["against"], section["width"], section["alpha"], section["seed"]) == (
        "against=base,alpha=0.05", "base", None, 0.05, 1234,
    )  # fmt: skip
    (scope,) = section["scopes"]
    assert (scope["documents"], scope["asked"], scope["looks"], scope["alpha"]) == (1273, 140, [100, 140], 0.05)
    assert scope["comparison"]["wins"] == 20


def test_parts_of_a_group_that_were_not_asked_have_no_score(tmp_path):
    task = write_group(tmp_path, (2000, 1))
    finished = run(task, ScriptedModel(mostly_right(9)), early_stop="width=0.06", include_path=str(tmp_path))
    assert scopes(finished)[0]["stopped"]
    results = finished.document["results"]
    assert results["both"]["acc_stderr,none"] == "N/A"
    assert results["two"]["sample_len"] in (0, 1)
    rows = [row for row in finished.document["proctor"]["scores"] if row["name"] == "both"]
    assert rows[0]["method"] == "sequence"
    assert rows[0]["interval"] == scopes(finished)[0]["interval"]
