"""A run of multiple choice on a model that gives no log-likelihoods: from the task file to the results."""

from __future__ import annotations

import json
import logging
import re

import pytest

from proctor.answers import read_choice
from proctor.cli.main import main
from proctor.errors import TaskError, UsageError
from proctor.messages import Message
from proctor.models import MODELS, ModelKind
from proctor.models.choices import letters_choice
from proctor.models.dummy import DummyModel
from proctor.preview.preview import preview
from proctor.replay.changes import Changes
from proctor.replay.regrade import regrade
from proctor.run.finish import complete_run
from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.settings.config import build_config
from proctor.types import Choose, Refusal

HEAD = """\
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
fewshot_split: test
output_type: multiple_choice
doc_to_target: answer
"""
SHOWN = f"""\
task: shown
{HEAD}
doc_to_text: "{{{{question}}}}\\nA. {{{{choices[0]}}}}\\nB. {{{{choices[1]}}}}\\nC. {{{{choices[2]}}}}\\nAnswer:"
doc_to_choice: [A, B, C]
"""
BARE = f"""\
task: bare
{HEAD}
doc_to_text: "{{{{question}}}}"
doc_to_choice: choices
metric_list: [{{metric: acc}}, {{metric: acc_norm}}, {{metric: mcc}}, {{metric: brier_score}}]
"""
CONTEXTS = f"""\
task: contexts
{HEAD}
doc_to_text: answer
doc_to_choice: choices
doc_to_target: question
""".replace("doc_to_target: answer\n", "", 1)
NORM = BARE.replace("task: bare", "task: norm").replace("{metric: acc}, ", "").replace("{metric: mcc}, ", "")
ROLL = """\
task: roll
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: loglikelihood_rolling
doc_to_target: question
metric_list: [{metric: word_perplexity, aggregation: weighted_perplexity, higher_is_better: false}]
"""
DOCUMENTS = [
    {"question": "Q0", "choices": ["sun", "moon", "star"], "answer": 1},
    {"question": "Q1", "choices": ["red", "green", "blue"], "answer": 0},
    {"question": "Q2", "choices": ["one", "two", "three"], "answer": 2},
    {"question": "Q3", "choices": ["cat", "dog", "cow"], "answer": 2},
]
REPLIES = {"Q0": "I think so. Answer: B", "Q1": "Answer: B", "Q2": "It is three.", "Q3": "Both A and C are right."}


class Chooser(DummyModel):
    """Chooses as ``reply`` says, by default with the replies above."""

    name, identity = "chooser", {"weights": "abc"}

    def __init__(self, sent, reply):
        self.sent, self._reply = sent, reply

    def respond(self, requests):
        assert all(isinstance(request, Choose) for request in requests)
        self.sent += requests
        for index, request in enumerate(requests):
            yield index, self._reply(request)


def question_of(request):
    return re.findall(r"Q\d", request.texts[-1])[-1]


def by_text(request):
    return read_choice(request, "text", REPLIES[question_of(request)], finish="stop")


def by_letters(request):
    return letters_choice(request, [("A", -0.5), ("B", -1.5)], "A", finish="length")


@pytest.fixture
def models(monkeypatch):
    """What is sent; ``text`` and ``letters`` choose, ``nothing`` neither scores nor chooses, ``both`` does both."""
    sent = []
    monkeypatch.setattr(MODELS, "_rows", dict(MODELS._rows))
    MODELS.put("text", ModelKind(lambda args, **_: Chooser(sent, by_text), messages=True, scores=False, chooses=True))
    MODELS.put("letters", ModelKind(lambda args, **_: Chooser(sent, by_letters), scores=False, chooses=True))
    MODELS.put("both", ModelKind(lambda args, **_: Chooser(sent, by_text), chooses=True))
    MODELS.put("nothing", ModelKind(lambda args, **_: Chooser(sent, by_text), scores=False))
    MODELS.put("fails", ModelKind(lambda args, **_: Chooser(sent, lambda _: Refusal("no")), scores=False, chooses=True))
    return sent


@pytest.fixture
def exam(tmp_path):
    folder = tmp_path / "exam"
    folder.mkdir()
    (folder / "test.jsonl").write_text("".join(json.dumps(one) + "\n" for one in DOCUMENTS), encoding="utf-8")
    for task in (SHOWN, BARE, CONTEXTS, NORM, ROLL):
        (folder / f"{task.split()[1]}.yaml").write_text(task, encoding="utf-8")
    return folder


@pytest.fixture
def settings(exam, tmp_path):
    def settings(model, *names, **options):
        tasks = [str(exam / f"{name}.yaml") for name in names]
        return build_config({"model": model, "tasks": tasks, "store": str(tmp_path / "store.sqlite"), **options})

    return settings


