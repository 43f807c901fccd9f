"""The names of lm-eval's tasks, known without its files: for hints, and so that bundled tags are known to be parts."""

from __future__ import annotations

import pytest

from proctor.stock.names import did_you_mean_any, stock_module_hint, stock_names, stock_task_hint
from proctor.tasks.index import build_index
from proctor.tasks.select import select


def test_all_names_of_the_version_are_known():
    known = stock_names()
    assert (known.version, len(known.tasks), len(known.groups), len(known.tags)) == ("0.4.13", 13_123, 855, 705)
    assert {"social_iqa", "mmlu", "glue"} <= set(known.all)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("social_iqa", "'social_iqa' is a task of lm-eval 0.4.13: 'proctor tasks get' brings it."),
        ("belebele", "'belebele' is a group of 122 tasks of lm-eval 0.4.13: 'proctor tasks get' brings it."),
        ("glue", "'glue' is a tag of 9 tasks of lm-eval 0.4.13: 'proctor tasks get' brings it."),
        ("belebele_*", "'belebele_*' matches 284 names of lm-eval 0.4.13: 'proctor tasks get' brings them."),
        ("social_iq[a]", "'social_iq[a]' matches 1 name of lm-eval 0.4.13: 'proctor tasks get' brings it."),
        ("no_such_task", None),
        ("no_such_*", None),
        ("", None),
        ("[", None),
    ],
)
def test_a_name_that_is_not_here_is_told_to_be_lm_evals(name, hint):
    assert stock_task_hint(name) == hint


@pytest.mark.parametrize("module", ["lm_eval.tasks.ifeval", "lm_eval.tasks.ifeval.utils"])
def test_so_is_a_folder_that_python_imports_from(module):
    hint = stock_module_hint(module)
    assert hint == "'lm_eval.tasks.ifeval' is a folder of lm-eval 0.4.13's tasks: 'proctor tasks get' brings it."


@pytest.mark.parametrize("module", ["lm_eval.tasks", "lm_eval.tasks.nothing", "lm_eval.api", "numpy", ""])
def test_no_other_module_gets_a_hint(module):
    assert stock_module_hint(module) is None


def test_a_misspelt_name_leads_to_lm_evals_names_too():
    here = ["sciq", "piqa"]
    hint = did_you_mean_any("social_iq", here)
    assert hint is not None
    assert hint.startswith("Did you mean 'social_iqa', ")
    assert "'social_iqa'" in hint.partition("? ")[2]
    assert "'sciq'" not in hint.partition("? ")[2]
    assert did_you_mean_any("qqqqqqqqqq", here) is None
    assert did_you_mean_any("boolq", ["boolq"]) is not None


def test_a_bundled_group_has_as_many_tasks_as_lm_evals():
    index, known = build_index(), stock_names()
    bundled = [entry.name for entry in index.of_kind("group") if not entry.name.startswith("demo")]
    assert bundled
    assert {name: len(select(index, [name]).leaves()) for name in bundled} == {
        name: known.groups[name] for name in bundled
    }


def test_a_bundled_task_has_a_name_of_lm_evals():
    bundled = {entry.name for entry in build_index().of_kind("task") if not entry.name.startswith("demo")}
    assert bundled <= stock_names().tasks
