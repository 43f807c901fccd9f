"""A task's filter_list: built when it is loaded, run when it is graded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import TaskError, UsageError
from proctor.filters.base import Filter
from proctor.filters.pipeline import build_pipelines, check_filter_list
from proctor.filters.table import FILTERS
from proctor.refs import Ref


def pipeline(*steps, name="test"):
    (built,) = build_pipelines([{"name": name, "filter": list(steps)}])
    return built


def test_without_a_list_the_first_response_is_taken_under_the_name_none():
    (built,) = build_pipelines(None)
    assert built.name == "none"
    assert built.apply([["a", "b"], ["c"]], [{}, {}]) == ["a", "c"]


def test_several_pipelines_start_from_the_raw_responses():
    strict, flexible = build_pipelines(
        [
            {"name": "strict", "filter": [{"function": "regex"}, {"function": "take_first"}]},
            {
                "name": "flexible",
                "filter": [
                    {"function": "regex", "regex_pattern": r"(\d+)", "group_select": -1},
                    {"function": "take_first"},
                ],
            },
        ]
    )
    responses = [["#### 4 or 5"]]
    assert (strict.name, strict.apply(responses, [{}])) == ("strict", ["4"])
    assert (flexible.name, flexible.apply(responses, [{}])) == ("flexible", ["5"])
    assert responses == [["#### 4 or 5"]]


def test_majority_of_the_first_two():
    steps = [{"function": "take_first_k", "k": 2}, {"function": "majority_vote"}, {"function": "take_first"}]
    assert pipeline(*steps).apply([["a", "b", "b"]], [{}]) == ["a"]


def test_a_pipeline_without_take_first_leaves_lists():
    assert pipeline({"function": "lowercase"}).apply([["A"]], [{}]) == [["a"]]
    assert pipeline().apply([["A"]], [{}]) == [["A"]]


def test_a_class_and_a_reference_are_filters(tmp_path):
    source = (
        "class Twice:\n    def __init__(self, mark=''):\n        self.mark = mark\n"
        "    def apply(self, resps, docs):\n        return (r[0] * 2 + self.mark for r in resps)\n"
        "def first(resps, docs):\n    return map(lambda r: r[0], resps)\n"
    )
    (tmp_path / "utils.py").write_text(source)
    twice = {"function": Ref(str(tmp_path), "utils.Twice"), "mark": "!"}
    assert pipeline(twice).apply([["a"]], [{}]) == ["aa!"]
    custom = {"function": "custom", "filter_fn": Ref(str(tmp_path), "utils.first")}
    assert pipeline(custom).apply([["a"]], [{}]) == ["a"]


def test_a_filter_is_made_anew_for_each_run():
    class Counting(Filter):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.seen = 0

        def apply(self, resps, docs):
            self.seen += 1
            return [self.seen for _ in resps]

    built = pipeline({"function": Counting, "any": "setting"})
    assert [built.apply([["a"]], [{}]), built.apply([["a"]], [{}])] == [[1], [1]]


@pytest.mark.parametrize(
    ("step", "message", "hint"),
    [
        ({"function": "take_frist"}, "no filter named 'take_frist'", "take_first"),
        ({"function": "zzz"}, "no filter named 'zzz'", "Known: "),
        ({"fonction": "regex"}, "names no function", "- function: NAME"),
        ("take_first", "names no function", ""),
        ({"function": 3}, "neither a name nor a class", ""),
        ({"function": "regex", "regex_patern": "x"}, "has no setting 'regex_patern'", "regex_pattern"),
        ({"function": "take_first", "k": 1}, "has no setting 'k'", "It has no settings."),
        ({"function": "take_first_k"}, "'take_first_k' of the pipeline 'test' cannot be made: TypeError", ""),
        ({"function": "regex", "regex_pattern": "("}, "is no regular expression", ""),
        ({"function": "custom", "filter_fn": "utils.f"}, "takes a function as filter_fn", ""),
        ({"function": dict}, "has no method 'apply(resps, docs)'", ""),
    ],
)
def test_mistakes_are_sentences_when_the_task_is_loaded(step, message, hint):
    with pytest.raises(UsageError) as caught:
        pipeline(step)
    assert message in str(caught.value)
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("filter_list", "message"),
    [
        ([], "is a list of pipelines"),
        ("regex", "is a list of pipelines"),
        ({"name": "x"}, "is a list of pipelines"),
        ([{"name": "x"}], "needs 'name' and 'filter'"),
        (["x"], "needs 'name' and 'filter'"),
        ([{"name": "x", "filter": {"function": "regex"}}], "is a list of steps"),
        ([{"name": "x", "filter": []}, {"name": "x", "filter": []}], "Two pipelines of filter_list are named 'x'"),
    ],
)
def test_a_list_of_another_shape_is_a_sentence(filter_list, message):
    with pytest.raises(UsageError) as caught:
        build_pipelines(filter_list)
    assert message in str(caught.value)


def test_checking_finds_all_errors_and_runs_no_code(tmp_path):
    steps = [{"function": "regx"}, {"function": "lowercas"}, {"function": Ref(str(tmp_path), "none.Here")}]
    assert len(check_filter_list([{"name": "x", "filter": steps}])) == 2
    assert check_filter_list(None) == ()


def test_a_filter_that_loses_a_request_is_a_sentence():
    def drop(resps, docs):
        return resps[1:]

    built = pipeline({"function": "custom", "filter_fn": drop})
    with pytest.raises(TaskError, match="'custom' of the pipeline 'test' gave 1 outcomes for 2 requests"):
        built.apply([["a"], ["b"]], [{}, {}])


def test_a_failing_filter_is_a_sentence():
    with pytest.raises(TaskError, match="'lowercase' of the pipeline 'test' failed: AttributeError"):
        pipeline({"function": "lowercase"}).apply([[3]], [{}])


def test_each_request_needs_its_document():
    with pytest.raises(ValueError, match="1 requests with 2 documents"):
        pipeline().apply([["a"]], [{}, {}])


@given(st.lists(st.lists(st.text(max_size=8), min_size=2, max_size=4), max_size=6), st.data())
def test_every_filter_gives_one_outcome_per_request(resps, data):
    names = [
        name
        for name in FILTERS
        if name not in ("custom", "take_first_k", "regex_pos", "map")
        and FILTERS.get(name).__module__.startswith("proctor.filters")
    ]
    steps = [
        {"function": name} for name in data.draw(st.lists(st.sampled_from(names), max_size=3)) if name != "take_first"
    ]
    docs = [{"choices": ["a", "b"]}] * len(resps)
    assert len(pipeline(*steps, {"function": "take_first"}).apply(resps, docs)) == len(resps)