def run(config):
    return evaluate(config, progress=Quiet, bootstrap_iters=0, keep_records=True)


def run_to_files(config):
    return complete_run(config, lambda samples: evaluate(config, progress=Quiet, samples=samples), stream_samples=True)


def facts_of(result):
    return result.extra["proctor"]["choices"]


def test_a_task_that_shows_its_labels_keeps_its_prompt(models, settings):
    run(settings("text", "shown"))
    assert models[0] == Choose(
        "Q0\nA. sun\nB. moon\nC. star\nAnswer:", ("A", "B", "C"), ("sun", "moon", "star"), "auto"
    )


def test_options_without_labels_get_some_and_examples_answer_with_them(models, settings):
    run(settings("text", "bare", num_fewshot=1))
    assert models[0].prompt.endswith("Q0\n\nA. sun\nB. moon\nC. star\nAnswer:")
    assert re.search(r"Q\d\n\nA\. \w+\nB\. \w+\nC\. \w+\nAnswer: [ABC]\n\nQ0", models[0].prompt)


def test_a_chat_reaches_the_model_as_messages(models, settings):
    run(settings("text", "bare", apply_chat_template=True))
    assert models[0].prompt == (Message("user", "Q0\n\nA. sun\nB. moon\nC. star\nAnswer:"),)


def test_scores_are_those_of_the_options_that_were_chosen(models, settings):
    result = run(settings("text", "bare"))
    # Q0 right, Q1 wrong, Q2 right by its text, Q3 ambiguous and so wrong.
    assert {metric for metric, _ in result.tasks[0].values} == {"acc", "mcc"}
    assert result["bare"]["acc"] == 0.5
    assert [record.metrics["acc"] for record in result.records["bare"]] == [1.0, 0.0, 1.0, 0.0]


def test_results_say_how_and_count_replies_without_an_option_apart(models, settings, caplog):
    with caplog.at_level(logging.WARNING, "proctor"):
        found = facts_of(run(settings("text", "bare")))
    assert "not lm-eval's" in found["note"]
    assert found["tasks"] == [
        {
            "task": "bare",
            "scoring": "text",
            "choices": 4,
            "n_unparsed": 1,
            "reasons": {"ambiguous": 1},
            "rungs": {"option_text": 1, "statement": 1, "whole": 1},
        }
    ]
    assert "bare 1 of 4 (ambiguous 1)" in caplog.text


def test_letters_give_the_mass_of_labels_and_count_bounds(models, settings, caplog):
    with caplog.at_level(logging.WARNING, "proctor"):
        result = run(settings("letters", "shown"))
    [found] = facts_of(result)["tasks"]
    assert (found["scoring"], found["n_unparsed"], found["with_bounds"]) == ("letters", 0, 4)
    assert found["label_mass"] == pytest.approx(0.6065 + 0.2231, abs=1e-3)
    assert result["shown"]["acc"] == 0.25
    assert "No option" not in caplog.text


def test_several_routes_within_a_task_are_a_warning(models, settings, caplog):
    def either(request):
        return by_letters(request) if question_of(request) == "Q0" else by_text(request)

    MODELS.put("mixed", ModelKind(lambda args, **_: Chooser(models, either), scores=False, chooses=True))
    with caplog.at_level(logging.WARNING, "proctor"):
        result = run(settings("mixed", "shown"))
    assert facts_of(result)["tasks"][0]["scoring"] == "letters+text"
    assert "Task 'shown': options were chosen in several ways (letters, text)." in caplog.text


def test_samples_hold_reply_and_mapping_of_labels(models, settings, tmp_path):
    config = settings("text", "bare", output_path=str(tmp_path / "out"), log_samples=True)
    complete_run(
        config,
        lambda samples: evaluate(config, progress=Quiet, bootstrap_iters=0, samples=samples),
        stream_samples=True,
    )
    [file] = (tmp_path / "out").rglob("samples_bare_*.jsonl")
    line = json.loads(file.read_text(encoding="utf-8").splitlines()[0])
    assert line["arguments"]["gen_args_0"]["arg_1"] == {
        "labels": ["A", "B", "C"],
        "options": ["sun", "moon", "star"],
        "mc": "auto",
    }
    assert line["resps"][0][0][:5] == ["1", "statement", "text", "I think so. Answer: B", "stop"]
    assert line["acc"] == 1.0


