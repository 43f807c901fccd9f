"""Scores of other formulations: added to the task's own, stored, resumed, regraded."""

from __future__ import annotations

import json
import math

import pytest

from proctor.analysis.intervals import clustered_stderr
from proctor.answers import read_choice
from proctor.errors import UsageError
from proctor.models.dummy import DummyModel
from proctor.preview.preview import preview
from proctor.results.hashes import doc_hash
from proctor.run.exam import load_exam
from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.settings.config import build_config
from proctor.types import Choose, Generate, Refusal, Scores, Text

LISTED = "A. {{choices[0]}}\\nB. {{choices[1]}}\\nC. {{choices[2]}}\\n"
TASK = f"""\
task: letters
dataset_path: json
dataset_kwargs: {{data_files: {{test: test.jsonl}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{question}}}}\\n{LISTED}Answer:"
doc_to_choice: [A, B, C]
doc_to_target: answer
metric_list: [{{metric: acc}}]
"""
GOLDS = [0, 2, 2, 1, 0]
CHOICES = ["red", "blue", "green"]


class Reader(DummyModel):
    """By letter the first, as text the shortest per character, in writing the second; without a question the last."""

    def respond(self, requests):
        for index, request in enumerate(requests):
            if isinstance(request, Generate):
                yield index, Text(" B", "stop") if "number 4" not in request.prompt else Text(" Hm.", "stop")
                continue
            options = [text.strip() for text in request.continuations]
            asked = "Which" in str(request.context)
            if options[0] == "A":
                lls = [-0.5 - place if asked else -3.0 + place for place in range(len(options))]
            elif asked:
                lls = [-2.0, -2.2, -2.4]
            else:
                lls = [-1.0, -4.0, -1.0]
            yield index, Scores(tuple((ll, ll == max(lls)) for ll in lls))


@pytest.fixture
def folder(tmp_path):
    rows = [{"question": f"Which is number {n}?", "choices": CHOICES, "answer": gold} for n, gold in enumerate(GOLDS)]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "letters.yaml").write_text(TASK, encoding="utf-8")
    (tmp_path / "both.yaml").write_text(
        "group: both\ntask: [letters]\naggregate_metric_list: [{metric: acc, weight_by_size: true}]\n",
        encoding="utf-8",
    )
    return tmp_path


def run(
    folder, opened=None, formulations="letter,text,hybrid,generate", tasks="letters", bootstrap_iters=0, **settings
):
    given = {
        "model": "dummy", "include_path": [str(folder)], "tasks": tasks, "formulations": formulations,
        "choices_only": True, **settings,
    }  # fmt: skip
    config = build_config(given)
    exam = load_exam(config, Quiet)
    more = {"bootstrap_iters": bootstrap_iters, "opened": opened or Reader(), "exam": exam, "keep_records": True}
    return evaluate(config, progress=Quiet, **more)


def share(position):
    return GOLDS.count(position) / len(GOLDS)


def test_each_formulation_has_its_score(folder):
    scores = run(folder)["letters"]
    assert scores["acc"] == scores["acc_letter"] == share(0)
    assert scores["acc_text"] == scores["acc_hybrid"] == share(0)
    # Per character and byte the longest; against what it expects without the question the second.
    assert scores["acc_norm_text"] == scores["acc_bytes_text"] == share(2)
    assert scores["acc_mutual_info_text"] == scores["acc_pmi_text"] == share(1)
    assert scores["acc_choices_only"] == share(2)
    assert scores["acc_choices_only_text"] == share(0)
    assert (scores["choices_only_difference"], scores["choices_only_share"]) == (pytest.approx(0), 0)


def test_written_answers_are_read_and_those_that_name_no_option_are_wrong(folder):
    scores = run(folder)["letters"]
    assert scores["acc_generate"] == share(1)
    assert (scores["parse_rate"], scores["agreement_parsed"]) == (0.8, 0)
    assert scores["acc_generate_parsed"] == 0.25


def test_the_mass_of_letters_is_that_of_the_labels(folder):
    scores = run(folder)["letters"]
    assert scores["choice_mass"] == pytest.approx(sum(math.exp(-0.5 - place) for place in range(3)))
    assert scores["format_rate"] == 1


