"""What a run asks, and what stops it before a model is opened."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from dummy_runs import run

from proctor.errors import UsageError
from proctor.run.exam import gather, refuse_media, warn_of_surprises
from proctor.run.progress import Quiet
from proctor.settings.config import RunConfig


def test_examples_from_the_questions_are_said(exam, caplog):
    with caplog.at_level(logging.WARNING, logger="proctor"):
        run(exam, "one", "two", num_fewshot=1)
    assert "a document can be among its own examples, with its answer, in 2 of 2 tasks (one, two)." in caplog.text
    caplog.clear()
    run(exam, "one")
    assert "examples" not in caplog.text


def test_code_that_the_model_writes_needs_a_word(exam):
    with (exam / "one.yaml").open("a", encoding="utf-8") as file:
        file.write("unsafe_code: true\n")
    with pytest.raises(UsageError, match="run code that the model writes: one"):
        run(exam, "one")
    assert run(exam, "one", confirm_run_unsafe_code=True).tasks


def test_images_and_sound_are_refused_before_anything_is_loaded(exam):
    file = exam / "one.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "doc_to_audio: question\n", encoding="utf-8")
    (exam / "test.jsonl").unlink(missing_ok=True)
    with pytest.raises(UsageError, match="no model here takes: one"):
        run(exam, "one", "two")


def test_samples_may_only_name_tasks_that_are_selected(exam):
    with pytest.raises(UsageError, match="--samples names tasks that are not selected: three, two"):
        run(exam, "one", samples={"one": [0], "two": [0], "three": [0]})


def test_a_warning_for_each_surprise_and_none_without(caplog):
    caplog.set_level(logging.WARNING, logger="proctor")
    chat = RunConfig(model_args={"pretrained": "org/Small-Instruct"}, system_instruction="Be brief.")
    warn_of_surprises(chat, [])
    assert [message.partition(";")[0].partition(" without")[0] for message in caplog.messages] == [
        "--system_instruction",
        "The model's name suggests a chat model",
    ]
    caplog.clear()
    warn_of_surprises(replace(chat, apply_chat_template=True), [])
    warn_of_surprises(RunConfig(model_args={"pretrained": "org/small"}), [])
    assert not caplog.messages


def test_of_many_tasks_with_images_five_are_named():
    refuse_media([])
    with pytest.raises(UsageError, match=r"no model here takes: t0, t1, t2, t3, t4 and 2 more\."):
        refuse_media([f"t{number}" for number in range(7)])


def test_tasks_from_python_are_in_their_order_and_one_that_is_named_twice_is_asked_once(exam):
    config = RunConfig(model="dummy")
    one, two = (str(exam / f"{name}.yaml") for name in ("one", "two"))
    [second] = gather(config, [two], Quiet).tasks
    found = gather(config, [second, one, two], Quiet)
    assert [task.spec.name for task in found.tasks] == ["two", "one"]


@pytest.mark.parametrize("item", [5, None, dict, object()])
def test_what_is_no_task(item):
    with pytest.raises(UsageError, match=r" is no task\."):
        gather(RunConfig(model="dummy"), [item], Quiet)


def test_no_task_at_all():
    with pytest.raises(UsageError, match="No task is given"):
        gather(RunConfig(model="dummy"), [], Quiet)
