"""What a name of a file that is not there may have meant: files of the kind that is wanted, by their stems."""

from __future__ import annotations

import unicodedata

import pytest

from proctor.tasks.similar_names import did_you_mean_file, similar_file


@pytest.mark.parametrize(
    ("name", "there", "said"),
    [
        ("computer.csv", ["computer.jsonl", "compuler.csv"], "Did you mean 'computer.jsonl'?"),
        ("computer.csv", ["Computer.CSV", "computer.csv.gz"], "Did you mean 'Computer.CSV' or 'computer.csv.gz'?"),
        ("computer.csv", ["compuler.csv", "commuter.csv"], "Did you mean 'compuler.csv' or 'commuter.csv'?"),
        ("computer.csv", ["e.csv", "history.csv"], None),
        ("정보처리.csv", [unicodedata.normalize("NFD", "정보처리 .csv")], "Did you mean"),
    ],
)
def test_names_are_compared_without_case_form_and_suffix(name, there, said):
    found = did_you_mean_file(name, there)
    assert found == said if said is None else (found or "").startswith(said)


def test_only_what_is_wanted_is_named(tmp_path):
    for name in ("exam.yaml", ".exam.csv", "exam.tsv"):
        (tmp_path / name).touch()
    assert similar_file(str(tmp_path / "exam.csv"), lambda name: name.endswith("sv")) == "Did you mean 'exam.tsv'?"
    assert similar_file(str(tmp_path / "no" / "exam.csv"), lambda name: True) is None
    assert similar_file("\0/exam.csv", lambda name: True) is None
