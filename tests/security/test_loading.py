"""What is loaded from elsewhere runs nothing: weights, templates, remote code; and it is what was asked for."""

from __future__ import annotations

import ast
import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jinja2
import pytest
from jinja2.sandbox import SecurityError

from proctor.cli.main import main
from proctor.errors import ModelError, ProctorError, UsageError
from proctor.models import open_model
from proctor.sandbox.consent import code_consent
from proctor.tasks.templates import compile_template

UNPICKLERS = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "shelve", "marshal", "copyreg"}


class Evil:
    """Pickled, it leaves a mark when it is read."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


@pytest.fixture
def model(tmp_path: Path, repository: Path) -> Path:
    return shutil.copytree(repository / "src/proctor/benchmarks/demo/model", tmp_path / "model")


# -- pickles


def test_no_file_of_proctor_reads_a_pickle(repository: Path):
    for file in (repository / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_bytes())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not UNPICKLERS & {name.partition(".")[0] for name in names}, file
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert not called.endswith(("torch.load", "read_pickle", "pickle.load", "pickle.loads")), file
                allowed = [word for word in node.keywords if word.arg == "allow_pickle"]
                assert not any(ast.unparse(word.value) != "False" for word in allowed), file


WATCHED = """
import sys
def watch(event, details):
    if event == "pickle.find_class":
        print("PICKLE", details, file=sys.stderr)
sys.addaudithook(watch)
import pickle
if sys.argv[1] == "self-test":
    pickle.loads(pickle.dumps(LookupError("x")))
    sys.exit()
