"""What scripts may rely on in ``lm_eval.tasks`` and in tasks as objects: names, loading, fields, prompts, requests."""

from __future__ import annotations

import json

import pytest

from proctor.compat.scripts.manager import Kind, TaskManager, get_task_dict
from proctor.compat.tasks.configurable import ConfigurableTask
from proctor.errors import TaskError, UsageError

BASE = """\
dataset_path: json
dataset_kwargs: {data_files: {test: cases.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{ask}}"
doc_to_choice: options
doc_to_target: right
num_fewshot: 0
metric_list: [{metric: acc}]
"""
ENTRY = "aggregate_metric_list: [{metric: acc}]\n"
FILES = {
    "_base.yaml": BASE,
    "apple.yaml": "include: _base.yaml\ntask: apple\ntag: [fruit, food]\n",
    "pear.yaml": "include: _base.yaml\ntask: pear\ntag: fruit\n",
    "leek.yaml": "include: _base.yaml\ntask: leek\ntag: food\nnum_fewshot: 5\n"
    "metric_list: [{metric: acc}, {metric: acc_norm}]\n",
    "made.yaml": "include: _base.yaml\ntask: made\nclass: !function own.Made\n",
    "own.py": "from lm_eval.api.task import ConfigurableTask\n\n\nclass Made(ConfigurableTask):\n"
    "    def __init__(self, config=None):\n        config.pop('class', None)\n"
    "        super().__init__(config=config)\n",
    "below/deeper/plum.yaml": "include: ../../_base.yaml\ntask: plum\n",
    "__pycache__/gone.yaml": "task: gone\ndataset_path: json\n",
    ".ipynb_checkpoints/gone.yaml": "task: gone_too\ndataset_path: json\n",
    "g_basket.yaml": "group: basket\ngroup_alias: Basket\ntask: [apple, {task: pear, num_fewshot: 3}]\n" + ENTRY,
    "g_tagged.yaml": "group: tagged\ntask: [fruit]\n",
    "g_outer.yaml": "group: outer\ntask: [tagged]\n",
    "g_spread.yaml": "group: spread\nnum_fewshot: 4\ntask: [apple, pear]\nmetadata: {version: 3}\n",
    "g_refers.yaml": "group: refers\ntask: [{group: basket, num_fewshot: 9}]\n",
    "g_inline.yaml": "group: inline\ntask:\n  - group: first\n    task: [apple]\n    "
    "aggregate_metric_list: {metric: acc}\n  - group: second\n    task: [{task: pear, num_fewshot: 1}]\n  - leek\n",
}
ROWS = [{"ask": f"Q{n}", "options": ["x", "y"], "right": 1, "deep": {"er": "down"}, "mark": "1"} for n in range(4)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("garden")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    for place in (root, root / "below" / "deeper"):
        (place / "cases.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def manager(folder):
    return TaskManager(include_path=str(folder), include_defaults=False)


@pytest.fixture(scope="module")
def apple(manager):
    return manager.load("apple")["tasks"]["apple"]


# -- names


def test_names_by_kind_are_sorted(manager):
    tasks = ["apple", "leek", "made", "pear", "plum"]
    groups = ["basket", "inline", "outer", "refers", "spread", "tagged"]
    assert (manager.all_subtasks, manager.all_groups, manager.all_tags) == (tasks, groups, ["food", "fruit"])
    assert manager.all_tasks == sorted([*tasks, *groups, "food", "fruit"])


def test_each_name_says_what_it_is_and_where(manager, folder):
    index = manager.task_index
    kinds = {name: index[name].kind for name in ("apple", "made", "basket", "fruit")}
    assert kinds == {"apple": Kind.TASK, "made": Kind.PY_TASK, "basket": Kind.GROUP, "fruit": Kind.TAG}
    assert index["apple"].tags == {"fruit", "food"}
    assert index["plum"].yaml_path == folder / "below" / "deeper" / "plum.yaml"
    assert index["fruit"].yaml_path is None


def test_patterns_match_names_of_every_kind(manager):
    assert manager.match_tasks(["p*", "f*", "nothing"]) == ["food", "fruit", "pear", "plum"]


def test_the_users_task_goes_before_the_bundled_one_of_that_name(write_exam, tmp_path):
    mine = write_exam(tmp_path, "arc_easy", "my_own_exam", more="metadata: {version: 77}\n")
    both, bundled = TaskManager(include_path=str(mine)), TaskManager()
    assert both.load("arc_easy")["tasks"]["arc_easy"].VERSION == 77
    assert str(both.task_index["arc_easy"].yaml_path).startswith(str(mine))
    assert not str(bundled.task_index["arc_easy"].yaml_path).startswith(str(mine))
    assert set(both.all_tasks) - set(bundled.all_tasks) == {"my_own_exam"}
    assert TaskManager(include_path=str(mine), include_defaults=False).all_tasks == ["arc_easy", "my_own_exam"]


# -- loading


def shots(loaded):
    return {name: task.config.num_fewshot for name, task in loaded["tasks"].items()}


@pytest.mark.parametrize(
    ("asked", "tasks", "tree"),
    [
        (["pear", "apple"], {"pear": 0, "apple": 0}, {}),
        (["fruit"], {"apple": 0, "pear": 0}, {}),
        (["plum"], {"plum": 0}, {}),
        (["made"], {"made": 0}, {}),
        (["basket"], {"apple": 0, "pear": 3}, {"basket": ["apple", "pear"]}),
        (["outer"], {"apple": 0, "pear": 0}, {"outer": ["tagged"], "tagged": ["apple", "pear"]}),
        (["spread"], {"apple": 4, "pear": 4}, {"spread": ["apple", "pear"]}),
        ([{"group": "spread", "num_fewshot": 1}], {"apple": 1, "pear": 1}, {"spread": ["apple", "pear"]}),
        (["refers"], {"apple": 9, "pear": 3}, {"refers": ["basket"], "basket": ["apple", "pear"]}),
        (
            ["inline"],
            {"apple": 0, "pear": 1, "leek": 5},
            {
                "inline": ["inline::first", "inline::second", "leek"],
                "inline::first": ["apple"],
                "inline::second": ["pear"],
            },
        ),
    ],
)
def test_what_a_name_loads(manager, asked, tasks, tree):
    loaded = manager.load(asked)
    assert shots(loaded) == tasks
    assert list(loaded["tasks"]) == list(tasks)
    assert loaded["group_map"] == tree
    assert set(loaded["groups"]) == set(tree)


def test_the_older_form_nests(manager):
    nested = get_task_dict(["outer", "leek"], manager)
    (outer,) = [key for key in nested if not isinstance(key, str)]
    ((tagged, tasks),) = nested[outer].items()
    assert (outer.group_name, tagged.group_name, list(tasks)) == ("outer", "tagged", ["apple", "pear"])
    assert isinstance(nested["leek"], ConfigurableTask)


def test_a_group_knows_its_figures_its_alias_and_the_metadata_of_the_run(folder):
    manager = TaskManager(include_path=str(folder), include_defaults=False, metadata={"run": "r1"})
    groups = {**manager.load("basket")["groups"], **manager.load("spread")["groups"]}
    basket, spread = groups["basket"], groups["spread"]
    assert (basket.alias, basket.has_aggregation, spread.alias, spread.has_aggregation) == ("Basket", True, None, False)
    assert (basket.metadata, spread.metadata) == ({"run": "r1"}, {"version": 3, "run": "r1"})
    assert manager.load("apple")["tasks"]["apple"].config.metadata["run"] == "r1"
    (inner, _) = manager.load("inline")["groups"]["inline"].get_all_groups()
    assert [entry.metric for entry in inner.aggregate_metric_list] == ["acc"]


def test_a_file_says_over_what_it_includes(manager):
    leek = manager.load("leek")["tasks"]["leek"]
    assert (leek.config.num_fewshot, leek.config.dataset_path) == (5, "json")
    assert list(leek.aggregation()) == ["acc", "acc_norm"]


def test_names_that_nothing_has(manager):
    with pytest.raises(UsageError, match="Tasks not found: 'aple'"):
        manager.load(["aple"])


# -- documents and fields


def test_splits_that_are_not_named_are_not_there(apple):
    assert (apple.has_training_docs(), apple.has_validation_docs(), apple.has_test_docs()) == (False, False, True)
    assert apple.should_decontaminate() is False
    assert [doc["ask"] for doc in apple.test_docs()] == ["Q0", "Q1", "Q2", "Q3"]


@pytest.mark.parametrize(
    ("which", "documents"),
    [
        ({}, [(0, "Q0"), (1, "Q1"), (2, "Q2"), (3, "Q3")]),
        ({"limit": 3}, [(0, "Q0"), (1, "Q1"), (2, "Q2")]),
        ({"rank": 0, "world_size": 2}, [(0, "Q0"), (2, "Q2")]),
        ({"rank": 1, "world_size": 2}, [(1, "Q1"), (3, "Q3")]),
        ({"samples": [1, 3]}, [(0, "Q1"), (1, "Q3")]),
        ({"samples": [0, 1, 3], "rank": 0, "world_size": 2}, [(0, "Q0"), (2, "Q3")]),
        ({"samples": [0, 1, 3], "rank": 1, "world_size": 2}, [(1, "Q1")]),
    ],
)
def test_documents_have_their_positions_among_those_evaluated(apple, which, documents):
    assert [(position, doc["ask"]) for position, doc in apple.doc_iterator(**which)] == documents


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, "Q0"),
        ("ask", "Q0"),
        ("right", 1),
        ("{{deep.er}}!", "down!"),
        ("said as it is", "said as it is"),
        ("{{ask|upper}} {{', '.join(options)}} {{ask ~ ask}} {{right * 100}}", "Q0 x, y Q0Q0 100"),
        ("{{ask|regex_replace('[0-9]+', 'N')}}", "QN"),
        ("{{'yes' if right else 'no'}}", "yes"),
        (lambda doc: doc["ask"].lower(), "q0"),
        (4, 4),
    ],
)
def test_questions(apple, value, found):
    assert apple.doc_to_text(ROWS[0], value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, 1),
        ("mark", "1"),
        ("{{mark}}", 1),
        ("{{'2a'}}", "2a"),
        ("{{deep.er}}", "down"),
        ("{{options}}", ["x", "y"]),
        ("{{[3, 4]}}", [3, 4]),
        (["first", "second"], ["first", "second"]),
        (lambda doc: doc["right"] * 2, 2),
        (0, 0),
    ],
)
def test_answers(apple, value, found):
    assert apple.doc_to_target(ROWS[0], value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, ["x", "y"]),
        ("{{options}}", ["x", "y"]),
        ("{{[ask, 'z']}}", ["Q0", "z"]),
        ("{{options if right else []}}", ["x", "y"]),
        (["no", "yes"], ["no", "yes"]),
        ({"A": "first", "B": "second"}, ["first", "second"]),
        (lambda doc: [doc["ask"]], ["Q0"]),
    ],
)
def test_choices(apple, value, found):
    assert apple.doc_to_choice(ROWS[0], value) == found


