"""Frames survive the way there; nothing but a frame is read."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.messages import Message
from proctor.models.pool.frames import (
    BeatFrame,
    ByeFrame,
    CloseFrame,
    DoneFrame,
    EndFrame,
    ErrorFrame,
    FrameError,
    LoadFrame,
    OpenFrame,
    ResponsesFrame,
    StopFrame,
    WorkFrame,
    decode,
    encode,
)
from proctor.types import (
    Choice,
    Choose,
    Generate,
    Loglikelihood,
    Refusal,
    Rolling,
    RollingScore,
    Scores,
    Text,
    Usage,
)

TEXTS = st.text(st.characters(), max_size=8)  # half of a surrogate pair, too
FLOATS = st.floats(allow_nan=False)
COUNTS = st.integers(0, 2**40)
CHATS = st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), TEXTS, TEXTS)).map(tuple)
JSON = st.recursive(
    st.none() | st.booleans() | COUNTS | FLOATS | TEXTS, lambda one: st.lists(one) | st.dictionaries(TEXTS, one)
)
USAGES = st.none() | st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
REQUESTS = st.one_of(
    st.builds(Loglikelihood, TEXTS, st.lists(TEXTS).map(tuple)),
    st.builds(Rolling, TEXTS),
    st.builds(Generate, TEXTS | CHATS, st.dictionaries(TEXTS, JSON)),
    st.builds(Choose, TEXTS | CHATS, st.lists(TEXTS).map(tuple), st.lists(TEXTS).map(tuple)),
)
RESPONSES = st.one_of(
    st.builds(Scores, st.lists(st.tuples(FLOATS, st.booleans())).map(tuple), st.none() | st.lists(COUNTS).map(tuple)),
    st.builds(RollingScore, FLOATS),
    st.builds(Text, TEXTS, st.sampled_from([None, "stop", "length"]), USAGES, st.booleans()),
    st.builds(
        Choice, st.none() | COUNTS, TEXTS, st.just("letters"), TEXTS, st.none(), USAGES,
        st.none() | st.lists(FLOATS).map(tuple), st.lists(COUNTS).map(tuple), st.none() | FLOATS,
    ),
    st.builds(Refusal, TEXTS, st.booleans()),
)  # fmt: skip
FRAMES = st.one_of(
    st.sampled_from(
        [BeatFrame(), LoadFrame(), LoadFrame(2), CloseFrame(), StopFrame(), ByeFrame(), EndFrame(True), EndFrame(False)]
    ),
    st.builds(OpenFrame, st.dictionaries(TEXTS, JSON), COUNTS),
    st.builds(WorkFrame, COUNTS, st.lists(REQUESTS).map(tuple), st.lists(COUNTS).map(tuple), COUNTS, TEXTS),
    st.builds(ResponsesFrame, COUNTS, st.lists(st.tuples(COUNTS, RESPONSES)).map(tuple)),
    st.builds(DoneFrame, COUNTS, st.dictionaries(TEXTS, JSON)),
    st.builds(ErrorFrame, COUNTS, TEXTS, st.none() | TEXTS, st.none() | COUNTS),
)


@given(FRAMES)
def test_what_was_encoded_comes_out_equal(frame):
    again = decode(encode(frame))
    assert again == frame
    assert repr(again) == repr(frame)  # usage and tokens, too, which are no part of equality; tuples stay tuples


def test_numbers_that_are_none_arrive():
    frame = decode(encode(ResponsesFrame(1, ((0, Scores(((math.nan, True), (-math.inf, False)))),))))
    (_, scores) = frame.pairs[0]
    assert math.isnan(scores.values[0][0])
    assert scores.values[1] == (-math.inf, False)


def test_a_task_may_call_its_own_arguments_as_it_likes():
    kwargs = {"class": "ByeFrame", "plain": {"class": "WorkFrame"}, "until": ["\n", ["x"]]}
    assert decode(encode(WorkFrame(1, (Generate("a", kwargs),), (0,), 1))).requests[0].kwargs == kwargs


@given(st.binary(max_size=40))
def test_bytes_are_a_frame_or_an_error(data):
    with pytest.raises(FrameError):
        decode(data)


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        {"class": "Nothing"},
        {"class": "Text", "text": "a"},
        {"class": ["EndFrame"]},
        {"class": "EndFrame"},
        {"class": "EndFrame", "failed": "yes"},
        {"class": "EndFrame", "failed": True, "more": 1},
        {"class": "OpenFrame", "settings": [1]},
        {"class": "OpenFrame", "settings": {"name": "hf"}},
        {"class": "DoneFrame", "number": "1", "report": {"plain": {}}},
        {"class": "ResponsesFrame", "number": 1, "pairs": [[0]]},
        {"class": "ResponsesFrame", "number": 1, "pairs": [[0, {"class": "ByeFrame"}]]},
        {"class": "ResponsesFrame", "number": 1, "pairs": [["0", {"class": "RollingScore", "logprob": 1.0}]]},
        {
            "class": "ResponsesFrame",
            "number": 1,
            "pairs": [[0, {"class": "Generate", "prompt": "", "kwargs": {"plain": {}}}]],
        },
        {
            "class": "WorkFrame",
            "number": 1,
            "requests": [{"class": "os.system"}],
            "missing": [],
            "seed": 1,
            "digest": "",
        },
        {"class": "WorkFrame", "number": 1, "requests": ["a"], "missing": [], "seed": 1, "digest": ""},
        {"class": "WorkFrame", "number": 1, "requests": [], "missing": ["a"], "seed": 1, "digest": ""},
        {"class": "WorkFrame", "number": 1, "requests": [{"no": "class"}], "missing": [], "seed": 1, "digest": ""},
    ],
)
def test_json_that_is_no_frame_is_an_error(value):
    with pytest.raises(FrameError, match="no frame"):
        decode(json.dumps(value).encode())


def test_deep_json_is_an_error():
    with pytest.raises(FrameError):
        decode(b"[" * 100_000)


@pytest.mark.parametrize("value", [object(), {1, 2}, b"x"])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(FrameError, match="WorkFrame cannot be sent"):
        encode(WorkFrame(1, (Generate("a", {"stop": value}),), (0,), 1))
