"""Secrets planted wherever users put them: no byte of them in what a run writes, prints or keeps.

They look like nothing in particular, so that only being given as secrets gives them away.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import pytest

WORDS = ("plumtree", "riverbed", "lanterns", "haystack", "cobweb", "windmill", "orchard", "bramble", "kettle", "saddle")
PLACES = [
    *("HF_TOKEN", "OPENAI_API_KEY", "env_file", "token", "auth_token", "api_key", "header", "password", "query"),
    *("metadata", "gen_kwargs", "dataset_token", "storage", "task_metadata", "wandb", "hub", "config_file", "proxy"),
    *("header_list", "client_secret", "nested", "peft_token"),
]
SECRETS = {
    place: f"{WORDS[number % len(WORDS)]}-of-{WORDS[number // len(WORDS)]}-hill" for number, place in enumerate(PLACES)
}

TASK = """\
task: {name}
dataset_path: json
dataset_kwargs:
  data_files: {{test: {data}}}
  token: {dataset_token}
  storage_options: {{secret_key: {storage}}}
test_split: test
output_type: {output}
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
metadata: {{version: 1, api_key: {task_metadata}, service: {{password: {nested}}}}}
{more}
"""

MODEL_ARGS = ",".join(
    [
        "token={token},auth_token={auth_token},api_key={api_key}",
        "client_secret={client_secret},base_url=http://joe:{password}@localhost:1/v1?api_key={query}&n=1",
        'header={{"Authorization":"Bearer {header}"}}',
    ]
).format(**SECRETS)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """``in``: what the user wrote, secrets and all. ``out``: everything else, the home folder too."""
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    rows = [{"question": f"What is {n}?", "answer": f"it is {n}"} for n in range(3)]
    (tmp_path / "in" / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "in" / "secrets.env").write_text(f"export MY_SERVICE_TOKEN='{SECRETS['env_file']}'\n")
    return tmp_path


def write_task(place: Path, name: str = "sums", output: str = "generate_until", more: str = "", **changes: str) -> None:
    folder = place / "in"
    text = TASK.format(name=name, data=folder / "test.jsonl", output=output, more=more, **SECRETS)
    for old, new in changes.items():
        text = text.replace(old, new)
    (folder / f"{name}.yaml").write_text(text)


def run(place: Path, *words: str, code: int | Sequence[int] = 0) -> str:
    """Run the command and look for secrets in all that came out of it."""
    home = place / "out"
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("HF_", "XDG_", "PROCTOR_"))},
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "HF_HUB_OFFLINE": "1",
        "NO_COLOR": "1",
        "HF_TOKEN": SECRETS["HF_TOKEN"],
        "OPENAI_API_KEY": SECRETS["OPENAI_API_KEY"],
        "SOME_PROXY": f"http://me:{SECRETS['proxy']}@localhost:1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "proctor", *words], cwd=home, env=environment, capture_output=True, check=False
    )
    said = (done.stdout + done.stderr).decode()
    assert done.returncode in ((code,) if isinstance(code, int) else code), said
    look_for_secrets(place, done.stdout + done.stderr)
    return said


def look_for_secrets(place: Path, said: bytes = b"") -> None:
    written = {str(file): file.read_bytes() for file in (place / "out").rglob("*") if file.is_file()}
    for where, content in {"what was said": said, **written}.items():
        for name, secret in SECRETS.items():
            for form in {secret, quote(secret), secret.encode().hex()}:
                assert form.encode() not in content, f"the secret of {name} is in {where}"


def test_a_run_that_goes_well(place: Path):
    for output, name in (("generate_until", "one"), ("loglikelihood", "two"), ("loglikelihood_rolling", "three")):
        write_task(place, name, output)
    said = run(
        place,
        *("run", "--model", "dummy", "--model_args", MODEL_ARGS, "--tasks", str(place / "in")),
        *("--metadata", f"api_key={SECRETS['metadata']}", "--gen_kwargs", f"api_key={SECRETS['gen_kwargs']}"),
        *("--env_file", str(place / "in/secrets.env"), "--output_path", "results", "--log_samples", "--show_config"),
        *("--write_out", "--verbosity", "DEBUG", "--store", str(place / "out" / "store.sqlite")),
    )
    assert "***" in said
    assert list((place / "out").rglob("results_*.json"))
    assert list((place / "out").rglob("samples_*.jsonl"))


@pytest.mark.slow
def test_a_model_that_answers_and_is_stored(place: Path, repository):
    write_task(place)
    model = repository / "src/proctor/benchmarks/demo/model"
    words = ["run", "--model", "hf", "--tasks", "sums", "--include_path", str(place / "in"), "--device", "cpu"]
    words += [
        "--model_args",
        f"pretrained={model},dtype=float32,token={SECRETS['token']}",
        "--gen_kwargs",
        "max_gen_toks=4",
    ]
    words += ["--output_path", "results", "--log_samples", "--store", "store.sqlite", "-v", "DEBUG", "--show_config"]
    for _ in range(2):
        run(place, *words)
    assert (place / "out/store.sqlite").exists()
    run(place, *[word.replace(f"{model}", f"{model}-gone") for word in words], code=1)
    run(place, *words, "--model_args", f"peft=./none,peft_token={SECRETS['peft_token']}", code=(1, 2))
    run(place, "preview", *words[1:])
    for look in (["runs", "--commands"], ["cache", "ls"], ["cache", "info"], ["cache", "export", "answers.jsonl"]):
        said = run(place, *look, "--store", "store.sqlite")
        assert look[0] != "runs" or "token=***" in said
    assert (place / "out/answers.jsonl").stat().st_size > 0
    run(place, "regrade", "1", "--store", "store.sqlite", "--output_path", "again")


@pytest.mark.parametrize(
    "more",
    [
        "custom_dataset: !function code.tells",
        "process_docs: !function code.tells_all",
        "doc_to_text: !function code.tells_all",
        "process_results: !function code.tells_all",
        "class: !function code.Tells",
        "metric_list: [{metric: no_such_metric, api_key: @token@}]",
    ],
)
def test_task_code_that_raises_with_what_it_was_given(place: Path, more: str):
    (place / "in/code.py").write_text(
        "import os\n"
        "def tells(**kwargs):\n    raise ValueError(f'connection with {kwargs} failed')\n"
        "def tells_all(*_):\n    raise ValueError(f'{dict(os.environ)}')\n"
        "class Tells:\n    def __init__(self, config=None):\n        raise ValueError(f'{config}')\n"
    )
    write_task(place, more=more.replace("@token@", SECRETS["dataset_token"]))
    text = (place / "in/sums.yaml").read_text()
    key = more.partition(":")[0]
    if key == "doc_to_text":
        (place / "in/sums.yaml").write_text(text.replace('doc_to_text: "{{question}}"\n', ""))
    said = run(
        place,
        *("run", "--model", "dummy", "--model_args", MODEL_ARGS, "--tasks", str(place / "in"), "-v", "DEBUG"),
        *("--env_file", str(place / "in/secrets.env"), "--output_path", "results"),
        code=(1, 2),
    )
    assert "Traceback" not in said
    run(place, "validate", "--run_task_code", "--tasks", str(place / "in"), code=(0, 1))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--wandb_args", "project=x,api_key={wandb}", "--model", "dummy", "--tasks", "sums"], 2),
        (["--hf_hub_log_args", "hub_results_org=x,token={hub}", "--model", "dummy", "--tasks", "sums"], 2),
        (["--model", "dummi", "--model_args", "api_key={api_key}", "--tasks", "sums"], 2),
        (["--model", "hf", "--model_args", "pretained=x,token={token}", "--tasks", "sums"], 2),
        (["--model", "hf", "--model_args", "pretrained=x,token={token},,=,api_key", "--tasks", "sums"], (1, 2)),
        (["--model", "hf", "--model_args", "api_key={api_key}", "api_key={token}", "--tasks", "sums"], 2),
        (["--model", "dummy", "--model_args", '{{"api_key": "{api_key}", "x": }}', "--tasks", "sums"], (0, 2)),
        (
            [
                "--model",
                "dummy",
                "--model_args",
                '{{"header": {{"Authorization": "Bearer {header}"}}}}',
                "--tasks",
                "no",
            ],
            2,
        ),
        (["--model", "dummy", "--tasks", "sums", "--api_key={api_key}"], 2),
        (["--model", "dummy", "--tasks", "sums", "api_key={api_key}"], 2),
        (["--model", "dummy", "--tasks", "sums", "--limit", "token={token}"], 2),
        (["--model", "dummy", "--tasks", "token={token}"], 2),
        (["--model", "dummy", "--tasks", "https://joe:{password}@host/x.yaml?api_key={query}"], 2),
        (["--model", "dummy", "--tasks", "sums", "--batch_size", "http://joe:{password}@host"], 2),
        (["--model", "dummy", "--tasks", "sums", "--output_path", "http://joe:{password}@host/results"], (0, 1, 2)),
    ],
)
def test_mistakes_are_told_without_the_secrets_around_them(place: Path, words, code):
    write_task(place)
    words = [word.format(**SECRETS) for word in words]
    said = run(place, "run", *words, "--include_path", str(place / "in"), "-v", "DEBUG", code=code)
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "broken", ["", "model_args: [1\n", "\ttoken: {config_file}\n", "limit: {config_file}\nmodels: 1\n"]
)
def test_a_configuration_file(place: Path, broken: str):
    write_task(place)
    text = f"model: dummy\ntasks: sums\ninclude_path: {place / 'in'}\noutput_path: results\nlog_samples: true\n"
    text += f'model_args: {{api_key: {SECRETS["config_file"]}, headers: ["X-Api-Key: {SECRETS["header_list"]}"]}}\n'
    (place / "in/run.yaml").write_text(text.replace("model_args", "metadata" if "limit" in broken else "model_args"))
    with (place / "in/run.yaml").open("a") as file:
        file.write(broken.format(**SECRETS))
    run(place, "--config", str(place / "in/run.yaml"), "--show_config", code=2 if broken else 0)


def test_looking_at_tasks(place: Path):
    write_task(place)
    folder = str(place / "in")
    run(place, "ls", "tasks", "--include_path", folder)
    run(place, "validate", "--include_path", folder)
    run(place, "preview", "--tasks", "sums", "--include_path", folder, "--metadata", f"api_key={SECRETS['metadata']}")
    write_task(place, data_files="data_filse", output="generate_untill")
    run(place, "validate", "--include_path", folder, code=1)
    write_task(
        place, **{"test.jsonl": f"http://joe:{SECRETS['password']}@localhost:1/x.jsonl?token={SECRETS['query']}"}
    )
    run(place, "validate", "--include_path", folder, code=1)
    run(place, "run", "--model", "dummy", "--tasks", "sums", "--include_path", folder, "-v", "DEBUG", code=(1, 2))


PROGRAM = """
import logging, os, sys
from proctor.cli import main, run
secret = sys.argv[1]
def broken(namespace):
    logging.getLogger("other").error("asking %s with %s", f"https://x/?api_key={secret}", os.environ["HF_TOKEN"])
    logging.getLogger("proctor").error("seen %r", dict(os.environ), exc_info=ValueError(secret))
    raise LookupError(f"an error of ours, with {dict(os.environ)} and {secret}")
