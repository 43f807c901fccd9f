"""What else differs between two runs, and what is no difference."""

from __future__ import annotations

from stored_runs import right_and_wrong, write_run

from proctor.analysis.setting_differences import arguments_of, setting_differences
from proctor.results.open_runs import open_runs


def texts(tmp_path, first, second, tasks=("t", "u")):
    runs = []
    for name, more in (("a", first), ("b", second)):
        file = write_run(tmp_path / name, dict.fromkeys(tasks, right_and_wrong("1")), **more)
        runs += open_runs([file]).runs
    return [str(one) for one in setting_differences(*runs, tasks)]


def test_equal_runs_have_none(tmp_path):
    assert texts(tmp_path, {}, {}) == []


def test_arguments_are_compared_one_by_one(tmp_path):
    first = {"config": {"model": "hf", "model_args": "pretrained=m,dtype=float32"}}
    second = {"config": {"model": "vllm", "model_args": {"pretrained": "m", "dtype": "bfloat16", "seed": 3}}}
    assert texts(tmp_path, first, second) == [
        "model hf → vllm", "model_args.dtype float32 → bfloat16", "model_args.seed none → 3",
    ]  # fmt: skip


def test_tasks_with_the_same_difference_are_one_line(tmp_path):
    first = {"n-shot": {"t": 0, "u": 0}, "versions": {"t": 1.0, "u": 1.0}}
    second = {"n-shot": {"t": 5, "u": 5}, "versions": {"t": 1.0, "u": 2.0}}
    assert texts(tmp_path, first, second) == ["num_fewshot 0 → 5 (in 2 tasks)", "version 1.0 → 2.0 (in u)"]


def test_long_values_are_only_said_to_differ(tmp_path):
    first, second = ({"chat_template": mark * 200, "limit": 3} for mark in "xy")
    assert texts(tmp_path, first, second) == ["chat_template differs"]


def test_options_that_were_chosen_by_label_are_other_scores(tmp_path):
    second = {"proctor": {"choices": {"tasks": [{"task": "t", "scoring": "letters"}]}}}
    assert texts(tmp_path, {}, second) == ["options chosen by log-likelihoods → letters"]


def test_what_one_file_does_not_know_is_no_difference(tmp_path):
    assert texts(tmp_path, {"config": {"model": "hf", "limit": 20.0}}, {"config": {"model": "hf"}}) == []
    assert texts(tmp_path / "x", {"system_instruction": None}, {"system_instruction": ""}) == []


def test_what_cannot_change_a_score_is_not_listed(tmp_path):
    first, second = ({"config": {"model": "hf", "batch_size": size, "device": size}} for size in ("1", "8"))
    assert texts(tmp_path, first, second) == []


def test_arguments_in_every_form():
    assert arguments_of("a=1, b = c=d") == {"a": "1", "b": "c=d"}
    assert arguments_of({"a": 1}) == {"a": 1}
    assert arguments_of(None) == arguments_of("") == arguments_of(3) == {}
