"""The Python API: models and tasks as objects, mistakes as sentences; its page and its notebook run."""

import io
import json
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

import proctor
from proctor.api import RunSettings
from proctor.errors import DataError, UsageError
from proctor.models.dummy import DummyModel
from proctor.settings.declarations import SETTINGS

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "src" / "proctor" / "benchmarks" / "demo"
NOTEBOOK = ROOT / "examples" / "python_api.ipynb"


def test_the_page_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs" / "python.md").read_text(), re.DOTALL | re.MULTILINE)
    names = {}
    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), names)
    assert "demo_letter_folk acc none" in capsys.readouterr().out
    assert names["again"].tasks[0].n_effective == 3


def test_the_notebook_runs_and_its_outputs_are_true(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        with redirect_stdout(io.StringIO()) as printed:
            exec(compile("".join(cell["source"]), NOTEBOOK.name, "exec"), names)
        shown = "".join(line for output in cell["outputs"] for line in output.get("text", ()))
        assert printed.getvalue() == shown


def test_every_keyword_is_a_setting_and_documented():
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    keywords = set(RunSettings.__annotations__)
    assert keywords <= set(SETTINGS)
    assert all(f"`{keyword}`" in page for keyword in keywords)


def test_an_object_that_answers_is_a_model():
    class Counting(DummyModel):
        closed = False
        asked = 0

        def respond(self, requests):
            self.asked += len(requests)
            return super().respond(requests)

        def close(self):
            self.closed = True

    model = Counting()
    result = proctor.evaluate(model=model, tasks="demo_tales", limit=2)
    assert model.asked == 2
    assert not model.closed
    assert result.config["model"] == "Counting"


def test_the_same_figures_from_a_name_and_from_an_object():
    from transformers import AutoModelForCausalLM, AutoTokenizer

    named = proctor.evaluate(
        model="hf", model_args=f"pretrained={DEMO / 'model'},dtype=float32", tasks=["demo_errands"], limit=4
    )
    model = AutoModelForCausalLM.from_pretrained(DEMO / "model").float()
    tokenizer = AutoTokenizer.from_pretrained(DEMO / "model")
    held = proctor.evaluate(model=model, tokenizer=tokenizer, tasks=["demo_errands"], limit=4)
    assert held.records == named.records
    assert held.extra["model_name"] == named.extra["model_name"]


def test_a_hook_makes_rows_of_their_own():
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(DEMO / "model").float()
    tokenizer = AutoTokenizer.from_pretrained(DEMO / "model")
    model.model.layers[0].register_forward_hook(lambda *_: None)
    result = proctor.evaluate(model=model, tokenizer=tokenizer, tasks="demo_letter_folk", limit=2)
    assert result.extra["proctor"]["scoring"]["mode"] == "plain"


def test_tasks_are_mixed_at_will_and_asked_once():
    changed = {"task": "demo_errands", "description": "Now. "}
    (tales,) = proctor.load_tasks("demo_tales")
    assert repr(tales) == "<Task 'demo_tales': 24 documents>"
    result = proctor.evaluate(model="dummy", tasks=[tales, changed, "demo_tales", "demo_text"], limit=1)
    names = [task.name for task in result.tasks]
    assert names[:2] == ["demo_tales", "demo_errands"]
    assert len(names) == len(set(names)) > 4
    assert [group.name for group in result.groups] == ["demo_text"]
    assert result.records["demo_errands"][0].arguments[0][0].startswith("Now. ")


def test_files_are_written_where_it_is_said(tmp_path):
    proctor.evaluate(model="dummy", tasks="demo_tales", limit=1, output_path=tmp_path, log_samples=True)
    assert list(tmp_path.rglob("results_*.json"))
    assert list(tmp_path.rglob("samples_demo_tales_*.jsonl"))


def test_a_run_and_a_regrade_say_how_far_they_are(tmp_path, monkeypatch):
    from proctor.run import status_file

    written = []
    monkeypatch.setattr(status_file, "text_of", lambda document: written.append(document) or "{}")
    store = str(tmp_path / "store.sqlite")
    proctor.evaluate(
        model="dummy", tasks="demo_tales", limit=1, output_path=tmp_path / "a", log_samples=True, store=store
    )
    assert (written[0]["model"], written[0]["state"]) == ("dummy", "running")
    del written[:]
    result = next((tmp_path / "a").rglob("results_*.json"))
    proctor.regrade(result, output_path=tmp_path / "b", store=store)
    assert written
    assert not list(tmp_path.rglob("progress*.json"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"model": 3}, "A int is no model"),
        ({"tokenizer": "x"}, "tokenizer object goes with a model object"),
        ({"limt": 3}, "limt: there is no such setting. Did you mean 'limit'"),
        ({"limit": -1}, "limit must be a number above 0"),
        ({"tasks": []}, "No task is given"),
        ({"tasks": [3]}, "3 is no task"),
        ({"tasks": [{"task": "demo_tale"}]}, "Did you mean"),
        ({"tasks": [{"no": "name"}]}, "names neither a task nor a group"),
    ],
)
def test_mistakes_are_sentences(given, words):
    with pytest.raises((UsageError, proctor.errors.TaskError), match=words):
        proctor.evaluate(**{"model": "dummy", "tasks": "demo_tales", **given})


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"results": 5}', '{"results": {"a": 1}}', "[]", "{}", "null", "1" * 5000, "", "\0", '{"a']
)
def test_what_is_no_results_file_is_a_sentence(tmp_path, text):
    file = tmp_path / "results_x.json"
    file.write_text(text)
    with pytest.raises(DataError, match=r"results_x\.json'? (cannot be read as a|is no) results file"):
        proctor.open_results(file)
    with pytest.raises(DataError, match="cannot be read as a results file"):
        proctor.open_results("a\0b")


