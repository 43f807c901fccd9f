"""The schema of task files against the files that there are, and against what the checks refuse."""

import json
from pathlib import Path

import pytest
import yaml

from proctor.tasks import check
from proctor.tasks.json_schema import DESCRIPTIONS, task_schema
from proctor.tasks.roots import BUNDLED

jsonschema = pytest.importorskip("jsonschema")

FILES = sorted(
    path for path in Path(BUNDLED).rglob("*") if path.suffix in (".yaml", ".yml") or path.name.endswith("_yaml")
)


class Loader(yaml.CSafeLoader):
    """YAML as an editor reads it: a !function is a text."""


Loader.add_constructor("!function", lambda loader, node: loader.construct_scalar(node))


@pytest.fixture(scope="module")
def validator():
    schema = task_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def errors(validator, text):
    return [error.message for error in validator.iter_errors(yaml.load(text, Loader))]


def test_every_bundled_file_is_valid(validator):
    assert len(FILES) > 100
    wrong = {str(path): found for path in FILES if (found := errors(validator, path.read_text(encoding="utf-8")))}
    assert not wrong


GOOD = "task: t\ndataset_path: json\ntest_split: test\noutput_type: multiple_choice\ndoc_to_text: q\n"


@pytest.mark.parametrize(
    "more",
    [
        "doc_to_choice: !function utils.choices\n",
        "metric_list: [{metric: acc, aggregation: mean}, {metric: !function utils.score, any: setting}]\n",
        "filter_list: [{name: x, filter: [{function: regex, regex_pattern: a}, {function: own}]}]\n",
        "fewshot_config: {sampler: first_n, doc_to_text: q}\n",
        "metadata: {version: 1, choices: {options: choices, answer: answer, answer_form: index}}\n",
        "num_fewshot: 0\nrepeats: 1\ndescription: null\n",
        "include: [a.yaml, b.yaml]\n",
    ],
)
def test_what_a_task_may_say(validator, more):
    assert errors(validator, GOOD + more) == []


@pytest.mark.parametrize(
    "text",
    [
        GOOD + "doc_to_txt: x\n",
        GOOD.replace("multiple_choice", "multiple_choices"),
        GOOD + "num_fewshot: -1\n",
        GOOD + "num_fewshot: many\n",
        GOOD + "repeats: 0\n",
        GOOD + "metric_list: [{aggregation: mean}]\n",
        GOOD + "filter_list: [{name: x}]\n",
        GOOD + "fewshot_config: {samplr: first_n}\n",
        GOOD + "metadata: {choices: {options: choices}}\n",
        GOOD + "unsafe_code: yes please\n",
        "group: g\ntask: [a]\naggregate_metric_list: [{metric: acc, weight: true}]\n",
        "group: g\ntask: [7]\n",
    ],
)
def test_what_is_refused(validator, text):
    assert errors(validator, text)


def test_groups_and_nested_members(validator):
    assert not errors(validator, "group: g\ntask:\n  - a\n  - group: h\n    task: [b]\n  - {task: c, num_fewshot: 1}\n")
    assert errors(validator, "group: g\ntask:\n  - {task: c, num_fewshot: x}\n")


def test_a_class_has_its_own_keys(validator):
    assert not errors(validator, "task: t\nclass: !function task.Own\nanything: goes\n")


def test_every_key_has_a_sentence_and_none_is_left_over():
    keys = {*check.TASK_KEYS, *check.FEWSHOT_KEYS, *check.GROUP_KEYS, *check.AGGREGATE_KEYS, "class", "task_list"}
    assert keys == set(DESCRIPTIONS)
    assert all(text.endswith(".") for text in DESCRIPTIONS.values())


def test_the_schema_is_json():
    assert json.loads(json.dumps(task_schema())) == task_schema()
