"""Samples files as a source of responses."""

from __future__ import annotations

import pytest
from earlier_files import DOCUMENT, LINE, STAMP, write
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import DataError
from proctor.messages import Message
from proctor.records import Query, Record
from proctor.replay.samples import SamplesResponses
from proctor.results.encode import dumps
from proctor.results.schema import sample_line
from proctor.types import Generate, Loglikelihood, Rolling, RollingScore, Scores, Text

numbers = st.floats(allow_nan=False)
texts = st.text(st.characters(codec=None), max_size=8)
chats = st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), texts), min_size=1, max_size=3)
asked = st.one_of(
    st.builds(Loglikelihood, texts, st.lists(texts, min_size=1, max_size=3, unique=True).map(tuple)),
    st.builds(Rolling, texts),
    st.builds(
        Generate,
        texts | chats.map(tuple),
        st.fixed_dictionaries({"until": st.lists(texts, max_size=2), "temperature": numbers}),
    ),
)


@given(asked, st.data())
def test_what_a_samples_file_holds_is_found_to_the_bit(tmp_path_factory, request_, data):
    if isinstance(request_, Loglikelihood):
        response = Scores(tuple(data.draw(st.tuples(numbers, st.booleans())) for _ in request_.continuations))
    else:
        response = RollingScore(data.draw(numbers)) if isinstance(request_, Rolling) else Text(data.draw(texts))
    record = Record("t", 3, {}, "", request_.arguments, tuple((value,) for value in response.values), (), "f", {})
    file = tmp_path_factory.mktemp("samples") / "samples.jsonl"
    file.write_text(dumps(sample_line(record)) + "\n", encoding="utf-8")
    known = SamplesResponses()
    known.read("t", file)
    assert known.documents == {"t": [3]}
    assert known.find([Query("t", 3, 0, 0, request_)]).responses == [response]
    other = Generate("other", {}) if not isinstance(request_, Generate) else Rolling("x" * 9)
    assert known.find([Query("t", 3, 0, 0, other)]).responses == [None]


@pytest.mark.parametrize(
    "change",
    [
        {"doc_id": 2.7},
        {"doc_id": -1},
        {"doc_id": float("inf")},
        {"doc_id": True},
        {"doc_id": None},
        {"resps": [[["-1.0", "maybe"]]]},
        {"resps": [[[10**400, "True"]]]},
        {"resps": []},
        {"resps": 5},
        {"arguments": [[]]},
    ],
)
def test_samples_that_say_something_else(tmp_path, change):
    write(tmp_path, DOCUMENT, LINE | change)
    with pytest.raises(DataError, match=r"Line 1 of .* is no sample"):
        SamplesResponses().read("t", tmp_path / f"samples_t_{STAMP}.jsonl")
