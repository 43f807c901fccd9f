"""The score of all documents, from a random part and what other runs made of all."""

from __future__ import annotations

import json
import random

import pytest
from audited_runs import audited
from stored_runs import right_and_wrong, write_run

import proctor
from proctor.analysis.audit_document import audit_document
from proctor.analysis.predicted_score import predicted_lines, predicted_scores
from proctor.analysis.subsets import prediction_powered
from proctor.cli.main import main
from proctor.results.open_runs import open_runs

TRUE = "1110100111" * 20
"""What the model would make of all 200 documents."""
NEAR = "1110100011" * 20
"""What another model made of them."""


def sampled(pattern, n, seed=0):
    chosen = sorted(random.Random(seed).sample(range(len(pattern)), n))
    lines = right_and_wrong(pattern)
    return [lines[place] for place in chosen]


def part(tmp_path, n=50, *, order="random", seed=0, documents=200, **more):
    config = {"model": "hf", "model_args": {"pretrained": "m"}, "limit": n}
    config |= {"limit_order": order} if order else {}
    sizes = {"t": {"original": documents, "effective": n}}
    return audited(tmp_path / "part", {"t": sampled(TRUE, n, seed)}, config=config, **{"n-samples": sizes}, **more)


def reference(tmp_path, pattern=NEAR, name="old", tasks=("t",)):
    return open_runs([write_run(tmp_path / name, {task: right_and_wrong(pattern) for task in tasks})]).runs[0]


def test_the_estimate_is_that_of_the_definition(tmp_path):
    audit, other = part(tmp_path), reference(tmp_path)
    (found,) = predicted_scores(audit, [other])
    own = [line["acc"] for line in sampled(TRUE, 50)]
    predicted = [line["acc"] for line in sampled(NEAR, 50)]
    expected = prediction_powered(own, predicted, NEAR.count("1") / 200, 200)
    assert (found.score, found.n, found.documents, found.runs) == (expected, 50, 200, 1)
    assert found.score.stderr < found.score.stderr_random
    low, high = found.interval
    assert low < TRUE.count("1") / 200 < high
    assert found.sentence.startswith("t: acc of all 200 documents is 0.")
    assert "by 50 documents and the predictions of 1 run; error 0." in found.sentence


def test_it_covers_the_truth_however_bad_the_predictions_are(tmp_path):
    truth, worse = TRUE.count("1") / 200, reference(tmp_path, "0101" * 50, "bad")
    covered = 0
    for seed in range(40):
        (found,) = predicted_scores(part(tmp_path / str(seed), seed=seed), [worse])
        low, high = found.interval
        covered += low <= truth <= high
    assert covered >= 35


def test_predictions_of_several_runs_are_averaged_over_their_common_documents(tmp_path):
    audit = part(tmp_path)
    both = [reference(tmp_path), reference(tmp_path, TRUE, "true"), reference(tmp_path, name="none", tasks=("u",))]
    (found,) = predicted_scores(audit, both)
    assert found.runs == 2
    (exact,) = predicted_scores(audit, [both[1]])
    assert (exact.score.estimate, exact.score.stderr) == (pytest.approx(TRUE.count("1") / 200), 0.0)


def test_a_group_is_its_strata(tmp_path):
    config = {"model": "hf", "model_args": {"pretrained": "m"}, "limit_order": "random"}
    sizes = {name: {"original": 200, "effective": 50} for name in "tu"}
    tasks = {"t": sampled(TRUE, 50), "u": sampled(NEAR, 50, 1)}
    audit = audited(tmp_path / "g", tasks, config=config, group_subtasks={"g": ["t", "u"]}, **{"n-samples": sizes})
    group, first, second = predicted_scores(audit, [reference(tmp_path, tasks=("t", "u"))])
    assert (group.name, group.n, group.documents) == ("g", 100, 400)
    assert group.score.estimate == pytest.approx((first.score.estimate + second.score.estimate) / 2)
    assert group.score.stderr == pytest.approx((first.score.stderr**2 + second.score.stderr**2) ** 0.5 / 2)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: (part(path, order=None), [reference(path)]), "no random sample"),
        (lambda path: (part(path), [reference(path, tasks=("u",))]), "no run that predicts has acc of it"),
        (lambda path: (part(path), [reference(path, NEAR[:100])]), "have scores of 100 documents"),
        (lambda path: (part(path, documents=300), [reference(path)]), "these are not its 300"),
    ],
)
def test_what_would_be_wrong_has_a_reason(tmp_path, make, reason):
    audit, references = make(tmp_path)
    (found,) = predicted_scores(audit, references)
    assert (found.score, found.interval) == (None, None)
    assert reason in found.reason
    (line,) = predicted_lines([found])
    assert line.startswith("No score of all documents is predicted for t: ")
    assert "no score of all documents is predicted" in found.sentence


def test_a_run_that_stopped_early_is_no_sample_of_a_fixed_size(tmp_path):
    stop = {"scopes": [{"stopped": True, "name": "t", "tasks": ["t"], "asked": 50, "documents": 200}], "seed": 1}
    audit = part(tmp_path)
    document = {**audit.run.document, "config": {**audit.run.document["config"], "early_stop": stop}}
    run = type(audit.run)(audit.run.name, audit.run.source, audit.run.stamp, document, audit.run.samples_files)
    from proctor.analysis.audit import audit_run

    (found,) = predicted_scores(audit_run(run), [reference(tmp_path)])
    assert "stopped early" in found.reason


def test_all_documents_are_the_score_itself(tmp_path):
    audit = part(tmp_path, 200)
    (found,) = predicted_scores(audit, [reference(tmp_path)])
    assert (found.score.estimate, found.score.stderr) == (pytest.approx(TRUE.count("1") / 200), 0.0)


def test_on_the_command_line_and_from_python(tmp_path, capsys):
    audit = part(tmp_path)
    other = reference(tmp_path)
    words = ["audit", str(tmp_path / "part"), "--predictions", str(tmp_path / "old")]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "of all documents\n  t: acc of all 200 documents is 0." in out
    assert main([*words, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["predicted"]
    assert found["score"]["estimate"] == predicted_scores(audit, [other])[0].score.estimate
    assert proctor.audit(tmp_path / "part", predictions=[tmp_path / "old"]).predicted
    assert audit_document(audit)["predicted"] == []
    assert main(["audit", str(tmp_path / "part"), "--predictions", "nowhere"]) == 2


def test_a_share_stays_within_0_and_1(tmp_path):
    (found,) = predicted_scores(part(tmp_path, 4), [reference(tmp_path, "01" * 100, "bad")])
    low, high = found.interval
    assert 0 <= low <= high <= 1
