"""Runs graded again from what was answered: out of the store, and out of samples files."""

from __future__ import annotations

import json
import logging

import pytest

import proctor
from proctor.errors import DataError, UsageError
from proctor.types import Loglikelihood, Rolling, RollingScore, Scores, Text

WRITE = """\
task: write
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: "a"
repeats: 2
generation_kwargs: {until: ["\\n"], do_sample: true, temperature: 1.0}
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]
"""
ROLL = """\
task: roll
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: loglikelihood_rolling
doc_to_target: "{{question}}"
metric_list: [{metric: word_perplexity, aggregation: weighted_perplexity, higher_is_better: false}]
"""


class Oracle:
    name, info = "oracle", {"model_dtype": "torch.float32"}

    def __init__(self, identity=None):
        self.identity = {"weights": "abc"} if identity is None else identity
        self.asked = 0

    def respond(self, requests):
        for place, request in enumerate(requests):
            self.asked += 1
            if isinstance(request, Loglikelihood):
                yield place, Scores(tuple((-ord(text[-1]) / 7, False) for text in request.continuations))
            elif isinstance(request, Rolling):
                yield place, RollingScore(-len(request.text) / 3)
            else:
                yield place, Text(f" A{place % 2}")

    def report(self):
        return {}

    def close(self):
        pass


@pytest.fixture
def exam(tmp_path, write_exam):
    folder = write_exam(tmp_path / "exam", "one", "two", documents=8)
    (folder / "write.yaml").write_text(WRITE, encoding="utf-8")
    (folder / "roll.yaml").write_text(ROLL, encoding="utf-8")
    return folder


@pytest.fixture
def run(exam, tmp_path):
    def run(*names, **options):
        tasks = [str(exam / f"{name}.yaml") for name in names or ("one", "two", "write", "roll")]
        settings = {"store": str(tmp_path / "a.sqlite"), "output_path": tmp_path / "out", "log_samples": True}
        return proctor.evaluate(model=Oracle(), tasks=tasks, **{**settings, **options})

    return run


@pytest.fixture
def results_of(tmp_path):
    def find():
        [file] = (tmp_path / "out").rglob("results_*.json")
        return file

    return find


