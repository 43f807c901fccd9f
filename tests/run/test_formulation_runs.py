"""Runs with formulations that were stopped, resumed and regraded: the same files, byte by byte."""

from __future__ import annotations

import json

import pytest

import proctor
from proctor.types import Generate, Scores, Text

TASK = """\
task: letters
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl, dev: dev.jsonl}}
test_split: test
fewshot_split: dev
num_fewshot: 1
output_type: multiple_choice
doc_to_text: "{{question}}\\nA. {{choices[0]}}\\nB. {{choices[1]}}\\nC. {{choices[2]}}\\nAnswer:"
doc_to_choice: [A, B, C]
doc_to_target: answer
metric_list: [{metric: acc}]
"""
FLAGS = {"formulations": "letter,text,hybrid,generate", "choices_only": True, "choice_orders": "cyclic"}


class Oracle:
    """Responds by the texts alone; ``stops`` after so many requests."""

    name, info, identity = "oracle", {"model_dtype": "torch.float32"}, {"weights": "abc"}

    def __init__(self, stops=None):
        self.stops, self.requested = stops, 0

    def respond(self, requests):
        for place, request in enumerate(requests):
            if self.requested == self.stops:
                raise KeyboardInterrupt
            self.requested += 1
            if isinstance(request, Generate):
                yield place, Text(" B" if len(request.prompt) % 2 else " Hm.", "stop")
            else:
                context = sum(map(ord, request.context))
                lls = [-((context * sum(map(ord, text))) % 97) / 7 for text in request.continuations]
                tokens = tuple(len(text.split()) for text in request.continuations)
                yield place, Scores(tuple((ll, ll > -1.0) for ll in lls), tokens)

    def report(self):
        return {}

    def close(self):
        pass


@pytest.fixture
def folder(tmp_path):
    rows = [
        {
            "question": f"Which is number {n}?",
            "choices": ["red", "blue", f"green {n}"],
            "answer": (n % 3) or 2 * (n // 3),
        }
        for n in range(6)
    ]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "dev.jsonl").write_text(json.dumps({**rows[0], "question": "Which one?"}) + "\n", encoding="utf-8")
    (tmp_path / "letters.yaml").write_text(TASK, encoding="utf-8")
    return tmp_path


def run(folder, model, name, **settings):
    given = {"store": str(folder / f"{name}.sqlite"), "output_path": folder / name, "log_samples": True, **settings}
    return proctor.evaluate(model=model, tasks=[str(folder / "letters.yaml")], **{**FLAGS, **given})


def samples(folder, name):
    (file,) = (folder / name).rglob("samples_letters_*.jsonl")
    return file.read_bytes()


def document(folder, name):
    (file,) = (folder / name).rglob("results_*.json")
    return json.loads(file.read_text(encoding="utf-8"))


def same(folder, name, other):
    one, two = document(folder, name), document(folder, other)
    assert samples(folder, name) == samples(folder, other)
    for key in ("results", "higher_is_better", "task_hashes"):
        assert json.dumps(one[key]) == json.dumps(two[key])
    for key in ("formulations", "choice_orders"):
        assert json.dumps(one["proctor"][key]) == json.dumps(two["proctor"][key])


@pytest.mark.parametrize("stops", [1, 20, 47])
def test_a_run_that_was_stopped_and_resumed_gives_the_same_files(folder, stops):
    whole = Oracle()
    run(folder, whole, "whole")
    with pytest.raises(KeyboardInterrupt):
        run(folder, Oracle(stops), "stopped")
    rest = Oracle()
    run(folder, rest, "stopped")
    assert rest.requested == whole.requested - stops
    same(folder, "whole", "stopped")


@pytest.mark.parametrize("way", ["number", "results", "samples"])
def test_all_scores_are_computed_again_from_what_was_stored(folder, way):
    before = run(folder, Oracle(), "whole")
    (results,) = (folder / "whole").rglob("results_*.json")
    again = proctor.regrade(
        1 if way == "number" else results, store=None if way == "samples" else str(folder / "whole.sqlite"),
        no_store=way == "samples", output_path=folder / "again", log_samples=True, include_path=folder,
    )  # fmt: skip
    assert {task.name: task.values for task in again.tasks} == {task.name: task.values for task in before.tasks}
    assert {"acc_text", "acc_tokens_text", "acc_generate", "acc_orders_mean"} <= {
        metric for metric, _ in again.tasks[0].values
    }
    same(folder, "whole", "again")


def test_formulations_that_come_later_leave_what_is_stored(folder):
    alone, more, at_once = Oracle(), Oracle(), Oracle()
    settings = {"choices_only": False, "choice_orders": "canonical"}
    run(folder, alone, "store", formulations="task", output_path=folder / "first", **settings)
    run(folder, more, "store", formulations="text,hybrid", output_path=folder / "second", **settings)
    run(folder, at_once, "other", formulations="text,hybrid", **settings)
    assert alone.requested + more.requested == at_once.requested
    assert samples(folder, "second") == samples(folder, "other")


def test_a_line_of_the_samples_file_names_its_formulation(folder):
    run(folder, Oracle(), "whole")
    lines = [json.loads(line) for line in samples(folder, "whole").splitlines()]
    named = [line for line in lines if "formulation" in line]
    assert {line["formulation"] for line in named} >= {"text", "hybrid", "generate", "choices_only"}
    assert all(line["variant"] for line in named)
    text = next(line for line in named if line["formulation"] == "text")
    assert text["metrics"] == ["acc_text"]
    assert text["tokens"] == [1, 1, 2]
    assert text["acc_text"] in (0.0, 1.0)
    assert "formulation" not in lines[0]
    assert lines[0]["acc"] in (0.0, 1.0)


def test_texts_are_ranked_by_token_where_the_model_counts_them(folder):
    class Even(Oracle):
        """Gives every word the same log-likelihood but the first one more."""

        def respond(self, requests):
            for place, request in enumerate(requests):
                words = [len(text.split()) for text in getattr(request, "continuations", ())]
                lls = [-2.0 * count + (count > 1) for count in words]
                yield place, Scores(tuple((ll, False) for ll in lls), tuple(words)) if words else Text(" B")

    text = TASK.replace("A. {{choices[0]}}\\nB. {{choices[1]}}\\nC. {{choices[2]}}\\n", "").replace(
        "[A, B, C]", "choices"
    )
    for task in (TASK, text):
        (folder / "letters.yaml").write_text(task, encoding="utf-8")
        scores = run(folder, Even(), "even", output_path=None, log_samples=False, store=None, no_store=True)["letters"]
        # "green 1" has two words and -3, the others one and -2: per word it leads, as a whole the first one does.
        right = [(n % 3) or 2 * (n // 3) for n in range(6)]
        assert (scores["acc_tokens_text"], scores["acc_text"]) == (right.count(2) / 6, right.count(0) / 6)

    (folder / "letters.yaml").write_text(TASK, encoding="utf-8")

    class Silent(Even):
        def respond(self, requests):
            for place, response in super().respond(requests):
                yield place, Scores(response.values) if isinstance(response, Scores) else response

    scores = run(folder, Silent(), "silent", output_path=None, log_samples=False, store=None, no_store=True)["letters"]
    assert "acc_tokens_text" not in scores
    assert "acc_norm_text" in scores
