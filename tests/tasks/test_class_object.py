"""An object with lm-eval's task methods: made from its class, and configured by a run."""

from __future__ import annotations

from functools import partial

import pytest
from class_tasks import MINE, run, write_class


@pytest.fixture
def write(tmp_path):
    return partial(write_class, tmp_path)


def test_its_class_gets_the_whole_file_with_the_metadata_of_the_run(write):
    file = write(colour="red", metadata={"a": 1})
    code = file.with_name("code.py")
    code.write_text(
        MINE.replace("SEEN.append(config)", "__import__('pathlib').Path(__file__ + '.seen').write_text(repr(config))")
    )
    run(file, metadata={"b": 2})
    seen = eval(code.with_name("code.py.seen").read_text().replace(repr_of_class(code), "'class'"))
    assert seen["colour"] == "red"
    assert seen["task"] == "mine"
    assert (seen["metadata"]["a"], seen["metadata"]["b"]) == (1, 2)
    assert seen["metadata"]["config_source"] == str(file)


def repr_of_class(code):
    text = code.with_name("code.py.seen").read_text()
    start = text.index("<class")
    return text[start : text.index(">", start) + 1]


def test_what_the_run_asks_reaches_the_object(write):
    code = MINE.replace('{"until": ["\\n"], "max_gen_toks": 3}', "self.config.generation_kwargs")
    assert code != MINE
    record = run(write(code), gen_kwargs={"max_new_tokens": 2}, limit=1).records["mine"][0]
    assert record.arguments[-1][1] == {"temperature": 0.0, "do_sample": False, "until": ["\n\n"], "max_new_tokens": 2}
    keeps = write(MINE.replace('"metadata": {"version": 3},', '"num_fewshot": 0,'))
    assert run(keeps, num_fewshot=3, limit=1).tasks[0].n_shot == 0


def test_a_class_that_takes_no_config_is_called_without(write):
    code = MINE.replace("self, config)", "self, **kwargs)").replace("SEEN.append(config)", "assert kwargs == {}")
    rows = write().with_name("rows.jsonl")
    assert run(write(code.replace('config["rows"]', repr(str(rows)))), limit=1).tasks[0].n_effective == 1


def test_a_class_draws_its_examples_itself(write, caplog):
    run(write(), num_fewshot=1, limit=1, fewshot_exclude="always")
    assert "Task 'mine' is a class and draws its examples itself: --fewshot_exclude is not heeded." in caplog.text
    caplog.clear()
    run(write(), limit=1, fewshot_exclude="always")
    assert "draws its examples" not in caplog.text


def test_a_question_is_kept_out_of_its_own_examples_if_the_user_says_so(write, caplog):
    def times_asked(**options):
        splits = '"fewshot_split": "validation", "validation_split": "validation", "dataset_kwargs"'
        code = MINE.replace('"dataset_kwargs"', splits)
        records = run(write(code), num_fewshot=5, **options).records["mine"]
        return {record.arguments[0][0].count(f"What is {record.doc_id} plus one?") for record in records}

    assert times_asked() == {1, 2}  # the class draws from the documents that it evaluates
    assert times_asked(fewshot_exclude="always") == {1}
    assert "has no effect" not in caplog.text


def test_a_class_that_cannot_keep_questions_out_is_named(write, caplog):
    code = MINE.replace("class Mine(ConfigurableTask)", "class Base(ConfigurableTask)") + (
        "\n\nclass Mine(Base):\n    def __getattribute__(self, name):\n"
        "        if name == 'exclude_evaluated':\n            raise AttributeError(name)\n"
        "        return super().__getattribute__(name)\n"
    )
    run(write(code), num_fewshot=1, fewshot_exclude="always")
    assert "Task 'mine' chooses its examples itself: --fewshot_exclude has no effect on it." in caplog.text
    caplog.clear()
    run(write(code), fewshot_exclude="always")
    assert "no effect" not in caplog.text
