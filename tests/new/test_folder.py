"""The files of a new task."""

import json

import pytest
import yaml

from proctor.errors import UsageError
from proctor.new.folder import SCHEMA, SETTINGS, sha256_of, slug, task_files
from proctor.new.plan import plan_task
from proctor.new.request import request_of

TABLE = "과목,문제,A,B,정답\n국어,\"yes: 'no' #\n두 줄\",하나,둘,A\n수학/기하,몇인가?,1,2,B\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "exam.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def files(table, **flags):
    return task_files(plan_task(request_of({"name": "exam", "source": str(table), **flags})))


def test_one_task_is_one_yaml_and_its_data(table):
    made = files(table)
    assert list(made) == ["exam.yaml", "data/test.jsonl", SCHEMA, SETTINGS, "README.md"]
    assert made["exam.yaml"].splitlines()[1] == "# yaml-language-server: $schema=task.schema.json"
    task = yaml.safe_load(made["exam.yaml"])
    assert task["task"] == "exam"
    assert task["dataset_kwargs"] == {"data_files": {"test": "data/test.jsonl"}}
    columns = {"options": "choices", "answer": "answer", "answer_form": "index", "question": "{{question}}"}
    assert task["metadata"] == {"version": 1.0, "choices": columns}
    lines = [json.loads(line) for line in made["data/test.jsonl"].splitlines()]
    assert lines[0] == {
        "id": "1", "question": "yes: 'no' #\n두 줄", "choices": ["하나", "둘"], "answer": 0, "과목": "국어",
        "source_line": 2,
    }  # fmt: skip


@pytest.mark.parametrize("flags", [{}, {"style": "all"}, {"group": "과목", "style": "all"}])
def test_every_file_is_valid_by_its_schema(table, flags):
    jsonschema = pytest.importorskip("jsonschema")
    made = files(table, **flags)
    for name, text in made.items():
        if "yaml" in name:
            jsonschema.validate(yaml.safe_load(text), json.loads(made[SCHEMA]))


def test_subjects_are_a_group_with_a_shared_template(table):
    made = files(table, group="과목")
    assert list(made)[:4] == ["_exam_template_yaml", "exam_국어.yaml", "exam_수학_기하.yaml", "_exam.yaml"]
    group = yaml.safe_load(made["_exam.yaml"])
    assert group["task"] == ["exam_국어", "exam_수학_기하"]
    subject = yaml.safe_load(made["exam_수학_기하.yaml"])
    assert (subject["include"], subject["task_alias"]) == ("_exam_template_yaml", "수학/기하")
    assert subject["dataset_kwargs"]["data_files"]["test"] in made


def test_subjects_of_one_name_are_refused(table):
    table.write_text(TABLE.replace("국어", "수학 기하"), encoding="utf-8")
    with pytest.raises(UsageError, match="'수학 기하' and '수학/기하' would be one task"):
        files(table, group="과목")


def test_styles_stand_side_by_side_under_a_tag(table):
    made = files(table, style="all")
    tasks = [yaml.safe_load(text) for name, text in made.items() if name.endswith(".yaml")]
    assert [task["task"] for task in tasks] == ["exam_letter", "exam_text", "exam_cloze", "exam_chat"]
    assert {task["tag"] for task in tasks} == {"exam"}
    groups = files(table, style="all", group="과목")
    assert yaml.safe_load(groups["_exam_chat.yaml"])["aggregate_metric_list"][0]["metric"] == "exact_match"


def test_shots_are_a_split_of_their_own(table):
    task = yaml.safe_load(files(table, shots=1)["exam.yaml"])
    assert (task["fewshot_split"], task["num_fewshot"]) == ("dev", 1)
    assert task["fewshot_config"] == {"sampler": "first_n"}


def test_several_answers_are_lists_and_letters_of_a_chat(table):
    table.write_text('question,A,B,C,answer\nWhich?,x,y,z,"A,C"\nOne?,x,y,z,B\n')
    lines = [json.loads(line) for line in files(table, several="any", style="all")["data/test.jsonl"].splitlines()]
    assert [line["answer"] for line in lines] == [[0, 2], [1]]
    assert [line["answer_letters"] for line in lines] == [["A", "C"], ["B"]]
    lines = [json.loads(line) for line in files(table, several="all", style="chat")["data/test.jsonl"].splitlines()]
    assert [line["answer_letters"] for line in lines] == ["A, C", "B"]


def test_the_letters_that_a_filter_maps_stand_on_one_line_and_are_read_back(table):
    text = files(table, style="chat")["exam.yaml"]
    steps = yaml.safe_load(text)["filter_list"][0]["filter"]
    assert [step["function"] for step in steps] == ["regex", "map", "take_first"]
    assert list(steps[1]["mapping_dict"].items())[:4] == [("A", "A"), ("Ａ", "A"), ("B", "B"), ("Ｂ", "B")]
    assert 'mapping_dict: {"A": "A", "Ａ": "A", ' in text


def test_settings_say_how_it_was_read_and_what_was_written(table):
    made = files(table, answer="정답")
    stored = json.loads(made[SETTINGS])
    assert stored["settings"]["answer"] == "정답"
    assert stored["written"]["exam.yaml"] == sha256_of(made["exam.yaml"])


def test_a_slug_keeps_letters_of_any_script():
    assert [slug(name) for name in ("한국사", "A/B test", "  ", "Ünï")] == ["한국사", "a_b_test", "none", "ünï"]


def test_the_same_table_gives_the_same_bytes(table):
    assert files(table, style="all") == files(table, style="all")
