"""``run`` around the evaluation: the order of checks, what is said, and that a table is shown in any case."""

from __future__ import annotations

import json
import logging
import sys
import types

import pytest

from proctor.cli.main import main
from proctor.cli.run import check_model, read_config
from proctor.errors import OutputError, UsageError
from proctor.results.files import SavedRun
from proctor.run_result import RunResult, TaskResult, Value
from proctor.settings.config import build_config


def result():
    task = TaskResult(
        name="quiz", alias="quiz", version=1.0, n_shot=0, n_original=4, n_effective=4, sample_len=4,
        values={("acc", "none"): Value(0.75, 0.25)}, higher_is_better={"acc": True}, config={"task": "quiz"},
    )  # fmt: skip
    config = {"model": "dummy", "model_args": {}, "batch_sizes": []}
    return RunResult((task,), (), {}, config, {"model_source": "dummy", "model_name": "dummy"}, 1.7e9, 2.0)


@pytest.fixture
def evaluations(monkeypatch):
    """Stands in for the evaluation and keeps the configurations it was called with."""
    seen = []

    def evaluate(config, **_):
        seen.append(config)
        return result()

    session = types.ModuleType("proctor.run.session")
    session.evaluate = evaluate  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "proctor.run.session", session)
    monkeypatch.setattr("proctor.run.session", session, raising=False)
    return seen


RUN = ["--model", "dummy", "--tasks", "quiz"]


