"""A small finished run, made by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from proctor.records import Record
from proctor.run_result import GroupResult, RunResult, TaskResult, Value


def make_record(**changes: Any) -> Record:
    record = Record(
        task="capitals",
        doc_id=3,
        doc={"question": "Capital of Korea?", "choices": ["Seoul", "Busan"], "answer": 0},
        target=0,
        arguments=(("Q: Capital of Korea?\nA:", " Seoul"), ("Q: Capital of Korea?\nA:", " Busan")),
        responses=(((-1.5, False),), ((-2.25, False),)),
        filtered=((-1.5, False), (-2.25, False)),
        filter="none",
        metrics={"acc": 1.0, "acc_norm": 0.0},
    )
    return replace(record, **changes)


def make_task(name: str = "capitals", **changes: Any) -> TaskResult:
    task = TaskResult(
        name=name,
        alias=name,
        version=1.0,
        n_shot=0,
        n_original=10,
        n_effective=4,
        sample_len=4,
        values={("acc", "none"): Value(0.5, 0.25)},
        higher_is_better={"acc": True},
        config={"task": name, "dataset_path": "atlas", "process_docs": None, "num_fewshot": 0},
    )
    return replace(task, **changes)


def make_run(tasks: Sequence[TaskResult] = (), groups: Sequence[GroupResult] = (), **changes: Any) -> RunResult:
    run = RunResult(
        tasks=tuple(tasks) or (make_task(),),
        groups=tuple(groups),
        records={"capitals": [make_record()]},
        config={"model": "hf", "model_args": {"pretrained": "org/small"}, "batch_sizes": [], "limit": 4.0},
        extra={"tokenizer_pad_token": ["<pad>", "0"], "max_length": 2048, "model_source": "hf"},
        started=1_700_000_000.5,
        seconds=12.25,
    )
    return replace(run, **changes)


ENVIRONMENT: Mapping[str, Any] = {
    "git_hash": "abc1234",
    "date": 0.0,
    "pretty_env_info": "PyTorch version: N/A",
    "transformers_version": "5.0.0",
    "lm_eval_version": "0.4.13",
    "upper_git_hash": None,
    "proctor_version": "0.1.0",
}


@pytest.fixture(scope="session")
def record() -> Callable[..., Record]:
    """Make a record; keywords replace its fields."""
    return make_record


@pytest.fixture(scope="session")
def task() -> Callable[..., TaskResult]:
    """Make a task's result; keywords replace its fields."""
    return make_task


@pytest.fixture(scope="session")
def run() -> Callable[..., RunResult]:
    """Make a run of tasks and groups; keywords replace its fields."""
    return make_run


@pytest.fixture(scope="session")
def facts() -> Mapping[str, Any]:
    """An environment that is the same everywhere."""
    return ENVIRONMENT
