"""Names of rows: aliases where they tell rows apart, in the tree and outside of it."""

from __future__ import annotations

from stored_runs import document_of, right_and_wrong, write_run

from proctor.analysis.row_names import row_names
from proctor.results.open_runs import open_runs

ALIASES = {"text_isles": "isles", "text_sums": "sums", "letter_isles": "isles", "tales": "tales"}
GROUPS = {"exam": ["text", "letter", "tales"], "text": ["text_isles", "text_sums"], "letter": ["letter_isles"]}


def run(folder, tasks=tuple(ALIASES), groups=GROUPS, aliases=ALIASES):
    lines = {task: right_and_wrong("10") for task in tasks}
    document = document_of(lines, group_subtasks=groups)
    for group in groups:
        document["results"][group] = {"alias": f"by {group}"}
    for task in tasks:
        document["results"][task]["alias"] = f" - {aliases.get(task, task)}"
    return open_runs([write_run(folder, lines, document=document)]).runs[0]


def rows(runs, shown):
    return [(row.depth, row.alias, row.label) for row in row_names(runs, shown)]


def test_a_tree_needs_the_alias_alone(tmp_path):
    assert rows([run(tmp_path)], {*ALIASES, *GROUPS}) == [
        (0, "by exam", "by exam"),
        (1, "by text", "by text"),
        (2, "isles", "isles (by text)"),
        (2, "sums", "sums"),
        (1, "by letter", "by letter"),
        (2, "isles", "isles (by letter)"),
        (1, "tales", "tales"),
    ]


def test_without_their_groups_tasks_of_one_alias_have_the_group_beside_it(tmp_path):
    assert rows([run(tmp_path)], {"text_isles", "letter_isles", "tales"}) == [
        (0, "isles (by text)", "isles (by text)"),
        (0, "isles (by letter)", "isles (by letter)"),
        (0, "tales", "tales"),
    ]


def test_where_the_group_is_not_enough_a_task_has_its_name(tmp_path):
    one = run(tmp_path, ("a_x", "a_y"), {"g": ["a_x", "a_y"]}, {"a_x": "a", "a_y": "a"})
    assert rows([one], {"a_x", "a_y", "g"}) == [(0, "by g", "by g"), (1, "a_x", "a_x"), (1, "a_y", "a_y")]


def test_a_row_that_the_first_run_lacks_stands_at_the_end_with_its_label(tmp_path):
    first = run(tmp_path / "a", ("text_isles", "tales"), {"text": ["text_isles"]})
    second = run(tmp_path / "b", ("text_isles", "letter_isles"), {"text": ["text_isles"], "letter": ["letter_isles"]})
    found = rows([first, second], {"text", "text_isles", "tales", "letter_isles"})
    assert found == [
        (0, "by text", "by text"),
        (1, "isles", "isles (by text)"),
        (0, "tales", "tales"),
        (0, "isles", "isles (by letter)"),
    ]