def test_the_line_and_the_table(evaluations, capsys):
    assert main([*RUN, "--limit", "4"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("dummy ({}), gen_kwargs: ({}), limit: 4.0, num_fewshot: None, batch_size: 1\n")
    assert "|quiz |" in out
    assert [config.tasks for config in evaluations] == [("quiz",)]


def test_every_flag_reaches_the_evaluation_and_four_seeds_their_sources(evaluations, tmp_path):
    words = ["--num_fewshot", "3", "--gen_kwargs", "temperature=0", "--seed", "5,6,7,8", "--predict_only"]
    assert main([*RUN, *words, "--output_path", str(tmp_path)]) == 0
    (config,) = evaluations
    assert (config.model, config.num_fewshot, config.gen_kwargs) == ("dummy", 3, {"temperature": 0})
    assert (config.predict_only, config.log_samples) == (True, True)
    seed = config.seed
    assert (seed.python, seed.numpy, seed.torch, seed.fewshot) == (5, 6, 7, 8)


def test_files_are_written_and_said(evaluations, tmp_path, capsys):
    assert main([*RUN, "--output_path", str(tmp_path)]) == 0
    files = [path.name for path in tmp_path.rglob("*.json")]
    assert len(files) == 1
    assert files[0].startswith("results_")
    assert files[0] in capsys.readouterr().err


def test_show_config_prints_the_document(evaluations, capsys):
    assert main([*RUN, "--show_config"]) == 0
    assert capsys.readouterr().out.startswith('{\n  "results"')


def test_the_table_is_shown_even_if_nothing_can_be_written(evaluations, tmp_path, capsys, monkeypatch):
    failed = SavedRun(failure=OutputError("The disk is full."))
    monkeypatch.setattr("proctor.run.finish.save_run", lambda *_, **__: failed)
    assert main([*RUN, "--output_path", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert "|quiz |" in shown.out
    assert "proctor: error: The disk is full." in shown.err


def test_an_output_path_that_cannot_be_written_is_said_before_the_evaluation(evaluations, tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    assert main([*RUN, "--output_path", str(tmp_path / "file" / "below")]) == 1
    assert "proctor: error:" in capsys.readouterr().err
    assert evaluations == []


@pytest.mark.parametrize("flag", ["wandb_args", "mlflow_args", "trackio_args", "hf_hub_log_args"])
def test_a_reporter_that_cannot_work_stops_before_the_evaluation(evaluations, capsys, flag):
    assert main([*RUN, f"--{flag}", "nothing=x"]) == 2
    assert f"--{flag}: there is no argument 'nothing'" in capsys.readouterr().err
    assert evaluations == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--cache_requests"], "--cache_requests has no effect"),
        (["--check_integrity"], "proctor validate"),
        (["--limit", "1"], "not for scores to report"),
    ],
)
def test_what_has_no_effect_is_said(evaluations, capsys, words, sentence):
    assert main([*RUN, *words]) == 0
    assert sentence in capsys.readouterr().err


def test_config_file_and_env_file(evaluations, tmp_path, monkeypatch):
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("HUGGING_FACE_HUB_TOKEN", raising=False)
    monkeypatch.setenv("PROCTOR_TEST_UNSET", "")
    monkeypatch.delenv("PROCTOR_TEST_UNSET")
    (tmp_path / ".env").write_text("HUGGING_FACE_HUB_TOKEN=t\nPROCTOR_TEST_UNSET=1\n")
    (tmp_path / "run.yaml").write_text(f"model: dummy\ntasks: a,b\nlimit: 3\nenv_file: {tmp_path}/.env\n")
    import os

    assert main(["--config", str(tmp_path / "run.yaml"), "--limit", "5"]) == 0
    assert (evaluations[0].tasks, evaluations[0].limit) == (("a", "b"), 5.0)
    assert (os.environ["HF_TOKEN"], os.environ["PROCTOR_TEST_UNSET"]) == ("t", "1")


def test_a_wrong_value_in_the_file_is_said_with_its_line(tmp_path):
    file = tmp_path / "run.yaml"
    file.write_text("tasks: a\nlimit: -1\n")
    with pytest.raises(UsageError, match=r"run.yaml:2: limit must be"):
        read_config({"config": str(file)})


def test_verbosity_sets_the_level(evaluations, monkeypatch):
    monkeypatch.delenv("LMEVAL_LOG_LEVEL", raising=False)
    assert main([*RUN, "--verbosity", "error"]) == 0
    assert logging.getLogger("proctor").level == logging.ERROR


def test_the_model_is_known_and_named():
    check_model(build_config({"tasks": ["a"], "model_args": {"pretrained": "x"}}))
    check_model(build_config({"tasks": ["a"], "model": "dummy"}))
    with pytest.raises(UsageError, match="needs to know which model"):
        check_model(build_config({"tasks": ["a"], "model": "huggingface"}))
    for kind, needed, hint in (
        ("local-completions", "needs to know the model's name at the server", "model=NAME"),
        ("gguf", "needs to know the server's address", "base_url=http://localhost:8080"),
    ):
        with pytest.raises(UsageError, match=needed) as caught:
            check_model(build_config({"tasks": ["a"], "model": kind}))
        assert hint in caught.value.hint
        assert "gpt2" not in caught.value.hint
    check_model(build_config({"tasks": ["a"], "model": "openai-completions", "model_args": {"pretrained": "x"}}))
    with pytest.raises(UsageError, match="'hff'"):
        check_model(build_config({"tasks": ["a"], "model": "hff"}))


def test_tasks_list_lists(monkeypatch, capsys):
    ls = types.ModuleType("proctor.cli.ls")

    def add_flags(parser):
        parser.add_argument("what")
        parser.add_argument("--include_path", action="append")

    ls.add_flags = add_flags  # type: ignore[attr-defined]
    ls.execute = lambda namespace: print(namespace.what, namespace.include_path) or 0  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "proctor.cli.ls", ls)
    monkeypatch.setattr("proctor.cli.ls", ls, raising=False)
    assert main(["--tasks", "list", "--include_path", "p"]) == 0
    assert capsys.readouterr().out == "tasks ['p']\n"


def test_documents_that_could_not_be_graded_are_told_under_the_table(tmp_path, write_exam, capsys):
    folder = write_exam(tmp_path, "one", "two", documents=3)
    code = "def measure(doc, results):\n    assert doc['question'] != 'Q1', 'odd'\n    return {'acc': 1}\n"
    (folder / "own.py").write_text(code, encoding="utf-8")
    with (folder / "one.yaml").open("a", encoding="utf-8") as file:
        file.write("process_results: !function own.measure\n")
    tasks = ["--tasks", str(folder / "one.yaml"), str(folder / "two.yaml")]
    words = ["run", "--model", "dummy", *tasks, "--output_path", str(tmp_path / "out"), "--log_samples"]
    assert main(words) == 1
    said = capsys.readouterr().out
    table, _, below = said.partition("Task 'one': 1 of 3 documents could not be scored; ")
    assert "|two" in table.replace(" ", "")
    assert below.startswith("its scores are those of the 2 others.\n  document 1, filter none: ")
    [results] = (tmp_path / "out" / "dummy").glob("results_*.json")
    document = json.loads(results.read_text(encoding="utf-8"))
    assert document["proctor"]["failed"]["one"]["documents"] == 1
    assert document["results"]["two"]["sample_len"] == 3
    [samples] = (tmp_path / "out" / "dummy").glob("samples_one_*.jsonl")
    errors = [json.loads(line).get("error") for line in samples.read_text(encoding="utf-8").splitlines()]
    assert [finding is None for finding in errors] == [True, False, True]
    assert main([*words, "--fail_fast"]) == 2
    assert "odd" in capsys.readouterr().err


LM_EVAL_MODELS = """
anthropic-chat anthropic-chat-completions anthropic-completions dummy ggml gguf habana hf hf-audiolm-qwen
hf-auto hf-mistral3 hf-multimodal huggingface ipex litellm litellm-chat litellm-chat-completions
local-chat-completions local-completions mamba_ssm megatron_lm nemo_lm neuronx onnxruntime onnxruntime-genai
openai-chat-completions openai-completions openvino sglang sglang-generate steered textsynth trtllm vllm
vllm-vlm watsonx_llm winml
"""


@pytest.mark.parametrize("name", LM_EVAL_MODELS.split())
def test_a_model_of_lm_eval_is_supported_or_is_said_to_be_missing_and_not_misspelt(name, capsys):
    from proctor.models import MODELS

    if name in MODELS:
        return
    assert main(["--model", name, "--tasks", "quiz"]) == 2
    message = capsys.readouterr().err
    assert f"The model '{name}' of lm-eval is not supported yet." in message
    assert "dummy, ggml, gguf, hf," in message.split("Supported: ")[1]
    assert "Did you mean" not in message


def test_a_misspelt_name_of_an_unsupported_model_is_understood(capsys):
    assert main(["--model", "vlm", "--tasks", "quiz"]) == 2
    assert "Did you mean 'vllm'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [(["--store", "a.sqlite"], "No response is lost; the same command continues: "), (["--no_store"], "")],
)
def test_a_stop_before_the_first_request_says_that_nothing_is_lost(flags, sentence, monkeypatch, capsys):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("proctor.run.finish.complete_run", stopped)
    assert main(["run", "--model", "dummy", "--tasks", "demo", *flags]) == 130
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(f"proctor: stopped by the keyboard. {sentence}".strip())
    assert ("same command" in said) == bool(sentence)
