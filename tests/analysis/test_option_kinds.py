"""Kinds of options in three languages: what must stay, what must move, and how many there are in real exams."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.analysis.option_kinds import KINDS, ItemKind, is_sorted, item_kind, kept, option_kind, speaking_positions


@pytest.mark.parametrize(
    "option",
    [
        "“None of the above.”",
        "  ALL   of the above ",
        "Any of these",
        "Either of these",
        "None of the options given is correct",
        "all of above.",
        "위의 보기 모두",
        "위 모두 해당",
        "전부 옳다",
        "해당사항 없음",
        "정답이 없다",
        "以上皆非",
        "上述都对",
        "都不是。",
    ],
)
def test_options_that_speak_of_the_others(option):
    assert option_kind(option) == "all_none"
    assert speaking_positions(["a", option]) == (1,)


@pytest.mark.parametrize(
    "option", ["(A), (B), and (C)", "Both A & C", "A and B only.", "②, ③", "㉠과 ㉡", "A 및 C", "Options A and B"]
)
def test_options_that_name_others(option):
    assert option_kind(option) == "ref"


@pytest.mark.parametrize(
    "option",
    [
        "",
        "is easier and faster to use, since only two choices are available",
        "We gain some things and lose others at every age",
        "None of these theories explains why the rate of change differs so much between both of the above groups",
        "a and b",
        "Vitamin A, B and C",
        "모두 같은 속도로 회전하며 방향만 다르다",
        "위 전체에 걸쳐 분포하는 신경절",
        "다같이 부르는 노래",
        "以上海为中心的全国城市群规划方案及其对周边地区的影响",
        "K and L",
    ],
)
def test_options_that_move(option):
    assert option_kind(option) is None


@pytest.mark.parametrize(
    "options",
    [
        ["$1,000", "$2,500", "$10,000"],
        ["9.8 m/s^2", "4.9 m/s^2", "1.6 m/s^2"],
        ["20m2", "30m2", "40m2"],
        ["1 day", "2 days", "3 days"],
        ["-3", "−1", "0", "2.5"],
        ["약 10일", "약 20일", "약 30일"],
        [".5", "0.75", "1."],
    ],
)
def test_sorted_numbers(options):
    assert is_sorted(options)
    assert is_sorted(options[::-1])
    assert item_kind(options).kind == "sorted"


@pytest.mark.parametrize(
    "options",
    [
        ["1", "2"],
        ["1", "1", "2"],
        ["1", "3", "2"],
        ["1 km", "2 m", "3 km"],
        ["20 and 30", "30 and 40", "40 and 50"],
        ["E4303", "E4311", "E4313"],
        ["one", "two", "three"],
        ["1²", "²", "3"],
        ["1", "2", "three"],
    ],
)
def test_what_is_no_sorted_list(options):
    assert not is_sorted(options)


def test_few_options_that_can_move_are_fixed():
    assert item_kind(["yes"]).kind == "fixed"
    assert item_kind(["Paris", "None of the above"]).kind == "fixed"
    assert item_kind(["True", "False"]).kind == "free"


def test_a_stem_that_names_options_fixes_them():
    assert item_kind(["x", "y"], "Is option A better than option B?").kind == "fixed"
    assert item_kind(["x", "y"], "Option I gives a sure return. Option II does not.").kind == "free"
    assert item_kind(["x", "y"], "The answer a student gave").kind == "free"


def test_kinds_that_are_not_kept_are_free():
    pinned = ItemKind("pinned", (3,))
    assert kept(pinned, KINDS) is pinned
    assert kept(pinned, ("sorted", "pinned")) is pinned
    assert kept(pinned, ()) == ItemKind("free")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "columns", "documents", "expected", "room"),
    [
        ("cais/mmlu", ("question", None), 14_042, {"pinned": 597, "fixed": 63, "sorted": 668}, 10),
        # 3,227 in the specification, which leaves out numbers of m2, m3, kg/cm2 and those with "약" or ± before them.
        ("HAERAE-HUB/KMMLU", ("question", "ABCD"), 19_600, {"pinned": 2, "fixed": 3, "sorted": 3_640}, 10),
        ("haonan-li/cmmlu", ("Question", "ABCD"), 5_664, {"pinned": 50, "fixed": 0, "sorted": 18}, 5),
    ],
)
def test_real_exams_have_as_many_as_the_specification_counts(shared_hub, folder, columns, documents, expected, room):
    counts, n = Counter(), 0
    for file in sorted((shared_hub / folder).glob("*/test.jsonl")):
        if file.parent.name == "all":
            continue
        for line in file.read_text(encoding="utf-8").rstrip("\n").split("\n"):
            row = json.loads(line)
            options = [str(row[letter]) for letter in columns[1]] if columns[1] else row["choices"]
            counts[item_kind(options, row[columns[0]]).kind] += 1
            n += 1
    assert n == documents
    assert {kind: abs(counts[kind] - count) <= room for kind, count in expected.items()} == dict.fromkeys(
        expected, True
    )


def test_the_quick_look_misses_none_of_the_vectors():
    vectors = json.loads((Path(__file__).parent / "honest_vectors.json").read_text(encoding="utf-8"))["vectors"]
    for option in vectors["orders.option_kinds"]["input"]["all_none"]:
        assert speaking_positions(["x", option, "y"]) == (1,), option
    assert speaking_positions(["all cats", "both dogs", "모두 같은 속도로 회전하며 방향만 다르다"]) == ()


@settings(max_examples=300)
@given(
    before=st.sampled_from(["", " ", "\t", '"', "the ", "Both a and "]),
    text=st.sampled_from(
        ["all of the above", "NONE of these", "no  correct answer", "neither", "Any of them", "two of the others",
         "most of those answers", "둘 다", "以上皆是", "nothing", "small", "a and b", "both"]
    ),
    after=st.sampled_from(["", ".", " are correct", "\r"]),
    others=st.lists(st.sampled_from(["x", "company", "an alternative", "3", "물"]), max_size=3),
)  # fmt: skip
def test_the_quick_look_hides_no_option_that_speaks_of_others(before, text, after, others):
    options = [*others, before + text + after]
    by_each = tuple(place for place, option in enumerate(options) if option_kind(option) == "all_none")
    assert speaking_positions(options) == by_each