@pytest.mark.parametrize(
    ("field", "value", "error", "said"),
    [
        ("doc_to_text", {"a": 1}, UsageError, "doc_to_text cannot be {'a': 1}, a value of type dict"),
        ("doc_to_text", ["a"], UsageError, "of type list"),
        ("doc_to_target", {"a": 1}, UsageError, "of type dict"),
        ("doc_to_choice", 5, UsageError, "of type int"),
        ("doc_to_text", "{{nowhere}}", TaskError, "'nowhere' is undefined"),
    ],
)
def test_what_is_no_field_is_a_sentence(apple, field, value, error, said):
    with pytest.raises(error, match=said):
        getattr(apple, field)(ROWS[0], value)


# -- turns


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"q": "Q"}, "Q"),
        ({"q": "Q", "a": "A"}, "Q-A|"),
        ({"q": "Q", "a": ["A", "B"]}, "Q-A|"),
        ({"q": "Q", "a": 0, "c": ["C", "D"]}, "Q-C|"),
        ({"q": "Q", "a": 1, "c": ["C", "D"]}, "Q-D|"),
        ({"q": "Q", "gen_prefix": "P"}, "Q-P"),
        ({"q": "Q", "gen_prefix": "P: "}, "Q-P: "),
        ({"q": "Q", "gen_prefix": "\nP"}, "Q\nP"),
        ({"q": "Q", "a": "A", "gen_prefix": "P"}, "Q-P A|"),
        ({"q": "Q\n", "a": "A", "gen_prefix": "P"}, "Q\nP A|"),
        ({"q": "Q", "a": "A", "gen_prefix": "P\n"}, "Q-P\nA|"),
        ({"q": "Q", "a": "\nA", "gen_prefix": "P"}, "Q-P\nA|"),
        ({"q": "Q", "a": "A", "gen_prefix": "P: "}, "Q-P: A|"),
    ],
)
def test_a_question_and_its_answer_are_joined(apple, given, text):
    made = apple.build_qa_turn(**given, tgt_delim="-", few_delim="|")
    assert "".join(turn.to_text() for turn in made) == text
    assert [turn.role for turn in made] == ["user", "assistant"][: len(made)]
    assert made[0].to_dict() == {"role": "user", "content": given["q"]}


