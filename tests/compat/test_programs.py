"""Scripts as research repositories have them, run by ``python -m proctor.compat``.

Each was also run by hand with lm-eval 0.4.13: the same figures and samples.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from proctor.tasks.index import BUNDLED

SCRIPTS = Path(__file__).parent / "programs"
DEMO = BUNDLED / "demo"
TASKS = "demo_letter_folk,demo_errands"


def run(*words, cwd):
    environment = {**os.environ, "PYTHONWARNINGS": "default", "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [sys.executable, "-m", "proctor.compat", *map(str, words)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def load(file):
    return json.loads(Path(file).read_text(encoding="utf-8"))


@pytest.mark.slow
def test_a_registered_model_on_the_command_line(tmp_path):
    words = ["--model", "letters", "--model_args", "seed=3", "--tasks", TASKS, "--limit", "4", "--log_samples"]
    done = run(SCRIPTS / "letters_lm.py", *words, "--output_path", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (file,) = tmp_path.rglob("results_*.json")
    results = load(file)
    assert set(results["results"]) == set(TASKS.split(","))
    assert results["config"]["model"] == "letters"
    assert results["config"]["model_args"] == {"seed": 3}
    lines = [json.loads(line) for line in next(tmp_path.rglob("samples_demo_errands*")).read_text().splitlines()]
    asked = lines[0]["arguments"]["gen_args_0"]["arg_0"].split()[-1]
    assert asked[::-1].startswith(lines[0]["resps"][0][0])


@pytest.mark.slow
def test_a_wrong_argument_of_a_registered_model_is_a_sentence(tmp_path):
    done = run(SCRIPTS / "letters_lm.py", "--model", "lettres", "--tasks", TASKS, cwd=tmp_path)
    assert done.returncode == 2
    assert "Did you mean 'letters'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_modified_forward(tmp_path):
    plain, scaled = (tmp_path / f"{scale}.json" for scale in ("1.0", "1.5"))
    for file in (plain, scaled):
        done = run(SCRIPTS / "scaled_forward.py", DEMO / "model", f"demo_letter,{TASKS}", file, file.stem, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert "|by letter|" in done.stdout
    first, second = load(plain), load(scaled)
    assert first["config"]["model_num_parameters"] == second["config"]["model_num_parameters"]
    assert list(first) == list(second)
    scores = [[sample["resps"][0][0][0] for sample in one["samples"]["demo_letter_folk"]] for one in (first, second)]
    assert scores[0] != scores[1]
    assert first["samples"]["demo_errands"][0]["resps"] == second["samples"]["demo_errands"][0]["resps"]


@pytest.mark.slow
def test_tasks_of_ones_own(tmp_path):
    done = run(SCRIPTS / "own_tasks.py", DEMO / "model", DEMO, TASKS, tmp_path / "out.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    results = load(tmp_path / "out.json")
    assert results["n-shot"] == dict.fromkeys(TASKS.split(","), 2)
    assert results["n-samples"]["demo_errands"]["effective"] == 4
    assert results["configs"]["demo_errands"]["generation_kwargs"]["max_gen_toks"] == 6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("from lm_eval.models.vllm_causallms import VLLM; VLLM()", 'simple_evaluate(model="vllm"'),
        ("from lm_eval.models.gguf import GGUFLM; GGUFLM()", "GGUFLM is not supported yet"),
        ("from lm_eval.loggers import WandbLogger; WandbLogger({'projct': 'x'})", "there is no argument 'projct'"),
        ("import lm_eval; lm_eval.simple_evaluate(model=3, tasks=['demo_errands'])", "A int is no model"),
    ],
)
def test_what_cannot_be_had_is_a_sentence(code, words, tmp_path):
    done = run("-c", code, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


FAILING = """
from lm_eval.__main__ import cli_evaluate
from lm_eval.api.model import LM
from lm_eval.api.registry import register_model

@register_model("failing")
class Failing(LM):
    def loglikelihood(self, requests):
        raise {error}
    def loglikelihood_rolling(self, requests):
        raise {error}
    def generate_until(self, requests):
        raise {error}

cli_evaluate()
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "error", ["RuntimeError('no memory')", "ValueError('api_key=sk-abcdefgh12345678')", "BrokenPipeError(32, 'gone')"]
)
def test_what_a_model_of_ones_own_raises_on_the_command_line_is_a_sentence(tmp_path, error):
    (tmp_path / "own.py").write_text(FAILING.format(error=error), encoding="utf-8")
    done = run(tmp_path / "own.py", "--model", "failing", "--tasks", TASKS, "--limit", "2", cwd=tmp_path)
    assert done.returncode == 1
    assert f"a task's or a model's code raised {error.partition('(')[0]}: " in done.stderr
    assert f"({tmp_path / 'own.py'}:9)." in done.stderr
    assert "Traceback" not in done.stderr
    assert "sk-abcdefgh12345678" not in done.stderr