run.execute = broken
sys.argv = ["proctor", "run", "--model_args", "token=" + secret]
main.main()
"""


def test_tracebacks_and_what_libraries_log(place: Path):
    environment = {**os.environ, "HF_TOKEN": SECRETS["HF_TOKEN"]}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, SECRETS["token"]], env=environment, capture_output=True, check=False
    )
    said = done.stderr.decode()
    assert done.returncode == 1
    assert "LookupError: an error of ours" in said
    assert "asking https://x/?api_key=***" in said
    assert "ValueError" in said
    look_for_secrets(place, done.stdout + done.stderr)


def test_errors_of_the_python_interface(place: Path, monkeypatch):
    from proctor import evaluate
    from proctor.errors import ProctorError

    monkeypatch.chdir(place / "out")
    monkeypatch.setenv("PROCTOR_STORE", "off")
    for settings in (
        {"model_args": {"token": SECRETS["token"]}, "tasks": [f"no-{SECRETS['token']}"]},
        {"model_args": f"api_key={SECRETS['api_key']}", "tasks": ["demo"], "gen_kwargs": {"until": SECRETS["api_key"]}},
    ):
        try:
            evaluate(model="dummy", output_path=str(place / "out" / "results"), **settings)
        except ProctorError as error:
            look_for_secrets(place, str(error).encode() + repr(error).encode())
    look_for_secrets(place)


SCRIPT = """
import json, sys
import lm_eval, lm_eval.tasks
from lm_eval.loggers import EvaluationTracker
secret, folder = sys.argv[1:]
lm_eval.setup_logging("DEBUG") if hasattr(lm_eval, "setup_logging") else None
tracker = EvaluationTracker(output_path="tracked", token=secret)
for arguments in (f"token={secret},api_key={secret}", {"header": {"Authorization": "Bearer " + secret}}):
    results = lm_eval.simple_evaluate(
        model="dummy", model_args=arguments, tasks=["sums"], metadata={"api_key": secret}, evaluation_tracker=tracker,
        task_manager=lm_eval.tasks.TaskManager(include_path=folder), log_samples=True,
    )
    samples = results.pop("samples")
    tracker.save_results_aggregated(results=results, samples=samples)
    for name in samples:
        tracker.save_results_samples(task_name=name, samples=samples[name])
    print(json.dumps([results, samples], default=str))
lm_eval.simple_evaluate(model="dummy", model_args=f"token={secret}", tasks=["no-" + secret])
"""


def test_a_script_written_for_lm_eval(place: Path):
    write_task(place)
    (place / "in/script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "-m", "proctor.compat", str(place / "in/script.py"), SECRETS["token"], str(place / "in")],
        cwd=place / "out",
        env={**os.environ, "HF_TOKEN": SECRETS["HF_TOKEN"], "HOME": str(place / "out")},
        capture_output=True,
        check=False,
    )
    assert b"no-***" in done.stderr, done.stderr.decode()
    assert list((place / "out/tracked").rglob("results_*.json"))
    look_for_secrets(place, done.stdout + done.stderr)