def test_the_scores_of_the_task_stay_to_the_digit(folder):
    plain = run(folder, formulations="task", choices_only=False)
    formulated = run(folder)
    (before,), (after,) = plain.tasks, formulated.tasks
    assert "formulations" not in plain.extra["proctor"]
    assert {key: after.values[key] for key in before.values} == before.values
    assert (after.n_effective, after.sample_len) == (before.n_effective, before.sample_len)
    canonical = [record for record in formulated.records["letters"] if record.variant == 0]
    assert [record.metrics for record in canonical] == [record.metrics for record in plain.records["letters"]]


def test_each_two_formulations_are_compared(folder):
    (details,) = run(folder).extra["proctor"]["formulations"]["tasks"]
    assert (details["own"], details["documents"], details["left_out"]) == ("letter", 5, 0)
    names = [(pair["a"], pair["b"]) for pair in details["pairs"]]
    assert names[:3] == [("letter", "hybrid"), ("letter", "text"), ("letter", "generate")]
    assert (len(names), names[-1]) == (7, ("letter", "choices only"))
    pair = details["pairs"][2]
    assert (pair["both"], pair["only_a"], pair["only_b"], pair["neither"]) == (0, 2, 1, 2)
    assert (pair["same_choice"], pair["mcnemar_p"]) == (0, 1)
    assert any("right only by letter, 1 only in writing" in line for line in details["sentences"])
    assert any("without the question 0.400 are right; of 2 documents" in line for line in details["sentences"])


def test_a_task_by_text_has_its_normalisations_without_requesting_its_texts_again(folder):
    text = TASK.replace(LISTED, "").replace("[A, B, C]", "choices").replace("acc}", "acc}, {metric: acc_norm}")
    (folder / "letters.yaml").write_text(text, encoding="utf-8")
    result = run(folder, formulations="text", choices_only=False)
    scores = result["letters"]
    assert (scores["acc_text"], scores["acc_norm_text"]) == (scores["acc"], scores["acc_norm"])
    assert scores["acc_pmi_text"] == share(1)
    requested = [one.arguments for one in result.records["letters"]]
    assert len({one for several in requested[:5] for one in several} & {one for s in requested[5:] for one in s}) == 0


def test_a_group_has_the_means_of_its_tasks(folder):
    result = run(folder, tasks="both")
    (group,), (task,) = result.groups, result.tasks
    for name in ("acc_text", "acc_choices_only", "choice_mass", "agreement_parsed"):
        assert group.values[name, "none"].value == task.values[name, "none"].value
    (plain,) = run(folder, formulations="task", choices_only=False, tasks="both").groups
    assert set(plain.values) == {("acc", "none")}


def test_a_document_of_which_one_formulation_was_refused_is_left_out_and_counted(folder, caplog):
    class Refuses(Reader):
        def respond(self, requests):
            for index, response in super().respond(requests):
                bad = isinstance(requests[index], Generate) and "number 3" in requests[index].prompt
                yield index, Refusal("too long") if bad else response

    result = run(folder, Refuses())
    (details,) = result.extra["proctor"]["formulations"]["tasks"]
    assert (details["documents"], details["left_out"]) == (4, 1)
    assert result["letters"]["acc"] == share(0)
    assert result.tasks[0].values["acc_letter", "none"].n == 4
    assert "1 document without a score in other formulations" in caplog.text
    refused = [one for one in result.records["letters"] if one.formulation == "generate" and one.error]
    assert [(one.doc_id, one.error) for one in refused] == [(3, "refused: too long")]


def test_a_run_that_only_predicts_has_no_scores_of_formulations(folder):
    result = run(folder, predict_only=True, output_path=str(folder / "out"))
    assert not {name for name in result["letters"] if name.startswith("acc")}
    assert {one.formulation for one in result.records["letters"]} > {"task", "text"}


def test_a_plan_counts_what_a_run_requests(folder):
    class Counts(Reader):
        requested = 0

        def respond(self, requests):
            Counts.requested += sum(request.count for request in requests)
            yield from super().respond(requests)

    run(folder, Counts(), choice_orders="cyclic")
    given = {
        "model": "dummy", "include_path": [str(folder)], "tasks": ["letters"], "choice_orders": "cyclic",
        "formulations": "letter,text,hybrid,generate", "choices_only": True, "limit": 5,
    }  # fmt: skip
    shown = "\n".join(preview(build_config(given), progress=Quiet))
    assert f"5 documents, {Counts.requested} requests" in shown


