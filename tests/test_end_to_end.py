"""What users type, as they type it: the installed commands as processes of their own, on real models and data."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from proctor.cli.main import main

pytestmark = pytest.mark.slow

SCRIPTS = Path(sys.executable).parent
STEM = ("abstract_algebra", "astronomy", "computer_security", "machine_learning")
HUMANITIES = ("formal_logic", "philosophy", "world_religions")


def run(*words: object, cwd: Path, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command of the installed package, which must end with ``code`` and without a traceback."""
    command = [str(SCRIPTS / str(words[0])), *map(str, words[1:])]
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done


def figures(table: str) -> dict[str, float]:
    """Alias -> first figure of a printed table (the first of the tables where there are two)."""
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in table.split("\n\n")[0].splitlines()
        if line.startswith("|")
    ]
    return {row[0].lstrip("- "): float(row[6]) for row in rows if row[0] and re.match(r"[\d.]+$", row[6])}


def results_file(folder: Path) -> Path:
    """The one results file below ``folder``."""
    (file,) = folder.rglob("results_*.json")
    return file


def samples(folder: Path) -> dict[str, list[dict]]:
    """Task -> its records, from the samples files below ``folder``."""
    found = {}
    for file in folder.rglob("samples_*.jsonl"):
        name = re.fullmatch(r"samples_(.+)_\d{4}-.+\.jsonl", file.name)
        assert name
        found[name[1]] = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return found


# The two commands of the first user