def change(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("way", ["number", "results", "samples"])
def test_nothing_changed_and_nothing_changes(run, results_of, tmp_path, exam, way):
    before = run(num_fewshot=None, limit=5)
    source = 1 if way == "number" else results_of()
    again = proctor.regrade(
        source, store=str(tmp_path / "a.sqlite") if way != "samples" else None, no_store=way == "samples",
        output_path=tmp_path / "again", log_samples=True, include_path=exam,
    )  # fmt: skip
    assert {task.name: task for task in again.tasks} == {task.name: task for task in before.tasks}
    assert again.records == before.records
    noted = again.extra["proctor"]["regraded_from"]
    assert noted.get("run") == (None if way == "samples" else 1)
    assert noted.get("results") == (None if way == "number" else results_of().name)
    for file in (tmp_path / "out").rglob("samples_*.jsonl"):
        name = file.name.split("_")[1]
        [other] = (tmp_path / "again").rglob(f"samples_{name}_*.jsonl")
        assert other.read_bytes() == file.read_bytes()
    document, new = (json.loads(next(folder.rglob("results_*.json")).read_text()) for folder in
                     (tmp_path / "out", tmp_path / "again"))  # fmt: skip
    assert new["config"] == {**document["config"], "use_cache": None}
    assert (new["results"], new["task_hashes"]) == (document["results"], document["task_hashes"])


@pytest.mark.parametrize("way", ["results", "samples"])
def test_clusters_that_the_run_was_given_are_those_of_the_regraded_one(run, results_of, tmp_path, exam, way):
    before = run("one", "two", cluster="question")
    given = {"store": str(tmp_path / "a.sqlite")} if way == "results" else {"no_store": True}
    again = proctor.regrade(results_of(), include_path=exam, **given)
    assert before.tasks[0].values["acc", "none"].clustered.clusters == 8
    assert {task.name: task for task in again.tasks} == {task.name: task for task in before.tasks}
    other = proctor.regrade(results_of(), include_path=exam, cluster="{{question}} {{question}}", **given)
    assert other.extra["proctor"]["clusters"][0]["column"] == "{{question}} {{question}}"


def test_documents_are_excluded_from_python_too(run, results_of, tmp_path, exam):
    run("one")
    [samples] = (tmp_path / "out").rglob("samples_one_*.jsonl")
    mark = json.loads(samples.read_text(encoding="utf-8").splitlines()[0])["doc_hash"]
    (tmp_path / "bad.jsonl").write_text(json.dumps({"task": "one", "doc_hash": mark}) + "\n", encoding="utf-8")
    again = proctor.regrade(results_of(), include_path=exam, no_store=True, exclude=tmp_path / "bad.jsonl")
    assert again.tasks[0].values["acc_clean", "none"].n == 7


def test_results_carry_what_finds_their_answers(run, results_of):
    result = run("one")
    digest = json.loads(results_of().read_text())["proctor"]["model_digest"]
    assert len(digest) == 64
    assert result.extra["proctor"]["model_digest"] == digest
    assert (
        "model_digest"
        not in run("one", store=None, no_store=True, output_path=None, log_samples=False).extra["proctor"]
    )


def test_new_filters_give_new_figures(run, exam, tmp_path):
    assert run("write").tasks[0].values["exact_match", "none"].value == 0.0
    with (exam / "write.yaml").open("a", encoding="utf-8") as file:
        steps = "{function: regex, regex_pattern: '([A-Z])'}, {function: lowercase}, {function: take_first}"
        file.write(f"filter_list: [{{name: letter, filter: [{steps}]}}]\n")
    again = proctor.regrade(1, store=str(tmp_path / "a.sqlite"))
    assert {key: value.value for key, value in again.tasks[0].values.items()} == {("exact_match", "letter"): 1.0}


@pytest.mark.parametrize("no_store", [False, True])
def test_a_new_prompt_has_no_answer_and_that_is_said(run, exam, results_of, tmp_path, no_store):
    run("one", "two")
    change(exam / "two.yaml", "{{question}}", "Q: {{question}}")
    with pytest.raises(DataError, match=r"^8 responses are missing, of two \(8\): ") as caught:
        store = None if no_store else str(tmp_path / "a.sqlite")
        proctor.regrade(results_of(), store=store, no_store=no_store, include_path=exam)
    assert caught.value.exit_code == 1
    assert ("The same run again asks the model for them: " in (caught.value.hint or "")) is not no_store
    alone = proctor.regrade(1, tasks=str(exam / "one.yaml"), store=str(tmp_path / "a.sqlite"))
    assert [task.name for task in alone.tasks] == ["one"]


def test_one_more_choice_is_missing_and_a_choice_less_is_not(run, exam, tmp_path):
    run("one")
    change(exam / "one.yaml", "doc_to_choice: choices", "doc_to_choice: '{{choices[1:]}}'")
    change(exam / "one.yaml", "doc_to_target: answer", "doc_to_target: 0")
    assert proctor.regrade(1, store=str(tmp_path / "a.sqlite")).tasks[0].values["acc", "none"].value == 1.0
    change(exam / "one.yaml", "choices[1:]", 'choices + ["c"]')
    with pytest.raises(DataError, match="8 responses are missing"):
        proctor.regrade(1, store=str(tmp_path / "a.sqlite"))


def test_documents_that_were_chosen_are_those_that_are_graded(run, tmp_path, exam):
    run("one", "two", samples={"one": [1, 5], "two": [2]})
    again = proctor.regrade(1, store=str(tmp_path / "a.sqlite"))
    assert {name: [record.doc_id for record in some] for name, some in again.records.items()} == {
        "one": [1, 5],
        "two": [2],
    }
    alone = proctor.regrade(1, tasks=str(exam / "two.yaml"), store=str(tmp_path / "a.sqlite"))
    assert [record.doc_id for record in alone.records["two"]] == [2]


def test_paths_are_those_of_the_folder_in_which_the_run_was_started(exam, tmp_path, monkeypatch):
    monkeypatch.chdir(exam)
    store = str(tmp_path / "a.sqlite")
    proctor.evaluate(model=Oracle(), tasks=["one"], include_path=".", store=store)
    proctor.evaluate(model=Oracle(), tasks=["./two.yaml"], store=store)
    monkeypatch.chdir(tmp_path)
    assert proctor.regrade(1, store=store).tasks[0].name == "one"
    assert proctor.regrade(2, store=store).tasks[0].name == "two"


def test_a_later_folder_overrides(run, exam, tmp_path, write_exam):
    proctor.evaluate(model=Oracle(), tasks=["one"], include_path=exam, store=str(tmp_path / "a.sqlite"))
    other = write_exam(tmp_path / "other", "one", documents=8, more="metric_list: [{metric: acc_norm}]\n")
    again = proctor.regrade(1, include_path=other, store=str(tmp_path / "a.sqlite"))
    assert list(again.tasks[0].values) == [("acc_norm", "none")]


def test_code_that_the_model_wrote_needs_a_word_again(run, exam, tmp_path):
    with (exam / "one.yaml").open("a", encoding="utf-8") as file:
        file.write("unsafe_code: true\n")
    run("one", confirm_run_unsafe_code=True)
    with pytest.raises(UsageError, match="run code that the model writes: one"):
        proctor.regrade(1, store=str(tmp_path / "a.sqlite"))
    assert proctor.regrade(1, store=str(tmp_path / "a.sqlite"), confirm_run_unsafe_code=True).tasks


def test_few_shot_examples_as_the_results_say(run, exam, results_of, tmp_path):
    for name in ("one", "two"):
        with (exam / f"{name}.yaml").open("a", encoding="utf-8") as file:
            file.write("fewshot_split: test\n")
    with (exam / "two.yaml").open("a", encoding="utf-8") as file:
        file.write("num_fewshot: 3\n")
    before = run("one", "two")
    assert [task.n_shot for task in before.tasks] == [0, 3]
    assert proctor.regrade(results_of(), no_store=True, include_path=exam).records == before.records
    change(exam / "two.yaml", "num_fewshot: 3", "num_fewshot: 2")
    assert proctor.regrade(results_of(), no_store=True, include_path=exam).records == before.records


def test_what_is_no_run_is_said(run, results_of, tmp_path):
    store = str(tmp_path / "a.sqlite")
    run("one")
    with pytest.raises(UsageError, match="no run 7 in"):
        proctor.regrade(7, store=store)
    with pytest.raises(UsageError, match="neither a results file nor the number of a run"):
        proctor.regrade("nowhere.json")
    with pytest.raises(UsageError, match="the store is switched off"):
        proctor.regrade(1, no_store=True)
    (tmp_path / "x.json").write_text("[1]")
    with pytest.raises(DataError, match="has no 'results'"):
        proctor.regrade(tmp_path / "x.json")
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(DataError, match="cannot be read as a results file"):
        proctor.regrade(tmp_path / "x.json")
    for file in (tmp_path / "out").rglob("samples_*"):
        file.unlink()
    with pytest.raises(UsageError, match="there are no samples files beside it"):
        proctor.regrade(results_of(), no_store=True)
    assert proctor.regrade(results_of().parent, store=store).tasks


def test_a_model_without_identity_is_found_by_its_samples(exam, tmp_path, results_of):
    model = Oracle()
    model.identity = None
    settings = {"store": str(tmp_path / "a.sqlite"), "output_path": tmp_path / "out", "log_samples": True}
    before = proctor.evaluate(model=model, tasks=[str(exam / "one.yaml")], **settings)
    with pytest.raises(UsageError, match=r"responses of run 1 are not in the store.*"):
        proctor.regrade(1, store=str(tmp_path / "a.sqlite"))
    again = proctor.regrade(results_of(), store=str(tmp_path / "a.sqlite"), include_path=exam)
    assert again.records == before.records


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "is not JSON"),
        (b"[]", "is no sample"),
        (b'{"filter": "none", "doc_id": "x"}', "is no sample"),
        (b'{"filter": "none", "doc_id": 0, "arguments": {"a": {"b": "p"}}, "resps": [["x"]]}', "is no sample"),
        (b'{"filter": "none", "doc_id": 0, "arguments": {"a": {}}, "resps": [["1"]]}', "is no sample"),
        (b'{"filter": "none", "doc_id": 0, "arguments": [[[{"role": "user"}], {}]], "resps": [["1"]]}', "is no sample"),
        (b"\xff\xfe", "is no samples file"),
    ],
    ids=range(7),
)
def test_broken_samples_files_are_said_with_their_line(run, results_of, tmp_path, line, said):
    run("one")
    [file] = (tmp_path / "out").rglob("samples_one_*")
    file.write_bytes(file.read_bytes() + line + b"\n")
    with pytest.raises(DataError, match=said):
        proctor.regrade(results_of(), no_store=True)


def test_a_task_whose_samples_file_is_gone_is_said(run, results_of, tmp_path, exam, caplog):
    run("one", "two")
    next((tmp_path / "out").rglob("samples_two_*")).unlink()
    with caplog.at_level(logging.WARNING, logger="proctor"):
        again = proctor.regrade(results_of(), no_store=True, include_path=exam)
    assert "No samples file is there of two." in caplog.text
    assert [task.name for task in again.tasks] == ["one"]


def test_what_was_only_predicted_is_scored_later(run, results_of, tmp_path, exam):
    assert run("one", predict_only=True).tasks[0].values == {}
    for again in (
        proctor.regrade(1, store=str(tmp_path / "a.sqlite")),
        proctor.regrade(results_of(), no_store=True, include_path=exam),
    ):
        assert list(again.tasks[0].values) == [("acc", "none"), ("acc_norm", "none")]