def test_nan_is_never_right(folder):
    class Broken(Reader):
        def respond(self, requests):
            for index, response in super().respond(requests):
                values = getattr(response, "values", ())
                is_text = isinstance(response, Scores) and requests[index].continuations[0] != " A"
                yield index, Scores(((math.nan, False), *values[1:])) if is_text else response

    scores = run(folder, Broken())["letters"]
    assert scores["acc_text"] == scores["acc_norm_text"] == scores["acc_pmi_text"] == 0
    assert scores["acc_letter"] == share(0)


def test_right_options_that_all_stand_first_are_told(folder, caplog):
    rows = [{"question": f"Which is number {n}?", "choices": CHOICES, "answer": 0} for n in range(20)]
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    run(folder)
    assert "the right option stands at position 1 in 20 of 20 documents" in caplog.text


def test_tasks_that_are_not_multiple_choice_are_named_once(folder, caplog):
    (folder / "sums.yaml").write_text(
        "task: sums\ndataset_path: json\ndataset_kwargs: {data_files: {test: test.jsonl}}\ntest_split: test\n"
        "output_type: generate_until\ndoc_to_text: '{{question}}'\ndoc_to_target: '{{answer}}'\n",
        encoding="utf-8",
    )
    result = run(folder, tasks=["letters", "sums"])
    assert "acc_text" not in result["sums"]
    assert caplog.text.count("--formulations has no effect on 1 of 2 tasks") == 1
    assert "(sums): their documents have no options to choose among." in caplog.text


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("process_results: !function utils.scored\n", "with metrics in metric_list instead (acc, acc_norm)"),
        ("", "their options are beginnings of one text, which no prompt can list"),
    ],
)
def test_why_a_task_has_one_formulation_and_what_to_do_is_said(folder, caplog, more, why):
    code = "def scored(doc, results):\n    return {'acc': 1.0}\n\n\ndef place(doc):\n    return doc['answer']\n\n\n"
    code += "def starts(doc):\n    return doc['choices']\n"
    (folder / "utils.py").write_text(code, encoding="utf-8")
    text = TASK.replace("task: letters", "task: other") + more
    if not more:
        text = text[: text.index("doc_to_text")] + (
            "doc_to_text: !function utils.place\ndoc_to_choice: !function utils.starts\ndoc_to_target: question\n"
            "metric_list: [{metric: acc}]\n"
        )
    (folder / "other.yaml").write_text(text, encoding="utf-8")
    result = run(folder, tasks=["other"], formulations="text", choices_only=False)
    assert "acc_text" not in result["other"]
    assert "--formulations has no effect on 1 of 1 task (other)" in caplog.text
    assert why in caplog.text


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"formulations": "letter,text"}, r"--formulations letter,text --choices_only needs log-likelihoods"),
        ({"formulations": "task"}, r"^--choices_only needs log-likelihoods, which --model local-chat-completions"),
        ({"formulations": "generate"}, r"^--choices_only needs log-likelihoods"),
    ],
)
def test_an_interface_without_log_likelihoods_is_refused_with_what_it_can_do(folder, settings, message):
    with pytest.raises(UsageError, match=message) as refused:
        run(folder, **{"model": "local-chat-completions", **settings})
    assert "--formulations generate" in str(refused.value)


def test_without_log_likelihoods_answers_can_be_written(folder):
    given = {
        "model": "local-chat-completions", "include_path": [str(folder)], "tasks": "letters",
        "formulations": "generate", "model_args": {"model": "x", "base_url": "http://localhost:1"},
        "apply_chat_template": True,
    }  # fmt: skip
    shown = "\n".join(preview(build_config(given), progress=Quiet))
    assert "the same document in the formulation generate" in shown
    assert "choose one of  A" in shown


class Chats(DummyModel):
    """Chooses the first option by its label, and writes that it is the second one."""

    def respond(self, requests):
        for index, request in enumerate(requests):
            if isinstance(request, Choose):
                yield index, read_choice(request, "letters", "A", logprobs=(-0.1, -3.0, -4.0))
            else:
                assert isinstance(request.prompt, tuple)
                assert request.prompt[-1].content.endswith("A. red\nB. blue\nC. green\nAnswer:")
                yield index, Text("I think it is B.", "stop")