@pytest.mark.parametrize("from_store", [True, False])
@pytest.mark.parametrize("model", ["text", "letters"])
def test_choices_are_regraded_without_the_model(models, settings, exam, tmp_path, model, from_store):
    config = settings(model, "bare", output_path=str(tmp_path / "out"), log_samples=True)
    first = complete_run(
        config,
        lambda samples: evaluate(config, progress=Quiet, bootstrap_iters=0, samples=samples),
        stream_samples=True,
    )
    sent = len(models)
    [results] = (tmp_path / "out").rglob("results_*.json")
    stored, elsewhere = Changes(store=str(tmp_path / "store.sqlite")), Changes(no_store=True, include_path=(str(exam),))
    again = regrade(1 if from_store else str(results), stored if from_store else elsewhere, progress=Quiet)
    assert len(models) == sent
    assert again.result["bare"]["acc"] == first.result["bare"]["acc"]
    assert facts_of(again.result) == facts_of(first.result)


def test_a_second_run_sends_nothing_and_another_route_is_another_response(models, settings):
    run(settings("text", "bare"))
    assert len(models) == 4
    run(settings("text", "bare"))
    assert len(models) == 4
    # The model chose by text: what it said is stored as that, too.
    run(settings("text", "bare", mc="text"))
    assert len(models) == 4
    run(settings("text", "bare", mc="constrained"))
    assert len(models) == 8
    assert models[-1].route == "constrained"


def test_a_reply_out_of_the_store_is_read_anew(models, settings, monkeypatch):
    config = settings("text", "bare")
    run(config)
    monkeypatch.setattr(
        "proctor.store.codec.read_choice", lambda request, route, text, **_: read_choice(request, route, "Answer: C")
    )
    assert run(config)["bare"]["acc"] == 0.5
    assert facts_of(run(config))["tasks"][0]["rungs"] == {"whole": 4}


def test_a_model_that_scores_chooses_only_where_that_is_asked_for(models, settings):
    run(settings("both", "bare", mc="text"))
    assert [request.route for request in models] == ["text"] * 4
    with pytest.raises(AssertionError):
        run(settings("both", "shown"))


@pytest.mark.parametrize(
    ("model", "options", "names", "message"),
    [
        ("text", {"mc": "off"}, ("bare",), "task 'bare' needs log-likelihoods, which --model text does not give"),
        ("nothing", {}, ("bare",), "task 'bare' needs log-likelihoods, which --model nothing does not give"),
        ("text", {}, ("bare", "roll"), "task 'roll' needs log-likelihoods, which --model text does not give"),
        ("text", {}, ("contexts",), "its options are alternative contexts"),
        ("text", {}, ("norm",), r"its metrics \(acc_norm, brier_score\) need log-likelihoods"),
    ],
)
def test_what_cannot_be_chosen_is_an_error_before_anything_is_sent(models, settings, model, options, names, message):
    with pytest.raises(TaskError, match=message):
        run(settings(model, *names, **options))
    assert models == []


def test_a_task_that_scores_by_its_own_function_is_refused(models, settings, exam):
    (exam / "own.py").write_text("def own(doc, results):\n    return {'acc': 1}\n", encoding="utf-8")
    own = BARE.replace("task: bare", "task: own") + "process_results: !function own.own\n"
    (exam / "own.yaml").write_text(own, encoding="utf-8")
    with pytest.raises(TaskError, match="process_results computes scores from log-likelihoods"):
        run(settings("text", "own"))


def test_the_setting_names_its_values_and_needs_a_kind_that_chooses(settings, models):
    with pytest.raises(UsageError, match="--mc must be one of auto, letters, constrained, text, off, not 'guess'"):
        settings("text", "bare", mc="guess")
    with pytest.raises(UsageError, match="--mc text is for models that choose options by label; --model dummy scores"):
        settings("dummy", "bare", mc="text")
    assert settings("dummy", "bare", mc=False).mc == "off"  # YAML's off


def test_a_refused_choice_costs_its_document_alone(models, settings):
    result = run(settings("fails", "bare"))
    assert result.records["bare"][0].error == "refused: no"
    assert "choices" not in result.extra["proctor"]


def test_preview_shows_which_labels_stand_for_what(models, settings):
    shown = "\n".join(preview(settings("text", "bare"), progress=Quiet))
    assert "choose one of  A='sun', B='moon', C='star'  (--mc auto)" in shown


def test_the_table_says_what_the_scores_are(models, exam, tmp_path, capsys):
    words = ["run", "--model", "text", "--tasks", str(exam / "bare.yaml"), "--store", str(tmp_path / "s.sqlite")]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "Multiple choice (text): Options were chosen by label" in out
    assert "which count as wrong: bare 1 of 4 (ambiguous 1)." in out
