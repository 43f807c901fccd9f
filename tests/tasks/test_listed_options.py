"""Where prompts list options; other tests of it are those of orders, which need the same."""

from __future__ import annotations

import json

import pytest

from proctor.errors import TaskError
from proctor.run.exam import load_exam
from proctor.run.progress import Quiet
from proctor.settings.config import build_config
from proctor.tasks.choice_columns import ChoiceColumns, NoChoicesError
from proctor.tasks.listed_options import FieldRendering, ListedOptions

TASK = """\
task: letters
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}\\nA. {{choices[0]}}\\nB. {{choices[1]}}\\nAnswer:"
doc_to_choice: [A, B]
doc_to_target: answer
"""
ROW = {"question": "Which is long?", "choices": ["red", "blue"], "answer": 1}


@pytest.fixture
def listed(tmp_path):
    def make(text=TASK, rows=(ROW,), flag="--flag"):
        (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        (tmp_path / "letters.yaml").write_text(text, encoding="utf-8")
        (task,) = load_exam(build_config({"model": "dummy", "tasks": [str(tmp_path / "letters.yaml")]}), Quiet).tasks
        rendering = FieldRendering(task.question, task.output, chooses=False)
        return ListedOptions(task.spec, rendering, list(rows), flag)

    return make


def test_columns_are_found_and_the_prompt_is_taken_apart(listed):
    found = listed()
    assert found.columns == ChoiceColumns("choices", "answer", "index")
    own = found.own(found.columns, ROW)
    assert own.pieces == ("Which is long?\nA. ", "\nB. ", "\nAnswer:")
    assert (own.shown, own.choices, own.golds) == (["red", "blue"], ("A", "B"), (1,))
    found.check(own, ROW, (1, 0))


def test_a_prompt_that_lists_none_has_no_columns(listed):
    text = TASK.replace("A. {{choices[0]}}\\nB. {{choices[1]}}\\n", "").replace("[A, B]", "choices")
    found = listed(text)
    assert found.columns is None
    with pytest.raises(NoChoicesError, match="lists no options"):
        found.own(ChoiceColumns("choices", "answer", "index"), ROW)


def test_an_error_names_the_flag_that_needs_the_options(listed):
    with pytest.raises(TaskError, match="--other: the columns of its options and answer were not found"):
        listed(
            rows=({**ROW, "answer": "?"},),
            text=TASK.replace("doc_to_target: answer", "doc_to_target: 0"),
            flag="--other",
        )
