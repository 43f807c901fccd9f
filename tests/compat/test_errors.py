"""Errors that leave functions which scripts call are also of the kinds that lm-eval raises there."""

import json

import pytest

from proctor.compat.errors import raises_built_in, with_built_in
from proctor.compat.scripts.evaluator import simple_evaluate
from proctor.compat.scripts.huggingface import HFLM
from proctor.compat.scripts.manager import TaskManager, get_task_dict
from proctor.compat.tasks.samplers import get_sampler
from proctor.errors import (
    DataError,
    MissingExtraError,
    ModelError,
    OutputError,
    ProctorError,
    UnknownNameError,
    UsageError,
)
from proctor.tasks.index import BUNDLED

DEMO = str(BUNDLED / "demo" / "model")
TASK = {
    "task": "t1",
    "output_type": "multiple_choice",
    "doc_to_text": "q",
    "doc_to_target": "a",
    "doc_to_choice": ["x", "y"],
    "test_split": "test",
    "dataset_path": "json",
}


@pytest.fixture(scope="module")
def manager():
    return TaskManager(include_defaults=False)


def test_an_unknown_task_is_a_key_error(manager):
    for ask in (
        lambda: manager.load(["nope"]),
        lambda: manager.load_config("nope"),
        lambda: get_task_dict(["nope"], manager),
        lambda: simple_evaluate("dummy", tasks=["nope"], task_manager=manager),
    ):
        with pytest.raises(KeyError) as caught:
            ask()
        assert str(caught.value).startswith("Tasks not found: 'nope'.\n")
        assert isinstance(caught.value, UsageError)
        assert caught.value.exit_code == 2


def test_an_unknown_model_and_no_tasks_are_value_errors(manager):
    for model, tasks in (("nope", [TASK]), ("dummy", []), ("dummy", None)):
        with pytest.raises(ValueError, match=r"There is no model named .nope.|No tasks are given"):
            simple_evaluate(model, tasks=tasks, task_manager=manager)


def test_an_unknown_sampler_is_a_key_error_and_a_value_error():
    for kind in (KeyError, ValueError):
        with pytest.raises(kind, match="There is no sampler 'nope'"):
            get_sampler("nope")


def test_a_missing_checkpoint_is_an_os_error():
    with pytest.raises(OSError, match="There is no folder '/nope/x'"):
        HFLM(pretrained="/nope/x")


def test_an_argument_that_a_model_does_not_take_is_a_type_error():
    with pytest.raises(TypeError, match="'nonsense' is unknown"):
        HFLM(pretrained=DEMO, nonsense=3, device="cpu")
    with pytest.raises(ValueError, match="The batch size 'foo'"):
        HFLM(pretrained=DEMO, device="cpu", batch_size="foo")


def test_data_out_of_reach_is_an_os_error(manager, tmp_path):
    with pytest.raises(OSError, match=r"nope\.jsonl"):
        manager.load([{**TASK, "dataset_kwargs": {"data_files": str(tmp_path / "nope.jsonl")}}])


def test_what_is_wrong_in_a_configuration_is_a_value_error(manager, tmp_path):
    file = tmp_path / "d.jsonl"
    file.write_text(json.dumps({"q": "a", "a": 0}) + "\n")
    data = {"dataset_kwargs": {"data_files": {"test": str(file)}}}
    with pytest.raises(ValueError, match="there is no output_type 'bad'"):
        manager.load([{**TASK, **data, "output_type": "bad"}])
    with pytest.raises(KeyError, match="There is no metric named 'nope'"):
        manager.load([{**TASK, **data, "metric_list": [{"metric": "nope"}]}])


@pytest.mark.parametrize(
    ("error", "kinds"),
    [
        (UnknownNameError("so", hint="do"), (KeyError, ValueError)),
        (UsageError("so", hint="do"), (ValueError, TypeError)),
        (DataError("so", hint="do"), (OSError, ValueError)),
        (ModelError("so", hint="do"), (OSError, RuntimeError)),
        (MissingExtraError("so", hint="do"), (ImportError,)),
        (OutputError("so", hint="do"), (OSError,)),
    ],
)
def test_class_sentence_and_exit_code_stay(error, kinds):
    made = with_built_in(error)
    assert all(isinstance(made, kind) for kind in (type(error), ProctorError, *kinds))
    assert (str(made), made.exit_code, made.hint) == ("so\n  do", error.exit_code, "do")
    assert with_built_in(made) is made


def test_a_cause_decides_too():
    @raises_built_in
    def load():
        raise UsageError("so") from FileNotFoundError("gone")

    for kind in (OSError, ValueError, UsageError):
        with pytest.raises(kind) as caught:
            load()
        assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_other_errors_pass():
    @raises_built_in
    def load():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        load()