def test_completion_finds_what_is_imported_on_first_use():
    assert dir(proctor) == sorted(proctor.__all__)


@pytest.mark.parametrize("wrong", ["x", 1.5, True, -1])
def test_a_wrong_number_of_resamples_is_refused_before_the_model_is_asked(monkeypatch, wrong):
    monkeypatch.setattr(DummyModel, "respond", lambda *_: pytest.fail("it was asked"))
    with pytest.raises(UsageError, match=r"bootstrap_iters is .*; it must be a whole number"):
        proctor.evaluate(model="dummy", tasks="demo_text_sums", limit=1, no_store=True, bootstrap_iters=wrong)
    with pytest.raises(UsageError, match="bootstrap_iters"):
        proctor.regrade(1, bootstrap_iters=wrong)


def test_tasks_that_are_no_list_are_a_sentence():
    with pytest.raises(UsageError, match="tasks is None"):
        proctor.evaluate(model="dummy", tasks=None)
    with pytest.raises(UsageError, match="tasks is 3"):
        proctor.load_tasks(3)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"apply_chat_template": 3}, "apply_chat_template must be true, false or the name of a chat template, not 3."),
        ({"limit": "x"}, "limit must be a number above 0"),
        ({"batch_size": []}, "batch_size must be a whole number of at least 1, 'auto' or 'auto:N', not []."),
        ({"fewshot_exclude": []}, "fewshot_exclude must be one of lm_eval, always, not []."),
        ({"store": 3}, "store must be a path, not 3."),
        ({"model_args": 5}, "model_args must be a mapping"),
        ({"model": 3}, "model: A int is no model."),
        ({"tasks": 3}, "tasks is 3; it must be"),
        ({"nope": 3}, "nope: there is no such setting."),
    ],
    ids=str,
)
def test_a_wrong_type_is_a_sentence_with_the_name_of_the_keyword(given, sentence):
    with pytest.raises(UsageError) as caught:
        proctor.evaluate(**{"model": "dummy", "tasks": "demo_text_isles", **given})
    assert caught.value.message.startswith(sentence)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"tasks": 3}, "tasks is 3; it must be a text or a list of texts."),
        ({"include_path": [3]}, "include_path is [3]; it must be a text or a list of texts."),
        ({"num_fewshot": "x"}, "num_fewshot must be a whole number of at least 0, not 'x'."),
        ({"store": 3}, "store must be a path, not 3."),
        ({"log_samples": "x"}, "log_samples must be true, false, jsonl.gz or parquet, not 'x'."),
    ],
    ids=str,
)
def test_regrade_checks_its_keywords_too(given, sentence):
    with pytest.raises(UsageError) as caught:
        proctor.regrade(1, **given)
    assert caught.value.message == sentence


def test_a_path_of_results_is_a_path():
    with pytest.raises(UsageError, match="path is 3; it must be the path of a results file"):
        proctor.open_results(3)
