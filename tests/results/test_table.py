"""The table and the line above it, as lm-eval 0.4.13 prints them."""

from __future__ import annotations

import math
import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.results.schema import results_document
from proctor.results.table import make_table, summary_line
from proctor.run_result import GroupResult, Value

WORLD = {
    "results": {
        "rivers": {"name": "rivers", "alias": "rivers", "sample_len": 2, "acc,none": 0.0, "acc_stderr,none": 0.0},
        "capitals": {
            "name": "capitals",
            "alias": "capitals",
            "sample_len": 4,
            "acc,none": 0.5,
            "acc_stderr,none": 0.25,
        },
        "sums": {
            "name": "sums",
            "alias": "sums",
            "sample_len": 4,
            "exact_match,strict": 0.25,
            "exact_match_stderr,strict": 0.125,
            "exact_match,flexible": 1.0,
            "exact_match_stderr,flexible": "N/A",
            "perplexity,strict": 12.345678,
            "perplexity_stderr,strict": "N/A",
        },
        "asia": {"alias": "Asia", "name": "asia", "sample_len": 4, "acc,none": 0.5, "acc_stderr,none": 0.25},
        "world": {"alias": "world", "name": "world", "sample_len": 6, "acc,none": 1 / 3, "acc_stderr,none": "N/A"},
    },
    "group_subtasks": {"world": ["rivers", "asia"], "asia": ["capitals"]},
    "versions": {"world": "2", "asia": "2", "capitals": 1.0, "rivers": 1.5, "sums": 0},
    "n-shot": {"asia": 0, "capitals": 0, "rivers": 0, "sums": 5},
    "higher_is_better": {
        **{name: {"acc": True} for name in ("world", "asia", "capitals", "rivers")},
        "sums": {"exact_match": True, "perplexity": False},
    },
}
WORLD["groups"] = {name: WORLD["results"][name] for name in ("asia", "world")}

TASKS_TABLE = """\
|   Tasks    |Version| Filter |n-shot|  Metric   |   | Value |   |Stderr|
|------------|------:|--------|-----:|-----------|---|------:|---|------|
|world       |    2.0|none    |      |acc        |↑  | 0.3333|±  |   N/A|
| - Asia     |    2.0|none    |     0|acc        |↑  | 0.5000|±  |0.2500|
|  - capitals|    1.0|none    |     0|acc        |↑  | 0.5000|±  |0.2500|
| - rivers   |    1.5|none    |     0|acc        |↑  | 0.0000|±  |0.0000|
|sums        |    0.0|flexible|     5|exact_match|↑  | 1.0000|±  |   N/A|
|            |       |strict  |     5|exact_match|↑  | 0.2500|±  |0.1250|
|            |       |strict  |     5|perplexity |↓  |12.3457|±  |   N/A|
"""
GROUPS_TABLE = """\
|Groups |Version|Filter|n-shot|Metric|   |Value |   |Stderr|
|-------|------:|------|-----:|------|---|-----:|---|------|
|world  |      2|none  |      |acc   |↑  |0.3333|±  |   N/A|
| - Asia|      2|none  |     0|acc   |↑  |0.5000|±  |0.2500|
"""


def document_of(results, **more):
    return {"results": results, "group_subtasks": {}, "versions": {}, "n-shot": {}, "higher_is_better": {}, **more}


def entry(name="a", **scores):
    return {
        "name": name,
        "alias": name,
        "sample_len": 4,
        **{key.replace("__", ","): value for key, value in scores.items()},
    }


def values_column(table):
    return [row.split("|")[7].strip() for row in table.splitlines()[2:]]


def test_a_tree_of_groups_and_a_single_task():
    assert make_table(WORLD) == TASKS_TABLE
    assert make_table(WORLD, "groups") == GROUPS_TABLE


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.5], ["0.5"]),
        ([0.5, 1 / 3], ["0.5000", "0.3333"]),
        ([1.0, 0.0], ["1", "0"]),
        ([math.nan, math.inf, 0.25], ["NaN", "Infinity", "0.25"]),
        ([999], ["999"]),
    ],
)
def test_the_column_decides_how_many_decimals_are_shown(values, shown):
    scores = {f"m{index},none": value for index, value in enumerate(values)}
    document = document_of({"a": {"name": "a", "alias": "a", **scores}}, versions={"a": 1.0}, **{"n-shot": {"a": 0}})
    assert values_column(make_table(document)) == shown


def test_a_bar_in_a_name_is_escaped_and_what_is_unknown_is_blank():
    table = make_table(document_of({"a|b": {"name": "a|b", "alias": "a|b", "acc,none": 0.5}}))
    assert table.splitlines()[2] == "|a\\|b  |    N/A|none  |      |acc   |   |  0.5|   |      |"


