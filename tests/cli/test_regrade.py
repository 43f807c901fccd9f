"""``proctor regrade`` as it is typed: a table as after a run, files where they are wanted, sentences otherwise."""

from __future__ import annotations

import json
import shutil

import pytest

from proctor.cli.main import main
from proctor.results.read import read_samples


@pytest.fixture
def finished(tmp_path, write_exam, capsys):
    """A run of the dummy with its samples; the path of its results file."""
    folder = write_exam(tmp_path / "exam", "one", documents=6)
    words = ["--include_path", str(folder), "--output_path", str(tmp_path / "out"), "--log_samples"]
    assert main(["run", "--model", "dummy", "--tasks", "one", *words]) == 0
    [file] = (tmp_path / "out").rglob("results_*.json")
    capsys.readouterr()
    return file


def test_the_table_comes_again_and_files_where_they_are_wanted(finished, tmp_path, capsys):
    folder = ["--include_path", str(tmp_path / "exam")]
    assert main(["regrade", str(finished), *folder, "--output_path", str(tmp_path / "again"), "--log_samples"]) == 0
    assert "|one  |" in capsys.readouterr().out
    [results] = (tmp_path / "again").rglob("results_*.json")
    document, before = (json.loads(file.read_text(encoding="utf-8")) for file in (results, finished))
    assert document["results"] == before["results"]
    assert document["proctor"]["regraded_from"] == {"results": finished.name}
    [samples] = (tmp_path / "again").rglob("samples_one_*.jsonl")
    assert samples.read_bytes() == next(finished.parent.glob("samples_one_*")).read_bytes()
    assert not list((tmp_path / "again").rglob("*.partial"))


@pytest.mark.parametrize("form", ["jsonl.gz", "parquet"])
def test_samples_in_a_smaller_form_are_written_and_graded_again(finished, tmp_path, capsys, form):
    folder = ["--include_path", str(tmp_path / "exam")]
    where = ["--output_path", str(tmp_path / "small"), "--log_samples", form]
    assert main(["regrade", str(finished), *folder, *where]) == 0
    [results] = (tmp_path / "small").rglob("results_*.json")
    [samples] = (tmp_path / "small").rglob("samples_one_*")
    assert samples.name.endswith(f".{form}")
    lines = [json.loads(line) for line in next(finished.parent.glob("samples_one_*")).read_text("utf-8").splitlines()]
    assert [line for _, line in read_samples(samples)] == lines
    again = ["--output_path", str(tmp_path / "again"), "-s"]
    assert main(["regrade", str(results), *folder, *again]) == 0
    [plain] = (tmp_path / "again").rglob("samples_one_*.jsonl")
    assert plain.read_bytes() == next(finished.parent.glob("samples_one_*")).read_bytes()
    capsys.readouterr()
    for command in (
        ["compare", str(results), str(finished)],
        ["audit", str(results)],
        ["report", str(results), "-o", str(tmp_path / "r.html")],
    ):
        assert main(command) == 0, command


@pytest.mark.parametrize("form", ["jsonl.gz", "parquet"])
def test_a_run_writes_samples_in_a_form(tmp_path, write_exam, form):
    folder = write_exam(tmp_path / "exam", "one", documents=6)
    words = ["--include_path", str(folder), "--output_path", str(tmp_path / "out"), "--log_samples", form]
    assert main(["run", "--model", "dummy", "--tasks", "one", *words]) == 0
    [samples] = (tmp_path / "out").rglob("samples_one_*")
    assert samples.name.endswith(f".{form}")
    assert [line["doc_id"] for _, line in read_samples(samples)] == list(range(6))
    assert main(["run", "--model", "dummy", "--tasks", "one", *words[:-1], "csv"]) == 2


def test_a_wrong_number_is_a_sentence(finished, capsys):
    assert main(["regrade", str(finished), "--num_fewshot", "few"]) == 2
    assert "--num_fewshot must be a whole number of at least 0, not 'few'." in capsys.readouterr().err


def test_without_a_path_nothing_is_written(finished, tmp_path, capsys):
    before = sorted(tmp_path.rglob("*"))
    assert main(["regrade", str(finished), "--include_path", str(tmp_path / "exam")]) == 0
    assert "|one  |" in capsys.readouterr().out
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "RUN|RESULTS"),
        (["12"], 2, "the store is switched off"),
        (["12", "--store", "nowhere.sqlite"], 1, "There is no store at nowhere.sqlite"),
        (["gone.json"], 2, "'gone.json' is neither a results file nor the number of a run"),
        (["x.json", "--log_samples"], 2, "--log_samples needs a place to write to"),
        (["x.json", "--modle", "y"], 2, "There is no flag --modle"),
    ],
)
def test_mistakes_are_sentences(capsys, words, code, said):
    assert main(["regrade", *words]) == code
    assert said in capsys.readouterr().err


def test_prompts_that_changed_are_counted_and_what_was_written_is_named(finished, tmp_path, capsys):
    task = tmp_path / "exam" / "one.yaml"
    task.write_text(task.read_text(encoding="utf-8").replace("{{question}}", "{{question}}!"), encoding="utf-8")
    assert main(["regrade", str(finished), "--include_path", str(tmp_path / "exam")]) == 1
    assert "6 responses are missing, of one (6)" in capsys.readouterr().err


def test_documents_that_cannot_be_graded_end_with_one(finished, tmp_path, capsys):
    (tmp_path / "exam" / "own.py").write_text("def measure(doc, results):\n    return 1 // (doc['question'] != 'Q2')\n")
    with (tmp_path / "exam" / "one.yaml").open("a", encoding="utf-8") as file:
        file.write("process_results: !function own.measure\n")
    words = ["regrade", str(finished), "--include_path", str(tmp_path / "exam")]
    assert main(words) == 1
    assert "6 of 6 documents could not be scored; it has no scores." in capsys.readouterr().out
    assert main([*words, "--fail_fast"]) == 2


@pytest.mark.slow
def test_no_weights_are_read(tmp_path, write_exam, shared_models, capsys, monkeypatch):
    monkeypatch.delenv("PROCTOR_STORE")
    model = tmp_path / "model"
    shutil.copytree(shared_models / "neox", model)
    folder = write_exam(tmp_path / "exam", "one", documents=4)
    store = ["--store", str(tmp_path / "a.sqlite")]
    template = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    file = model / "tokenizer_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "chat_template": template}))
    words = ["--tasks", "one", "--include_path", str(folder), "--apply_chat_template"]
    assert main(["run", "--model", "hf", "--model_args", f"pretrained={model}", *words, *store]) == 0
    before = capsys.readouterr().out
    for weights in [*model.glob("*.safetensors"), *model.glob("*.bin")]:
        weights.unlink()
    assert main(["regrade", "1", *store]) == 0
    assert capsys.readouterr().out == before
