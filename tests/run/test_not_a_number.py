"""A model that gives NaN is told from a weak one: said, counted, not stored, exit code 1, whatever it is asked for."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

import proctor
from proctor.cli.main import main
from proctor.run.not_a_number import broken_documents
from proctor.tasks.example import Ask, Example, canonical_variant
from proctor.tasks.plan import DocumentPlan, TaskPlan
from proctor.types import Generate, Loglikelihood, RollingScore, Scores, Text

MODEL = Path(__file__).resolve().parents[2] / "src" / "proctor" / "benchmarks" / "demo" / "model"
NAN = float("nan")


@pytest.fixture(scope="module")
def broken_model(tmp_path_factory):
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(MODEL, tmp_path_factory.mktemp("nan") / "model")
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"].fill_(NAN)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.mark.parametrize(
    ("task", "more", "effect"),
    [
        ("demo_text_isles", [], "they count as wrong"),
        ("demo_text_isles", ["--strict_lm_eval"], "taken for the highest"),
        ("demo_tales", [], "they count as wrong"),
        ("demo_errands", [], "their texts mean nothing"),
        ("demo_errands", ["--gen_kwargs", "num_beams=2"], "their texts mean nothing"),
        ("demo_errands", ["--gen_kwargs", "do_sample=true,temperature=1.0"], "their texts mean nothing"),
        ("demo_errands", ["plain"], "their texts mean nothing"),
    ],
)
def test_a_model_of_nan_is_no_weak_model(broken_model, tmp_path, capsys, task, more, effect):
    how = ",scoring=plain" if more == ["plain"] else ""
    words = ["--model", "hf", "--model_args", f"pretrained={broken_model}{how}", "--tasks", task, "--limit", "2"]
    store, out = tmp_path / "store.sqlite", tmp_path / "out"
    words += [
        "--device",
        "cpu",
        "--output_path",
        str(out),
        "--store",
        str(store),
        *(one for one in more if one != "plain"),
    ]
    assert main(["run", *words]) == 1
    shown = capsys.readouterr()
    assert "the model gave NaN on 2 of 2 documents (first: 0)" in shown.err
    assert effect in shown.err
    assert "the model gave NaN on 2 of 2 documents" in shown.out, "under the table, too"
    assert "results are right" not in shown.err
    results = json.loads(next(out.rglob("results_*.json")).read_text(encoding="utf-8"))["proctor"]
    assert results["not_a_number"] == {task: 2}
    assert results["unusual"]["not_a_number"] >= 2
    with sqlite3.connect(store) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert "responses" in names
        assert connection.execute("SELECT count(*) FROM responses").fetchone() == (0,)


def test_whoever_gives_numbers_ends_with_success(tmp_path):
    words = ["--model", "hf", "--model_args", f"pretrained={MODEL}", "--tasks", "demo_errands", "--limit", "2"]
    assert main(["run", *words, "--device", "cpu"]) == 0


@pytest.mark.parametrize(
    ("response", "broken"),
    [
        (Scores(((-1.0, True), (NAN, False))), True),
        (Scores(((-1.0, True), (float("-inf"), False))), False),
        (Scores(()), False),
        (RollingScore(NAN), True),
        (RollingScore(-2.0), False),
        (Text("x", has_nan=True), True),
        (Text("nan"), False),
    ],
)
def test_every_kind_of_response_is_looked_at(response, broken):
    assert response.has_nan is broken


def test_documents_are_found_by_their_numbers():
    def example(doc_id):
        return Example(doc_id, {}, (canonical_variant((), None, "target"),), "", "target", None)

    scored, generated = Ask(0, "option", Loglikelihood("c", ("a",))), Ask(0, "prompt", Generate("p", {}))
    plan = TaskPlan(None, (DocumentPlan(example(4), (scored, scored)), DocumentPlan(example(7), (generated,))), 2)  # type: ignore
    fine, bad = Scores(((-1.0, True),)), Text("x", has_nan=True)
    assert broken_documents(plan, [fine, fine, fine, fine, Text("x"), bad]) == [7]


class NanModel:
    """Gives NaN for every continuation."""

    name, identity, info = "nan", None, {}

    def respond(self, requests):
        for number, request in enumerate(requests):
            yield number, Scores(tuple((NAN, False) for _ in request.continuations))

    def report(self):
        return {}

    def close(self):
        pass


def test_the_result_in_python_says_what_the_command_says(caplog):
    result = proctor.evaluate(model=NanModel(), tasks="demo_text_isles", limit=2, no_store=True)
    [problem] = result.problems
    assert problem == (
        "Task 'demo_text_isles': the model gave NaN on 2 of 2 documents (first: 0); they count as wrong."
    )
    assert problem in caplog.text
    assert result.not_a_number == {"demo_text_isles": 2}
    assert "NaN from the model: 2 documents (see problems)" in repr(result)
    assert "NaN on 2 documents" in result._repr_html_()


def test_a_sound_result_has_no_problems():
    result = proctor.evaluate(model="dummy", tasks="demo_text_isles", limit=2, no_store=True)
    assert result.problems == ()
    assert "NaN" not in repr(result)