def test_hellaswag_on_a_device_that_may_not_be_there(shared_hub, shared_models):
    import torch

    done = run(
        *("lm_eval", "--model", "hf", "--model_args", f"pretrained={shared_models / 'llama-bos'}"),
        *("--tasks", "hellaswag", "--device", "cuda:0", "--batch_size", "8", "--limit", "8"),
        cwd=shared_hub,
    )
    assert "limit: 8.0, num_fewshot: None, batch_size: 8\n|  Tasks  |" in done.stdout
    assert "|hellaswag|      1|none  |     0|acc     |↑  |" in done.stdout
    assert ("The device 'cuda:0' is not available here" in done.stderr) is not torch.cuda.is_available()


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory, repository, shared_hub, shared_models) -> list[tuple[str, Path]]:
    """Tables and output folders of two runs of the example, copied and given a .env, on the real MMLU."""
    example = tmp_path_factory.mktemp("custom") / "mmlu"
    shutil.copytree(repository / "examples" / "custom_mmlu", example)
    runs = []
    for name in ("first", "second"):
        out = example.parent / name
        settings = {"MODEL": shared_models / "llama-bos", "CACHE": example.parent / "cache", "OUT": out}
        (example / ".env").write_text("".join(f"{key}={value}\n" for key, value in settings.items()), encoding="utf-8")
        done = subprocess.run(
            ["bash", example / "run.sh", "--limit", "12"],
            cwd=shared_hub,
            env={**os.environ, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        runs.append((done.stdout, out))
    return runs


def test_the_custom_mmlu_gives_the_same_scores_twice(shuffled):
    (first, first_out), (second, second_out) = shuffled
    assert figures(first) == figures(second)
    assert samples(first_out) == samples(second_out)
    assert set(samples(first_out)) == {f"mmlu_custom_{subject}" for subject in (*STEM, *HUMANITIES)}


def test_the_custom_mmlu_s_groups_are_means_over_their_questions(shuffled):
    document = json.loads(results_file(shuffled[0][1]).read_text(encoding="utf-8"))
    assert set(document["groups"]) == {"mmlu_custom", "mmlu_custom::stem", "mmlu_custom::humanities"}
    for group, subjects in (("stem", STEM), ("humanities", HUMANITIES)):
        each = [document["results"][f"mmlu_custom_{subject}"]["acc,none"] for subject in subjects]
        assert document["groups"][f"mmlu_custom::{group}"]["acc,none"] == pytest.approx(sum(each) / len(each))
    assert document["n-samples"]["mmlu_custom_astronomy"] == {"original": 152, "effective": 12}
    assert document["config"]["batch_size"] == "auto:4"
    assert document["config"]["model_dtype"] == "torch.bfloat16"


def test_the_custom_mmlu_s_letters_point_at_the_right_answers(shuffled):
    moved = 0
    for records in samples(shuffled[0][1]).values():
        for record in records:
            doc, arguments = record["doc"], record["arguments"]
            prompt = arguments["gen_args_0"]["arg_0"]
            # The question may have lines of its own that look like choices: the last four are the choices.
            shown = re.findall(r"^([A-D])\. (.*)$", prompt.rpartition("\nAnswer:")[0], re.MULTILINE)[-4:]
            letter = arguments[f"gen_args_{record['target']}"]["arg_1"].strip()
            if not any("\n" in choice for choice in doc["choices"]):
                assert dict(shown)[letter] == doc["choices"][doc["answer"]]
            moved += int(record["target"]) != doc["answer"]
            assert [arguments[f"gen_args_{n}"]["arg_1"] for n in range(4)] == [" A", " B", " C", " D"]
            assert prompt.count("\nAnswer:") == 6
    assert moved > 20


# Where tasks are found


@pytest.mark.parametrize("selected", [".", "../quiz", "quiz.yaml", "ABSOLUTE", "ABSOLUTE/quiz.yaml"])
def test_an_exam_is_given_by_its_path(selected, tmp_path, write_exam):
    exam = write_exam(tmp_path / "quiz", "quiz")
    done = run("proctor", "run", "--model", "dummy", "--tasks", selected.replace("ABSOLUTE", str(exam)), cwd=exam)
    assert set(figures(done.stdout)) == {"quiz"}


def test_an_exam_is_found_by_name_from_any_directory(tmp_path, write_exam):
    exams = write_exam(tmp_path / "exams" / "quiz", "quiz").parent
    (tmp_path / "elsewhere").mkdir()
    for words in (["run"], []):
        done = run(
            *("lm-eval", *words, "--model", "dummy", "--tasks", "qu*", "--include_path", exams),
            cwd=tmp_path / "elsewhere",
            PYTHONPATH="",
        )
        assert set(figures(done.stdout)) == {"quiz"}
    missing = run("proctor", "run", "--model", "dummy", "--tasks", "quiz", cwd=tmp_path / "elsewhere", code=2)
    assert "Tasks not found: 'quiz'." in missing.stderr


def test_a_folder_of_the_working_directory_does_not_shadow_a_task(tmp_path, shared_hub, write_exam):
    write_exam(tmp_path / "mmlu", "mmlu")
    (tmp_path / "cais").symlink_to(shared_hub / "cais")
    done = run("lm_eval", "--model", "dummy", "--tasks", "mmlu", "--limit", "1", cwd=tmp_path)
    assert len(figures(done.stdout)) == 1 + 4 + 57
    done = run("lm_eval", "--model", "dummy", "--tasks", "./mmlu", "--limit", "1", cwd=tmp_path)
    assert set(figures(done.stdout)) == {"mmlu"}


def test_a_later_folder_wins_and_that_is_said_once(tmp_path, write_exam):
    early, late = write_exam(tmp_path / "early", "quiz"), write_exam(tmp_path / "late", "quiz", documents=7)
    done = run(
        *("proctor", "run", "--model", "dummy", "--tasks", "quiz", "--include_path", early, "--include_path", late),
        *("--output_path", tmp_path / "out"),
        cwd=tmp_path,
    )
    document = json.loads(results_file(tmp_path / "out").read_text(encoding="utf-8"))
    assert document["n-samples"]["quiz"]["effective"] == 7
    assert done.stderr.count("quiz") == 1 + str(tmp_path).count("quiz")


def test_tasks_list_is_ls_tasks(tmp_path, write_exam):
    listed = run("lm_eval", "--tasks", "list", cwd=tmp_path).stdout
    assert "|mmlu_computer_security " in listed
    assert listed == run("proctor", "ls", "tasks", cwd=tmp_path).stdout
    both = f"{write_exam(tmp_path / 'one', 'one')}:{write_exam(tmp_path / 'two', 'two')}"
    more = run("proctor", "ls", "tasks", "--include_path", both, cwd=tmp_path).stdout
    assert {name for name in ("one", "two") if f"|{name} " in more} == {"one", "two"}


# Mistakes

WRONG = {
    "a model": (["--model", "hff"], 2, "There is no model named 'hff'.\n  Did you mean 'hf'?"),
    "a task": (["--tasks", "hellaswga"], 2, "'hellaswga': Did you mean 'hellaswag'"),
    "a flag": (["--num_fewshots", "3"], 2, "There is no flag --num_fewshots. Did you mean"),
    "no document": (["--limit", "0"], 2, "--limit must be a number above 0"),
    "shots": (["--num_fewshot", "-1"], 2, "--num_fewshot must be a whole number of at least 0"),
    "no task there": (["--include_path", "."], 2, "holds no task: no *.yaml file in"),
    "nothing there": (["--include_path", "gone"], 2, "The include path 'gone' does not exist"),
    "output": (["--output_path", "a_file/below"], 1, "Results cannot be written to a_file/below"),
    "no model": (["--model", "hf", "--model_args", "pretrained=."], 1, "holds no model: there is no config.json"),
    "no weights": (["--model", "hf", "--model_args", "pretrained=bare"], 1, "holds no weights"),
    "offline": (
        ["--model", "hf", "--model_args", "pretrained=nobody/nothing"],
        1,
        "'nobody/nothing' is not on this machine, and the Hugging Face Hub cannot be reached.",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_a_sentence_and_leaves_nothing_behind(name, tmp_path, repository):
    words, code, sentence = WRONG[name]
    (tmp_path / "a_file").touch()
    (tmp_path / "bare").mkdir()
    for file in (repository / "src/proctor/benchmarks/demo/model").iterdir():
        if file.suffix != ".safetensors":
            shutil.copy(file, tmp_path / "bare")
    done = run("proctor", "run", "--model", "dummy", "--tasks", "demo_errands", *words, cwd=tmp_path, code=code)
    assert "proctor: error: " in done.stderr
    assert sentence in done.stderr
    assert done.stdout == ""
    assert {path.name for path in tmp_path.iterdir()} == {"a_file", "bare"}


def test_data_that_cannot_be_had_is_a_sentence(tmp_path):
    done = run("proctor", "run", "--model", "dummy", "--tasks", "sciq", cwd=tmp_path, code=1, HF_HOME=str(tmp_path))
    assert "The data set allenai/sciq of task 'sciq' is not on this machine and the hub is switched off" in done.stderr


# The demo: everything at once, without any other data


@pytest.fixture(scope="module")
def demo(tmp_path_factory, repository) -> Mapping[str, dict]:
    """The results document of `make demo`, run within this process."""
    out = tmp_path_factory.mktemp("demo")
    model = repository / "src" / "proctor" / "benchmarks" / "demo" / "model"
    words = ["run", "--model", "hf", "--model_args", f"pretrained={model},dtype=float32", "--tasks", "demo"]
    assert main([*words, "--device", "cpu", "--batch_size", "16", "--output_path", str(out), "--log_samples"]) == 0
    assert set(samples(out)) == {file.stem for file in model.parent.glob("demo_*.yaml")}
    return json.loads(results_file(out).read_text(encoding="utf-8"))


def test_the_demo_s_figures_lie_between_chance_and_perfect(demo):
    results = demo["results"]
    choices = [name for name in results if name.startswith(("demo_text_", "demo_letter_"))]
    assert len(choices) == 8
    for name in choices:
        assert 0.25 + 2 * results[name]["acc_stderr,none"] < results[name]["acc,none"] < 0.98
    assert 0.5 < results["demo_errands"]["exact_match,strict"] < 1
    assert 0 < results["demo_tales"]["bits_per_byte,none"] < 1
    assert results["demo_text"]["sample_count"]["acc,none"] == sum(
        demo["n-samples"][name]["effective"] for name in choices if name.startswith("demo_text_")
    )


def test_a_results_file_has_lm_eval_s_keys_in_its_order(demo):
    assert [key for key in demo if key not in ("proctor_version", "proctor")] == [
        *("results", "groups", "group_subtasks", "configs", "versions", "n-shot", "higher_is_better", "n-samples"),
        *("config", "git_hash", "date", "pretty_env_info", "transformers_version", "lm_eval_version"),
        *("upper_git_hash", "tokenizer_pad_token", "tokenizer_eos_token", "tokenizer_bos_token", "eot_token_id"),
        *("max_length", "task_hashes", "model_source", "model_name", "model_name_sanitized", "system_instruction"),
        *("system_instruction_sha", "fewshot_as_multiturn", "chat_template", "chat_template_sha"),
        "total_evaluation_time_seconds",
    ]
    assert list(demo["config"]) == [
        *("model", "model_args", "model_num_parameters", "model_dtype", "model_revision", "model_sha", "batch_size"),
        *("batch_sizes", "device", "use_cache", "limit", "bootstrap_iters", "gen_kwargs", "random_seed"),
        *("numpy_seed", "torch_seed", "fewshot_seed"),
    ]
