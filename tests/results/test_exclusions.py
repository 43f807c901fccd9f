"""Files of documents to leave out: what a line means, and what is wrong with one."""

from __future__ import annotations

import json

import pytest

from proctor.errors import UsageError
from proctor.results.exclusions import read_exclusions

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def write(folder, *lines):
    file = folder / "bad.jsonl"
    file.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines), "utf-8")
    return file


def test_items_with_flags_flags_of_a_report_and_lines_by_hand(tmp_path):
    file = write(
        tmp_path,
        {"task": "x", "doc_id": 3, "doc_hash": A, "flags": ["duplicate"], "difficulty": 0.5},
        {"task": "x", "doc_id": 4, "doc_hash": B, "flags": []},
        "",
        {"task": "y", "doc_hash": B, "flag": "bad key", "note": "정답이 둘"},
        {"task": "y", "doc_hash": C},
        {"task": "y", "doc_hash": C},
    )
    found = read_exclusions(file)
    assert found.hashes == {"x": {A}, "y": {B, C}}
    assert (found.documents, found.file) == (3, str(file))


def test_an_empty_file_leaves_nothing_out_and_a_mark_of_its_encoding_is_none(tmp_path):
    assert read_exclusions(write(tmp_path)).hashes == {}
    file = write(tmp_path, {"task": "x", "doc_hash": A})
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert read_exclusions(file).documents == 1


def test_an_unflagged_item_of_a_file_without_hashes_is_no_mistake(tmp_path):
    assert read_exclusions(write(tmp_path, {"task": "x", "doc_hash": None, "flags": []})).documents == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{not json", "bad.jsonl:2: it is no JSON object."),
        ("[1, 2]", "it is no JSON object"),
        ({"doc_hash": A}, "it names no 'task'"),
        ({"task": 7, "doc_hash": A}, "it names no 'task'"),
        ({"task": "x"}, "its 'doc_hash' is None, and not the 64 hexadecimal digits"),
        ({"task": "x", "doc_hash": "1f3a9c"}, "its 'doc_hash' is '1f3a9c'"),
        ({"task": "x", "doc_hash": A, "flags": "duplicate"}, "its 'flags' are no list, but 'duplicate'"),
    ],
)
def test_a_wrong_line_is_named_with_its_number(tmp_path, line, said):
    with pytest.raises(UsageError) as raised:
        read_exclusions(write(tmp_path, {"task": "x", "doc_hash": B}, line))
    assert said in str(raised.value)


def test_of_many_wrong_lines_the_first_are_named(tmp_path):
    with pytest.raises(UsageError) as raised:
        read_exclusions(write(tmp_path, *[{"task": ""}] * 8))
    assert raised.value.message.count("bad.jsonl:") == 5
    assert raised.value.message.endswith("and 3 more lines")


def test_what_is_no_file_is_a_sentence(tmp_path):
    with pytest.raises(UsageError, match=r"There is no file '.*gone.jsonl'"):
        read_exclusions(tmp_path / "gone.jsonl")
    with pytest.raises(UsageError, match="cannot be read as a file of documents to exclude"):
        read_exclusions(tmp_path)