def test_a_chat_model_chooses_by_label_and_writes_beside_it(folder):
    result = run(
        folder, Chats(), "generate", choices_only=False, model="local-chat-completions", apply_chat_template=True,
        model_args={"model": "x", "base_url": "http://localhost:1"}, gen_kwargs={"max_gen_toks": 7},
    )  # fmt: skip
    scores = result["letters"]
    assert (scores["acc"], scores["acc_letter"], scores["acc_generate"]) == (share(0), share(0), share(1))
    assert (scores["parse_rate"], scores["agreement_parsed"]) == (1, 0)
    assert "choice_mass" not in scores
    (written, *_) = [one for one in result.records["letters"] if one.formulation == "generate"]
    assert written.arguments[0][1]["max_gen_toks"] == 7
    assert written.arguments[0][0][-1]["role"] == "user"


def test_preview_shows_each_formulation(folder):
    given = {"model": "dummy", "include_path": [str(folder)], "tasks": ["letters"], "formulations": "text,generate"}
    shown = "\n".join(preview(build_config({**given, "choices_only": True}), progress=Quiet))
    for name in ("text", "generate", "choices_only", "choices_only_text"):
        assert f"the same document in the formulation {name}\n" in shown
    assert "in the order" not in shown


def test_errors_of_formulations_and_their_tests_are_by_clusters_too(folder):
    more = {"tasks": "both", "bootstrap_iters": 100}
    plain, result = run(folder, **more), run(folder, cluster="{{answer}}", **more)
    (before,), (after,) = plain.tasks, result.tasks
    one, other = before.values["acc_text", "none"], after.values["acc_text", "none"]
    assert one.clustered is None
    assert (other.value, other.stderr, other.interval) == (one.value, one.stderr, one.interval)
    expected, _ = clustered_stderr([float(gold == 0) for gold in GOLDS], GOLDS)
    assert (other.clustered.clusters, other.clustered.stderr) == (3, pytest.approx(expected))
    # Of written answers that were read, document 4 has none.
    assert after.values["acc_generate_parsed", "none"].clustered.clusters == 3
    assert result.groups[0].values["acc_text", "none"].clustered.stderr == pytest.approx(expected)
    (task,) = result.extra["proctor"]["formulations"]["tasks"]
    pair = task["pairs"][0]
    assert "mcnemar_p" not in pair
    assert (pair["clusters"], 0 < pair["sign_flip_p"] <= pair["sign_flip_p_holm"] <= 1) == (3, True)
    assert "by 3 clusters" in task["sentences"][0]
    (old,) = plain.extra["proctor"]["formulations"]["tasks"]
    assert "sign_flip_p" not in old["pairs"][0]


def test_formulations_have_scores_without_excluded_documents(folder):
    rows = [json.loads(line) for line in (folder / "test.jsonl").read_text(encoding="utf-8").splitlines()]
    lines = [json.dumps({"task": "letters", "doc_hash": doc_hash(rows[place])}) + "\n" for place in (0, 4)]
    (folder / "bad.jsonl").write_text("".join(lines), encoding="utf-8")
    more = {"tasks": "both", "bootstrap_iters": 100}
    plain, result = run(folder, **more), run(folder, exclude=str(folder / "bad.jsonl"), **more)
    (before,), (after,) = plain.tasks, result.tasks
    assert {key: after.values[key] for key in before.values} == before.values
    values = {metric: value for (metric, _), value in after.values.items()}
    # Golds 2, 2 and 1 are left.
    assert (values["acc_letter_clean"].value, values["acc_letter_clean"].n) == (0, 3)
    assert values["acc_norm_text_clean"].value == pytest.approx(2 / 3)
    assert values["acc_generate_clean"].value == values["acc_generate_parsed_clean"].value == pytest.approx(1 / 3)
    assert values["parse_rate_clean"].value == 1
    assert values["acc_choices_only_clean"].value == pytest.approx(2 / 3)
    assert result.groups[0].values["acc_norm_text_clean", "none"].value == pytest.approx(2 / 3)


def test_without_a_bootstrap_no_formulation_has_an_error(folder):
    result = run(folder, tasks="both", cluster="{{answer}}")
    values = [value for one in (*result.tasks, *result.groups) for value in one.values.values()]
    assert {(value.stderr, value.method, value.interval, value.clustered) for value in values} == {(None,) * 4}
