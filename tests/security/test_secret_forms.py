"""Secrets in every form that people write them: hidden wherever they are shown, and nothing else with them."""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

import proctor
from proctor import secrets
from proctor.cli.main import main
from proctor.secret_names import is_secret, is_secret_variable
from proctor.secrets import redact_text

SECRET = "qu'ince\"tree"


@pytest.fixture(autouse=True)
def forget(monkeypatch):
    monkeypatch.setattr(secrets, "_given", set())


@pytest.mark.parametrize(
    "words",
    [
        ["--model_args", "api_key=it'splumtree"],
        ["--model_args", json.dumps({"api_key": 'it"splumtree'})],
        ["--model_args", "api_key=abc,plumtree"],
        ["--model_args", "auth=plumtree"],
        ["--model_args", "base_url=https://plumtree@host/v1"],
        ["--model_args", "base_url=http://user:p@plumtree@host/v1"],
        ["--model_args", "base_url=http://user:p/plumtree@host/v1"],
        ["--model_args", "base_url=https://h/x?sig=plumtree&X-Amz-Signature=plumtree"],
        ["--model_args", "webhook=https://hooks.slack.com/services/T0/B0/plumtree"],
        ["--model_args", "connection_string=AccountName=a;AccountKey=plumtree=="],
        ["--gen_kwargs", "pwd=plumtree"],
        ["--metadata", "bearer=plumtree,pass=plumtree"],
        ["--metadata", '{"service": {"dsn": "postgres://me:plumtree@host/db"}}'],
        ["--hf_hub_log_args", "token=plumtree"],
    ],
)
def test_a_secret_of_the_command_line_is_nowhere(tmp_path, monkeypatch, capsys, words):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROCTOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "argv", ["proctor", "run", *words])
    tail = ["--model", "dummy", "--tasks", "demo_text_sums", "--limit", "1", "--output_path", "out", "--log_samples"]
    main(["run", *tail, "--show_config", "--store", "s.sqlite", *words])
    main(["runs", "--commands", "--store", "s.sqlite"])
    said = capsys.readouterr()
    written = {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for where, content in {"stdout": said.out.encode(), "stderr": said.err.encode(), **written}.items():
        assert b"plumtree" not in content, where


@pytest.mark.parametrize(
    "quoted",
    [
        *(repr, json.dumps, quote, quote_plus, lambda text: text.replace("'", "'\"'\"'")),
        lambda text: base64.b64encode(text.encode()).decode(),
    ],
)
def test_a_secret_is_found_however_it_is_quoted(quoted):
    secrets.note({"api_key": SECRET})
    assert redact_text(f"x {quoted(SECRET)} y").replace("'", "").replace('"', "") == "x *** y"


@pytest.mark.parametrize(
    "text",
    [
        "pass@1=0.5 pass@10: 0.75 pass_at_k=0.5",
        "tokenizer=gpt2,max_tokens=256,max_new_tokens=5,num_tokens=99999999",
        "author=Bob Smith passage=some long text of it",
        "auth_type=basic token=True use_auth_token=false",
        "eos_token=</s> pad_token='<pad>' bos_token=<|begin_of_text|>",
        "https://host:8080/a@b hf://datasets/x@rev git+https://git@github.com/x/y",
        "Bad token: it ended at 5. The password: is missing. key=value",
        "monkey=banana keyboard=qwerty bypass=everything compass=northern",
        "https://host/v1?page=20&limit=10000000&sort=ascending",
        "Basic Traditional Chinese Medicine",
        "num_fewshot=5,signal=SIGTERM,patience=12345678,path=/usr/lib/python",
        "acc: 0.25, sampass: 3 doc_to_text={{passage}}",
    ],
)
def test_what_is_no_secret_stays(text):
    assert redact_text(text) == text


def test_names_of_settings():
    hidden = "auth pass pwd bearer connection_string webhook api_key apiKey X-Api-Key client-secret AccountKey dsn"
    shown = "author passage tokenizer max_tokens pass@1 pass_at_1 tokens keys authors compass pattern signal path"
    assert all(is_secret(name, "plumtree1") for name in hidden.split())
    assert not any(is_secret(name, "plumtree1") for name in shown.split())
    assert not is_secret("pass", 1)
    assert not is_secret("token", True)


def test_names_of_variables():
    hidden = (
        "PGPASSWORD MYSQL_PWD SSHPASS REDISCLI_AUTH DB_PASS TOKEN_HF AZURE_SAS SLACK_WEBHOOK_URL HF_TOKEN MYTOKEN "
        "AZURE_STORAGE_CONNECTION_STRING SENTRY_DSN OPENAI_API_KEY AWS_SECRET_ACCESS_KEY GITHUB_PAT SECRET_SAUCE"
    )
    shown = "PWD OLDPWD SSH_AUTH_SOCK TOKENIZERS_PARALLELISM PATH COMPASS GIT_ASKPASS KEYBOARD AUTHOR TOKEN_LIMIT"
    assert all(is_secret_variable(name, "plumtree-hill") for name in hidden.split())
    assert not any(is_secret_variable(name, "plumtree-hill") for name in shown.split())
    assert not is_secret_variable("SOME_KEY_PASS", os.path.expanduser("/usr"))


@pytest.mark.parametrize("name", ["PGPASSWORD", "MYSQL_PWD", "SSHPASS", "REDISCLI_AUTH", "DB_PASS", "TOKEN_HF"])
def test_a_variable_that_a_tasks_exception_quotes(tmp_path, monkeypatch, capsys, name):
    monkeypatch.setenv(name, "riverbed-mill")
    (tmp_path / "d.jsonl").write_text('{"q": "?"}\n')
    (tmp_path / "code.py").write_text("import os\ndef f(doc):\n    raise ValueError(dict(os.environ))\n")
    (tmp_path / "odd.yaml").write_text(
        f"task: odd\ndataset_path: json\ndataset_kwargs: {{data_files: {{test: {tmp_path}/d.jsonl}}}}\n"
        "test_split: test\n"
        "output_type: generate_until\ndoc_to_text: !function code.f\ndoc_to_target: q\n"
    )
    assert main(["run", "--model", "dummy", "--no_store", "--tasks", str(tmp_path / "odd.yaml")]) in (1, 2)
    said = capsys.readouterr()
    assert "riverbed-mill" not in said.out + said.err


def test_looking_for_secrets_costs_less_than_two_percent_of_a_runs_calls(tmp_path, monkeypatch):
    """Counted in calls of proctor's own functions, not in time."""
    monkeypatch.chdir(tmp_path)
    rows = [{"q": f"What is {number}?", "a": str(number)} for number in range(600)]
    (tmp_path / "d.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "odd.yaml").write_text(
        f"task: odd\ndataset_path: json\ndataset_kwargs: {{data_files: {{test: {tmp_path}/d.jsonl}}}}\n"
        "test_split: test\n"
        'output_type: generate_until\ndoc_to_text: "{{q}}"\ndoc_to_target: "{{a}}"\n'
        'generation_kwargs: {until: ["\\n"], max_gen_toks: 8}\nmetadata: {version: 1}\n'
    )
    words = ["run", "--model", "dummy", "--tasks", "odd.yaml", "--output_path", "out", "--log_samples"]
    own = str(Path(proctor.__file__).parent)
    searching = tuple(os.path.join(own, name) for name in ("secrets.py", "secret_names.py", "results/redact.py"))
    counts = {"own": 0, "secrets": 0}

    def count(frame, event, _):
        if event == "call" and frame.f_code.co_filename.startswith(own):
            counts["own"] += 1
            counts["secrets"] += frame.f_code.co_filename in searching

    sys.setprofile(count)
    try:
        assert main([*words, "--store", str(tmp_path / "s.sqlite")]) == 0
    finally:
        sys.setprofile(None)
    assert counts["own"] > 10_000
    assert counts["secrets"] < 0.02 * counts["own"], counts


@pytest.mark.parametrize(
    "text",
    [
        "Cookie: session=plumtree; theme=dark",
        "Set-Cookie: sid=plumtree; Path=/",
        "machine h login u password plumtree",
        "client --api-key plumtree --verbose",
    ],
)
def test_secrets_without_a_sign_of_assignment(text):
    assert "plumtree" not in redact_text(text)


@pytest.mark.parametrize("text", ["--key value", "the login page and password policy", "run --tasks secret_letters"])
def test_words_that_only_resemble_them_stay(text):
    assert redact_text(text) == text


def test_a_task_may_be_named_like_a_secret(tmp_path):
    (tmp_path / "test.jsonl").write_text('{"q": "a", "c": ["x", "y"], "g": 0}\n', encoding="utf-8")
    (tmp_path / "t.yaml").write_text(
        "task: secret_letters\ndataset_path: json\ndataset_kwargs: {data_files: {test: test.jsonl}}\n"
        "test_split: test\noutput_type: multiple_choice\ndoc_to_text: q\ndoc_to_choice: c\ndoc_to_target: g\n",
        encoding="utf-8",
    )
    assert main(["run", "--model", "dummy", "--tasks", str(tmp_path / "t.yaml"), "-o", str(tmp_path / "out")]) == 0
    [file] = (tmp_path / "out").rglob("results_*.json")
    document = json.loads(file.read_text(encoding="utf-8"))
    assert document["configs"]["secret_letters"]["dataset_path"] == "json"
    assert "acc,none" in document["results"]["secret_letters"]