from proctor.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def watched(*words: str, cwd: Path) -> str:
    done = subprocess.run([sys.executable, "-c", WATCHED, *words], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.slow
def test_no_run_reads_a_pickle(tmp_path: Path, model: Path, write_exam):
    """A hook of the interpreter sees every class that an unpickler looks up, in whatever library.

    ``datasets`` writes pickles to take fingerprints of functions; nobody reads them.
    """
    assert "PICKLE" in watched("self-test", cwd=tmp_path)
    exam = tmp_path / "exam"
    exam.mkdir()
    kinds = {"choices": "", "open": "output_type: generate_until\n", "rolling": "output_type: loglikelihood_rolling\n"}
    for name, more in kinds.items():
        rows = [{"question": f"{n}?", "choices": ["a", "b"], "answer": 0} for n in range(3)]
        (exam / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        kind = more or "output_type: multiple_choice\ndoc_to_choice: choices\n"
        (exam / f"{name}.yaml").write_text(
            f"task: {name}\ndataset_path: json\ndataset_kwargs: {{data_files: {{test: test.jsonl}}}}\n"
            f"test_split: test\ndoc_to_text: '{{{{question}}}}'\ndoc_to_target: answer\n"
            f"process_docs: !function own.same\n{kind}"
        )
    (exam / "own.py").write_text("def same(docs):\n    return docs.map(lambda doc: doc).filter(lambda doc: True)\n")
    words = [
        "--model",
        "hf",
        "--model_args",
        f"pretrained={model},dtype=float32",
        "--tasks",
        str(exam),
        "--device",
        "cpu",
    ]
    words += [
        "--gen_kwargs",
        "max_gen_toks=3",
        "--output_path",
        "results",
        "--log_samples",
        "--store",
        "answers.sqlite",
    ]
    for command in (
        ["run", *words],
        ["run", *words],
        ["validate", "--run_task_code", "--tasks", str(exam)],
        ["ls", "tasks"],
    ):
        assert "PICKLE" not in watched(*command, cwd=tmp_path)


def test_weights_that_are_a_pickle_run_nothing(tmp_path: Path, model: Path):
    import torch
    from safetensors.torch import load_file

    weights = load_file(model / "model.safetensors")
    (model / "model.safetensors").unlink()
    torch.save(weights, model / "pytorch_model.bin")
    args = {"pretrained": str(model), "dtype": "float32"}
    open_model("hf", args, device="cpu").close()  # honest ones load
    marker = tmp_path / "marker"
    torch.save({**weights, "model.norm.weight": Evil(marker)}, model / "pytorch_model.bin")
    with pytest.raises(ModelError):
        open_model("hf", args, device="cpu").close()
    assert not marker.exists()
    with pytest.raises(UsageError, match="weights_only"):
        open_model("hf", {**args, "weights_only": False}, device="cpu")
    assert not marker.exists()


def test_an_adapter_that_is_a_pickle_runs_nothing(tmp_path: Path, model: Path):
    pytest.importorskip("peft")
    import torch

    adapter, marker = tmp_path / "adapter", tmp_path / "marker"
    adapter.mkdir()
    settings = {"peft_type": "LORA", "r": 2, "target_modules": ["q_proj"], "base_model_name_or_path": str(model)}
    (adapter / "adapter_config.json").write_text(json.dumps({**settings, "task_type": "CAUSAL_LM"}))
    torch.save({"x": Evil(marker)}, adapter / "adapter_model.bin")
    with pytest.raises(ProctorError):
        open_model("hf", {"pretrained": str(model), "dtype": "float32", "peft": str(adapter)}, device="cpu").close()
    assert not marker.exists()


def test_data_that_is_a_pickle_is_refused(tmp_path: Path, write_exam, capsys):
    import pickle

    marker = tmp_path / "marker"
    (tmp_path / "rows.pkl").write_bytes(pickle.dumps(Evil(marker)))
    write_exam(tmp_path, "sums")
    text = (tmp_path / "sums.yaml").read_text()
    (tmp_path / "sums.yaml").write_text(text.replace("path: json", "path: pandas").replace("test.jsonl", "rows.pkl"))
    assert main(["--model", "dummy", "--tasks", str(tmp_path / "sums.yaml")]) == 2
    assert "reads pickles" in capsys.readouterr().err
    assert not marker.exists()


# -- remote code


@pytest.fixture
def with_code(model: Path, tmp_path: Path) -> Path:
    """A model that brings its own Python, which leaves a mark when it is run."""
    config = json.loads((model / "config.json").read_text())
    config |= {"model_type": "mine", "auto_map": {"AutoConfig": "mine.Mine", "AutoModelForCausalLM": "mine.Model"}}
    (model / "config.json").write_text(json.dumps(config))
    (model / "mine.py").write_text(
        f"import os\nos.mkdir({str(tmp_path / 'marker')!r})\n"
        "from transformers import PretrainedConfig\n"
        # A class of its own: transformers marks what it loads by code.
        "class Mine(PretrainedConfig):\n    model_type = 'mine'\nModel = Mine\n"
    )
    return model


def test_a_task_file_lets_no_model_run_its_code(with_code: Path, tmp_path: Path, write_exam, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.chdir(tmp_path)
    write_exam(tmp_path, "sums", more="metadata: {trust_remote_code: true, version: 1}\n")
    text = (tmp_path / "sums.yaml").read_text()
    (tmp_path / "sums.yaml").write_text(text.replace("dataset_kwargs: {", "dataset_kwargs: {trust_remote_code: true, "))
    words = ["--model", "hf", "--model_args", f"pretrained={with_code}", "--tasks", "sums.yaml", "--device", "cpu"]
    assert main(words) == 1
    assert not (tmp_path / "marker").exists()
    assert main([*words, "--model_args", "trust_remote_code=False"]) == 1
    assert not (tmp_path / "marker").exists()
    main([*words, "--trust_remote_code"])  # what the assertions above rely on
    assert (tmp_path / "marker").exists()


def test_data_sets_are_never_told_to_trust(tmp_path: Path, write_exam, monkeypatch):
    import datasets

    asked = []

    # The sentence about an unknown key looks at the arguments of the function that it finds.
    @functools.wraps(datasets.load_dataset)
    def refuse(**kwargs):
        asked.append(kwargs)
        raise KeyError("x")

    monkeypatch.setattr(datasets, "load_dataset", refuse)
    monkeypatch.chdir(tmp_path)
    write_exam(tmp_path, "sums")
    text = (tmp_path / "sums.yaml").read_text()
    kwargs = "dataset_kwargs: {trust_remote_code: true, revision: 1234abc, "
    (tmp_path / "sums.yaml").write_text(text.replace("dataset_kwargs: {", kwargs))
    assert main(["--model", "dummy", "--tasks", "sums.yaml"]) == 1
    assert asked
    assert "trust_remote_code" not in asked[0]
    assert asked[0]["revision"] == "1234abc"


def test_a_script_of_the_evaluate_hub_needs_the_users_word(monkeypatch):
    from types import SimpleNamespace

    from proctor.metrics.evaluate_loader import load_external

    loaded = []
    fake = SimpleNamespace(load=lambda name, *_: loaded.append(name) or SimpleNamespace(compute=len))
    monkeypatch.setitem(sys.modules, "evaluate", fake)
    for name in ("bertscore", "somebody/metric", "./metric"):
        with code_consent(False), pytest.raises(UsageError, match=f"'{name}'.*downloaded") as caught:
            load_external(name)
        assert "--trust_remote_code" in (caught.value.hint or "")
    assert not loaded
    with code_consent(False, remote=True):
        load_external("bertscore")
    assert loaded == ["bertscore"]
    with code_consent(False):
        assert load_external("wer") is not None  # proctor's own


# -- pinned revisions


def test_a_pinned_revision_reaches_everything_that_is_fetched(monkeypatch):
    import transformers

    asked: list[tuple[str, object, object]] = []

    def fetch(kind):
        def from_pretrained(source, *args, **kwargs):
            asked.append((kind, kwargs.get("revision"), kwargs.get("trust_remote_code")))
            raise OSError("not today")

        return from_pretrained

    for kind in ("AutoConfig", "AutoTokenizer", "AutoModelForCausalLM"):
        monkeypatch.setattr(getattr(transformers, kind), "from_pretrained", fetch(kind))
    args = {"pretrained": "owner/model", "revision": "0123abc"}
    with pytest.raises(ProctorError):
        open_model("hf", args, device="cpu")
    assert asked
    assert {(revision, trust) for _, revision, trust in asked} == {("0123abc", False)}


@pytest.mark.slow
def test_a_pinned_revision_reaches_tokenizer_and_weights(model: Path, monkeypatch):
    import transformers

    asked: dict[str, set[object]] = {}
    for kind in ("AutoConfig", "AutoTokenizer", "AutoModelForCausalLM"):
        auto = getattr(transformers, kind)

        def spy(source, *args, kind=kind, original=auto.from_pretrained, **kwargs):
            asked.setdefault(kind, set()).add(kwargs.get("revision"))
            return original(source, *args, **kwargs)

        monkeypatch.setattr(auto, "from_pretrained", spy)
    open_model("hf", {"pretrained": str(model), "dtype": "float32", "revision": "0123abc"}, device="cpu").close()
    assert asked["AutoTokenizer"] == asked["AutoModelForCausalLM"] == {"0123abc"}


# -- templates


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ ''['__class__'] }}",
        "{{ ''|attr('__class__') }}",
        "{{ [''|attr('__cla' ~ 'ss__')] }}",
        "{{ '{0.__class__.__init__.__globals__}'.format(question) }}",
        "{{ ('%s' ~ '{0.__class__}').format(question) }}",
        "{{ '{x.__class__}'.format_map({'x': question}) }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.system('x') }}",
        "{{ lipsum.__globals__['os'] }}",
        "{{ joiner.__init__.__globals__ }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ question.__str__.__self__.__class__ }}",
        "{{ [].append.__self__.__class__.__base__.__subclasses__() }}",
        "{{ question|map(attribute='__class__')|list }}",
        "{{ [question]|map(attribute='__class__')|first }}",
        "{{ [question]|groupby('__class__')|list }}",
        "{{ [question]|sort(attribute='__class__.__mro__') }}",
        "{{ [question]|map('attr', '__class__')|first }}",
        "{{ range(10**9)|list }}",
        "{{ range(0, 10**9)|length }}",
        "{% for n in range(10**6) %}x{% endfor %}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}{{ os.system('x') }}",
        "{% extends '/etc/passwd' %}",
        "{{ regex_replace.__globals__ }}",
        "{{ question.__reduce_ex__(2) }}",
        "{{ (question.upper.__func__) }}",
        "{{ x.mro() }}",
        "{% set x = question.__class__ %}{{ x }}",
        "{{ caller.__globals__ }}",
        "{{ _context.environment }}",
        "{{ ''.__doc__ }}",
        "{{ 'x' * 10**9 }}",
        "{{ [0] * 10**9 }}",
        "{{ 10**9 * 'x' }}",
        "{{ 10 ** (10 ** 10) }}",
        "{{ (7 ** 9999) ** 9999 }}",
    ],
)
def test_templates_reach_nothing(source: str):
    try:
        shown = compile_template(source)({"question": "text"})
    except (SecurityError, jinja2.TemplateError, OverflowError, TypeError, AttributeError, ValueError):
        return
    # Some filters give what is undefined as such; none of it is an object of Python's.
    assert shown in ("[Undefined, Undefined, Undefined, Undefined]", "[(Undefined, ['text'])]", "[Undefined]")


def test_a_document_is_text_and_no_template():
    assert compile_template("{{question}}")({"question": "{{ 7 * 7 }}"}) == "{{ 7 * 7 }}"
    assert compile_template("{{ 'ab' * 3 }}{{ [n] * 2 }}{{ 2 ** n * 1.5 }}{{ 'x' * 0 }}{{ n ** 0.5 }}")({"n": 4}) == (
        "ababab[4, 4]24.02.0"
    )


def test_chat_templates_are_rendered_in_a_sandbox_too(model: Path):
    (model / "chat_template.jinja").write_text("{{ messages.__class__.__mro__[1].__subclasses__() }}")
    opened = open_model("hf", {"pretrained": str(model), "dtype": "float32"}, device="cpu")
    try:
        with pytest.raises((SecurityError, jinja2.TemplateError, ProctorError)):
            opened.render([{"role": "user", "content": "x"}], add_generation_prompt=True)
    finally:
        opened.close()