def test_a_question_is_a_text(apple):
    with pytest.raises(UsageError, match="The question is 3, not a string"):
        apple.build_qa_turn(q=3, a="A")


# -- prompts and requests


@pytest.fixture
def taught(folder):
    """A task with two examples of its own."""
    examples = [{"ask": f"E{n}", "options": ["x", "y"], "right": n} for n in range(2)]
    config = {
        **TaskManager(include_path=str(folder), include_defaults=False).load_config("apple"),
        "dataset_kwargs": {"data_files": {"test": str(folder / "cases.jsonl")}},
        "fewshot_config": {"sampler": "first_n", "samples": examples},
        "description": "Choose.\n",
    }
    return lambda **changes: ConfigurableTask(config={**config, **changes})


@pytest.mark.parametrize(
    ("changes", "given", "prompt"),
    [
        ({}, {}, "Choose.\nQ0"),
        ({}, {"num_fewshot": 1}, "Choose.\nE0 x\n\nQ0"),
        ({}, {"num_fewshot": 2}, "Choose.\nE0 x\n\nE1 y\n\nQ0"),
        ({}, {"system_instruction": "Be brief."}, "Be brief.\n\nChoose.\nQ0"),
        ({"description": ""}, {"system_instruction": "Be brief.\n"}, "Be brief.\nQ0"),
        ({"target_delimiter": "->", "fewshot_delimiter": "||"}, {"num_fewshot": 1}, "Choose.\nE0->x||Q0"),
        ({"gen_prefix": "So:"}, {"num_fewshot": 1, "gen_prefix": "So:"}, "Choose.\nE0 So: x\n\nQ0 So:"),
    ],
)
def test_prompts(taught, changes, given, prompt):
    assert taught(**changes).fewshot_context(ROWS[0], **{"num_fewshot": 0, **given}) == prompt


