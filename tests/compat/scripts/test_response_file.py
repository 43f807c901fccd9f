"""Responses cached by the hash of their request."""

from __future__ import annotations

import hashlib
import json

import numpy
import pytest

from proctor.compat.scripts.response_file import ResponseFile, hash_args
from proctor.errors import DataError


def test_a_key_is_the_digest_of_call_and_arguments():
    settings = ("why?", {"until": ["."], "temperature": 0})
    text = json.dumps(["generate_until", *settings])
    assert hash_args("generate_until", settings) == hashlib.sha256(text.encode()).hexdigest()
    assert hash_args("loglikelihood", settings) != hash_args("generate_until", settings)
    assert hash_args("generate_until", ("why?", {"until": ["."]})) != hash_args("generate_until", settings)
    one, same, other = (hash_args("generate_until", ("why?", {}, content)) for content in (b"a", b"a", b"b"))
    assert one == same != other
    with pytest.raises(TypeError, match="object has no key"):
        hash_args("generate_until", (object(),))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "folder" / "cache.db"


@pytest.mark.parametrize("value", [(-1.5, True), -2.25, "text \ud55c \n", None, (float("-inf"), False)])
def test_a_response_comes_back_as_it_was(file, value):
    ResponseFile(file)["key"] = value
    assert ResponseFile(file)["key"] == value


def test_it_is_a_mapping_on_disk(file):
    responses = ResponseFile(file)
    responses["a"], responses["b"] = 1, 2
    responses["a"] = 3
    assert (dict(responses), len(responses), "c" in responses) == ({"a": 3, "b": 2}, 2, False)
    del responses["a"]
    responses.commit()
    responses.close()
    assert dict(ResponseFile(file)) == {"b": 2}
    with pytest.raises(KeyError):
        ResponseFile(file)["a"]


def test_numbers_of_numpy_are_numbers(file):
    responses = ResponseFile(file)
    responses["a"] = (numpy.float32(-1.5), numpy.bool_(True))
    assert responses["a"] == (-1.5, True)
    assert type(responses["a"][0]) is float


def test_what_json_has_not_is_not_cached(file):
    responses = ResponseFile(file)
    with pytest.raises(TypeError, match="a response of type object cannot be cached"):
        responses["a"] = object()
    assert len(responses) == 0


@pytest.mark.parametrize("content", [b"a pickle of lm-eval" * 100, None])
def test_a_file_of_another_form_is_a_sentence(tmp_path, content):
    path = tmp_path / "cache.db"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(DataError, match="cannot be used as a cache of responses") as caught:
        ResponseFile(path)
    assert "choose another name" in (caught.value.hint or "")
    if content is not None:
        assert path.read_bytes() == content