def test_the_document_is_left_as_it_was():
    before = {name: dict(item) for name, item in WORLD["results"].items()}
    make_table(WORLD)
    assert WORLD["results"] == before


def test_a_task_without_metrics_shows_how_many_documents_it_answered():
    table = make_table(document_of({"a": entry(), "b": entry("b", bypass__none=999, bypass_stderr__none="N/A")}))
    cells = [[cell.strip() for cell in row.split("|")] for row in table.splitlines()[2:]]
    assert [(row[1], row[5], row[7]) for row in cells] == [
        ("a", "samples", "4"),
        ("b", "bypass", "999"),
        ("", "samples", "4"),
    ]


def test_a_group_without_metrics_has_no_row_and_its_tasks_keep_their_place(run, task, facts):
    outer = GroupResult("world", "World", "1", ("capitals",))
    rows = make_table(results_document(run([task()], [outer]), facts)).splitlines()[2:]
    assert len(rows) == 1
    assert rows[0].startswith("| - capitals|")


def test_a_task_of_two_groups_stands_under_both():
    groups = {"x": ["a", "y"], "y": ["a"]}
    table = make_table(document_of({"a": entry(acc__none=0.5)}, group_subtasks=groups))
    assert [row.split("|")[1] for row in table.splitlines()[2:]] == [" - a ", "  - a"]


def test_groups_that_contain_each_other_do_not_hang():
    groups = {"root": ["x"], "x": ["y"], "y": ["x"]}
    assert "root" in make_table(document_of({"root": entry("root", acc__none=1.0)}, group_subtasks=groups))


SCORES = st.one_of(st.floats(), st.integers(-5, 5), st.text("abc |é", max_size=4), st.none())
KEYS = st.tuples(st.sampled_from(["acc", "acc_norm", "f1"]), st.sampled_from(["none", "strict"]))


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abcdefg"), st.dictionaries(KEYS, st.tuples(SCORES, st.floats() | st.none()))))
def test_there_is_one_row_for_each_metric_and_filter(run, task, facts, scores):
    tasks = [
        task(name, values={key: Value(*pair) for key, pair in values.items()}) for name, values in scores.items()
    ] or [task()]
    table = make_table(results_document(run(tasks), facts))
    assert len(table.splitlines()) == 2 + sum(max(1, len(item.values)) for item in tasks)
    assert all(row.startswith("|") and row.endswith("|") for row in table.splitlines())


def asked(**changes):
    settings = {"model": "hf", "model_args": {"pretrained": "a"}, "gen_kwargs": {}, "limit": 5.0, "num_fewshot": None}
    return SimpleNamespace(**{**settings, "batch_size": 1, **changes})


def test_the_line_above_the_table():
    assert summary_line({}, asked()) == (
        "hf ({'pretrained': 'a'}), gen_kwargs: ({}), limit: 5.0, num_fewshot: None, batch_size: 1"
    )


def test_the_line_names_the_batch_sizes_that_were_found():
    line = summary_line({"config": {"batch_sizes": [64, 32]}}, asked(batch_size="auto:2", num_fewshot=5, limit=None))
    assert line.endswith("limit: None, num_fewshot: 5, batch_size: auto:2 (64,32)")


def test_the_line_hides_secrets_and_trust():
    args = {"pretrained": "a", "trust_remote_code": True, "token": "hf_abcdefghijKLMNOP1234"}
    assert summary_line({}, asked(model_args=args)).startswith("hf ({'pretrained': 'a', 'token': '***'}), ")


CELLS = [["한글", "1.23", None, "a|b"], ["x", 2, "", "0x10"], ["", "nan", "1e-4", "±"]]
DRAW = f"""
import sys
if sys.argv[1] == "ours":
    from proctor.results.table import table_writer
    table_writer()
    writer = table_writer()
else:
    import pytablewriter
    writer = pytablewriter.MarkdownTableWriter()
writer.headers, writer.value_matrix = list("abcd"), {CELLS!r}
print("chardet" in sys.modules)
print(writer.dumps())
import mbstrdecoder
print(mbstrdecoder.MultiByteStrDecoder("가나다".encode("utf-16")).unicode_str)
"""


def test_a_table_of_texts_is_drawn_alike_without_guessing_encodings():
    """What it saves is in the line that says whether chardet was imported; bytes are decoded as ever."""
    ours, plain = (
        subprocess.run(
            [sys.executable, "-X", "utf8", "-c", DRAW, which], capture_output=True, check=True
        ).stdout.decode()
        for which in ("ours", "plain")
    )
    assert ours.partition("\n")[0] == "False"
    assert plain.partition("\n")[0] == "True", "pytablewriter does not import chardet any more: table_writer can go"
    assert ours.partition("\n")[2] == plain.partition("\n")[2]
