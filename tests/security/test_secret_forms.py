"""Secrets in every form that people write them: hidden wherever they are shown, and nothing else with them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

import proctor
from proctor import secret_names, secrets
from proctor.cli.main import main
from proctor.results import redact as redacting
from proctor.results.redact import redact


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
    rows = [{"q": f"What is {number}?", "a": str(number)} for number in range(300)]
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
    for number in range(60):  # as many variables as people have
        monkeypatch.setenv(f"SOME_SETTING_{number}", "value")
    # The first reading of the data makes many calls, beside which those for secrets would look few.
    assert main([*words, "--store", str(tmp_path / "first.sqlite")]) == 0
    # As in a process of its own: what other tests have looked up costs this run its calls, too.
    for cached in (secret_names.weight, secret_names.is_secret_variable, secrets._finder):
        getattr(cached, "cache_clear", lambda: None)()
    monkeypatch.setattr(redacting, "_redacted", {})

    def count(frame, event, _):
        if event == "call" and frame.f_code.co_filename.startswith(own):
            counts["own"] += 1
            counts["secrets"] += frame.f_code.co_filename in searching

    sys.setprofile(count)
    try:
        assert main([*words, "--store", str(tmp_path / "s.sqlite")]) == 0
    finally:
        sys.setprofile(None)
    assert counts["own"] > 10_000, counts
    assert counts["secrets"] < 0.02 * counts["own"], counts


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


def test_prompts_of_the_configuration_are_written_as_the_model_saw_them(tmp_path):
    keys = {
        "description": "Authorization: is it? Basic Traditional9 Chinese. secret=hidden http://host/?key=abcdefgh&a=b\n",
        "doc_to_text": "Password: {{q}}\nAPI_KEY= {{q}} --password plain",
        "doc_to_target": "Token: {{a}}",
        "fewshot_delimiter": "\nSignature=none\n",
        "target_delimiter": " Password=answer ",
        "generation_kwargs": {"until": ["Token:", "Password: Question", "api_key=ENDING"], "max_gen_toks": 8},
        "filter_list": [
            {"name": "f", "filter": [{"function": "regex", "regex_pattern": "password=(\\w+) token=abcdefgh"}]}
        ],
    }
    (tmp_path / "d.jsonl").write_text('{"q": "?", "a": "x"}\n')
    task = {"task": "t", "dataset_path": "json", "dataset_kwargs": {"data_files": {"test": "d.jsonl"}}}
    task |= {"test_split": "test", "output_type": "generate_until", **keys}
    task["metadata"] = {"version": 1, "api_key": "plumtree"}
    (tmp_path / "t.yaml").write_text(json.dumps(task))
    words = [
        "run",
        "--model",
        "dummy",
        "--tasks",
        str(tmp_path / "t.yaml"),
        "-o",
        str(tmp_path / "out"),
        "--log_samples",
    ]
    assert main([*words, "--no_store"]) == 0
    [file] = (tmp_path / "out").rglob("results_*.json")
    config = json.loads(file.read_text(encoding="utf-8"))["configs"]["t"]
    assert {key: config[key] for key in keys} == keys
    assert config["metadata"]["api_key"] == "***"
    [file] = (tmp_path / "out").rglob("samples_*.jsonl")
    sample = json.loads(file.read_text(encoding="utf-8").splitlines()[0])
    assert sample["arguments"]["gen_args_0"]["arg_1"]["until"] == keys["generation_kwargs"]["until"]


def test_a_given_secret_is_hidden_in_prompts_too():
    secrets.note({"api_key": "plumtree"})
    shown = redact({"description": "plumtree hf_abcDEF123456", "until": ["Token: x", "plumtree"]})
    assert shown == {"description": "*** ***", "until": ["Token: x", "***"]}
