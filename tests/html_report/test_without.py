from __future__ import annotations

import json

import pytest
from report_pages import page_of
from stored_runs import sha

from proctor.errors import UsageError


def exclusions(tmp_path, *lines):
    file = tmp_path / "flags.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return str(file)


def test_scores_without_documents_stand_beside_those_with_them(tmp_path, run):
    lines = [{"task": "exam_one", "doc_hash": sha(f"Question {i}?"), "flag": "bad_key"} for i in (2, 6)]
    page = page_of(run, exclude=exclusions(tmp_path, *lines))
    assert "The file of exclusions names 2 questions." in page.text
    assert "exam R1 0.7500 0.7692" in page.text
    assert "exam_one R1 0.7500 0.7895" in page.text


def test_none_of_them_may_be_there(tmp_path, run):
    page = page_of(run, exclude=exclusions(tmp_path, {"task": "else", "doc_hash": "0" * 64}))
    assert "None of them is in these runs." in page.text


def test_a_file_that_is_not_there_is_an_error(tmp_path, run):
    with pytest.raises(UsageError):
        page_of(run, exclude=str(tmp_path / "nothing.jsonl"))
