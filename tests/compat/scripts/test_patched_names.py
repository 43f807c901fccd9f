"""A class that a script has changed is asked, also where the script gives only a model's or a task's name."""

import datasets
import pytest
import torch

from proctor.compat.scripts.evaluator import simple_evaluate
from proctor.compat.scripts.huggingface import HFLM
from proctor.compat.scripts.loading import LoadedLM
from proctor.compat.scripts.manager import TaskManager
from proctor.compat.scripts.model import LM
from proctor.compat.scripts.patched_names import model_class_of, patched_openers
from proctor.compat.scripts.registry import MODEL_MAPPING
from proctor.compat.shipped import is_patched
from proctor.compat.tasks.base import Task
from proctor.compat.tasks.configurable import ConfigurableTask
from proctor.lazy import load_attribute
from proctor.run import session
from proctor.tasks.index import BUNDLED

DEMO = BUNDLED / "demo"
ARGS = f"pretrained={DEMO / 'model'},dtype=float32"


@pytest.fixture(scope="module")
def manager():
    return TaskManager(include_path=str(DEMO), include_defaults=False)


def evaluate(manager, tasks="demo_letter_folk", **kwargs):
    given = {"model_args": ARGS, "limit": 2, "bootstrap_iters": 0, "device": "cpu", "task_manager": manager, **kwargs}
    return simple_evaluate("hf", tasks=[tasks], **given)


def scores(results, task="demo_letter_folk"):
    return [sample["resps"] for sample in results["samples"][task]]


@pytest.fixture(scope="module")
def unpatched(manager):
    return scores(evaluate(manager))


def test_what_was_shipped_is_not_patched():
    for place in MODEL_MAPPING.values():
        load_attribute(place)
    assert not is_patched("proctor.compat.scripts.huggingface", "HFLM")
    assert not is_patched("proctor.compat.tasks.configurable", "ConfigurableTask")
    assert not is_patched("proctor.compat.scripts.nothing", "HFLM")
    assert model_class_of("hf") is None
    assert patched_openers() == {}


@pytest.mark.parametrize(
    ("owner", "name", "value"),
    [
        (HFLM, "_model_call", lambda self, inps, **kwargs: None),
        (HFLM, "_create_model", lambda self, **kwargs: None),
        (HFLM, "_DEFAULT_MAX_LENGTH", 64),
        (LoadedLM, "_create_model", lambda self, **kwargs: None),
        (LM, "create_from_arg_obj", classmethod(lambda cls, *args: None)),
        (HFLM, "create_from_arg_string", classmethod(lambda cls, *args: None)),
    ],
)
def test_any_attribute_counts(monkeypatch, owner, name, value):
    monkeypatch.setattr(owner, name, value, raising=False)
    assert model_class_of("hf") is HFLM
    load_attribute(MODEL_MAPPING["dummy"])
    assert set(patched_openers()) == {name for name in MODEL_MAPPING if owner is LM or name != "dummy"}


def test_a_removed_attribute_counts(monkeypatch):
    monkeypatch.delattr(HFLM, "max_gen_toks")
    assert model_class_of("hf") is HFLM


def test_a_class_in_its_place_counts(monkeypatch):
    monkeypatch.setattr("proctor.compat.scripts.huggingface.HFLM", type("Other", (HFLM,), {}))
    assert model_class_of("hf").__name__ == "Other"


def test_model_call(monkeypatch, manager, unpatched):
    before = HFLM._model_call

    def halved(self, inps, **kwargs):
        return before(self, inps, **kwargs) / 2

    monkeypatch.setattr(HFLM, "_model_call", halved)
    assert scores(evaluate(manager)) != unpatched


def test_tok_encode(monkeypatch, manager, unpatched):
    before = HFLM.tok_encode

    def shouted(self, string, **kwargs):
        return before(self, string.upper(), **kwargs)

    monkeypatch.setattr(HFLM, "tok_encode", shouted)
    assert scores(evaluate(manager)) != unpatched


def test_create_model(monkeypatch, manager, unpatched):
    before = HFLM._create_model

    def scaled(self, *args, **kwargs):
        before(self, *args, **kwargs)
        with torch.no_grad():
            self.model.get_output_embeddings().weight.mul_(0.5)

    monkeypatch.setattr(HFLM, "_create_model", scaled)
    assert scores(evaluate(manager)) != unpatched


@pytest.mark.parametrize("args", [ARGS, {"pretrained": str(DEMO / "model"), "dtype": "float32"}])
def test_create_from_arguments(monkeypatch, manager, args):
    made = []
    for name in ("create_from_arg_obj", "create_from_arg_string"):
        before = getattr(HFLM, name).__func__

        def make(cls, *args, _before=before, **kwargs):
            made.append(args)
            return _before(cls, *args, **kwargs)

        monkeypatch.setattr(HFLM, name, classmethod(make))
    evaluate(manager, model_args=args)
    assert len(made) == 1


def test_download(monkeypatch, manager):
    def turned_round(self, dataset_kwargs=None, **kwargs):
        before(self, dataset_kwargs, **kwargs)
        self.dataset = datasets.DatasetDict(
            {name: rows.select(range(len(rows))[::-1]) for name, rows in self.dataset.items()}
        )

    before = ConfigurableTask.download
    ids = [sample["doc"] for sample in evaluate(manager, limit=None)["samples"]["demo_letter_folk"]]
    monkeypatch.setattr(ConfigurableTask, "download", turned_round)
    results = evaluate(manager, limit=None)
    assert [sample["doc"] for sample in results["samples"]["demo_letter_folk"]] == ids[::-1]


def test_a_group_by_name_is_still_a_group(monkeypatch, manager):
    plain = evaluate(manager, "demo_letter")
    monkeypatch.setattr(Task, "count_bytes", classmethod(lambda cls, doc: len(doc)))
    patched = evaluate(manager, "demo_letter")
    assert patched["groups"] == plain["groups"]
    assert patched["results"] == plain["results"]
    assert patched["group_subtasks"] == plain["group_subtasks"]


def test_nothing_is_kept_unless_the_script_says_so(monkeypatch, manager, tmp_path):
    settings = []
    before = session.evaluate

    def seen(config, **kwargs):
        settings.append((config.no_store, config.use_cache))
        return before(config, **kwargs)

    monkeypatch.setattr(session, "evaluate", seen)
    monkeypatch.setenv("PROCTOR_STORE", str(tmp_path / "store.sqlite"))
    evaluate(manager)
    assert not (tmp_path / "store.sqlite").exists()
    evaluate(manager, use_cache=str(tmp_path / "mine"))
    assert settings == [(True, None), (False, str(tmp_path / "mine"))]
    assert (tmp_path / "mine.sqlite").exists()