@pytest.mark.parametrize(
    ("multiturn", "seen"),
    [
        (True, [("system", "Choose.\n"), ("user", "E0"), ("assistant", "x"), ("user", "Q0")]),
        (False, [("system", "Choose.\n"), ("user", "E0 x\n\nQ0")]),
    ],
)
def test_prompts_as_a_chat(taught, multiturn, seen):
    told = []

    def template(turns, add_generation_prompt=True):
        told.extend((turn["role"], turn["content"]) for turn in turns)
        return "a chat"

    prompt = taught().fewshot_context(
        ROWS[0], 1, apply_chat_template=True, fewshot_as_multiturn=multiturn, chat_template=template
    )
    assert (prompt, told) == ("a chat", seen)


def test_a_question_that_may_be_an_example_is_told_to_the_sampler(taught):
    def asked(**changes):
        task, calls = taught(**changes), []
        task.sampler.sample = lambda **given: calls.append(given) or [ROWS[3]]
        task.fewshot_context(ROWS[0], 1)
        return calls

    assert asked(fewshot_split="test", fewshot_config=None) == [{"n": 1, "eval_doc": ROWS[0]}]
    assert asked() == [{"n": 1, "eval_doc": None}]


@pytest.mark.parametrize(
    ("changes", "requests"),
    [
        ({}, [("loglikelihood", 0, ("Q", " x")), ("loglikelihood", 1, ("Q", " y"))]),
        ({"target_delimiter": ""}, [("loglikelihood", 0, ("Q", "x")), ("loglikelihood", 1, ("Q", "y"))]),
        (
            {"output_type": "loglikelihood", "doc_to_target": "deep.er", "doc_to_choice": None},
            [("loglikelihood", 0, ("Q", "deep.er"))],
        ),
        (
            {
                "output_type": "generate_until",
                "doc_to_choice": None,
                "generation_kwargs": {"until": ["."], "do_sample": False},
                "metric_list": [{"metric": "exact_match"}],
            },
            [("generate_until", 0, ("Q", {"until": ["."], "do_sample": False}))],
        ),
    ],
)
def test_requests(taught, changes, requests):
    made = taught(**changes).construct_requests(ROWS[0], "Q")
    made = made if isinstance(made, list) else [made]
    assert [(one.request_type, one.idx, one.arguments) for one in made] == requests


def test_requests_of_a_share_of_the_documents(taught):
    task = taught()
    task.build_all_requests(limit=4, rank=1, world_size=2)
    assert [(one.doc_id, one.idx, one.args[1]) for one in task.instances] == [
        (1, 0, " x"), (1, 1, " y"), (3, 0, " x"), (3, 1, " y"),
    ]  # fmt: skip
