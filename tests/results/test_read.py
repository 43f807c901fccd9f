"""Results and samples files are read in one place, which needs no model, no data set and no task."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from proctor.errors import DataError, UsageError
from proctor.results.files import file_names
from proctor.results.read import (
    SampleLines,
    find_results_file,
    read_results,
    read_sample_at,
    read_samples,
    samples_beside,
    top_names,
)

STAMP = "2026-01-02T03-04-05.678901"
DOCUMENT = {"results": {"arc": {}}, "configs": {"arc": {}, "a/b": {}}, "config": {"random_seed": 0}}


def written(folder: Path, name: str, content: str = json.dumps(DOCUMENT)) -> Path:
    file = folder / name
    file.write_text(content, encoding="utf-8")
    return file


def test_a_folder_stands_for_its_newest_results(tmp_path):
    written(tmp_path, "results_2026-01-01T00-00-00.json")
    newest = written(tmp_path, f"results_{STAMP}.json")
    written(tmp_path, "results.txt")
    assert find_results_file(tmp_path) == newest
    assert find_results_file(newest) == newest


def test_without_a_results_file_the_place_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"no results_\*\.json in"):
        find_results_file(tmp_path)
    with pytest.raises(UsageError, match="neither a results file nor the number of a run"):
        find_results_file(tmp_path / "results_x.json")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "cannot be read as a results file"),
        ("[" * 100_000, "cannot be read as a results file"),
        ("[]", "it has no 'results'"),
        ('{"results": []}', "it has no 'results'"),
        ('{"results": {}, "configs": [1]}', r"its 'configs' is '\[1\]'"),
        ('{"results": {}, "n-shot": {"arc": "5"}}', "are not whole numbers"),
        ('{"results": {}, "config": {"fewshot_seed": true}}', "are not whole numbers"),
    ],
)
def test_what_is_no_results_file_is_refused_in_a_sentence(tmp_path, content, sentence):
    with pytest.raises(DataError, match=sentence):
        read_results(written(tmp_path, "results_x.json", content))


@pytest.mark.parametrize("name", [f"results_{STAMP}.json", f"mine_{STAMP}.json"])
def test_samples_are_found_by_the_stamp_of_their_results(tmp_path, name):
    file = written(tmp_path, name)
    arc = written(tmp_path, f"samples_arc_{STAMP}.jsonl", "")
    odd = written(tmp_path, f"samples_{file_names(['arc', 'a/b'])['a/b']}_{STAMP}.jsonl", "")
    written(tmp_path, "samples_arc_2026-01-01T00-00-00.jsonl", "")
    assert samples_beside(file, read_results(file)) == {"arc": arc, "a/b": odd}


def test_results_under_another_name_have_no_samples_of_another_run(tmp_path):
    file = written(tmp_path, "renamed.json")
    written(tmp_path, f"samples_arc_{STAMP}.jsonl", "")
    assert samples_beside(file, read_results(file)) == {}


def test_lines_of_samples_carry_their_numbers_and_a_broken_one_is_named(tmp_path):
    file = written(tmp_path, "samples.jsonl", '{"doc_id": 0}\n{"doc_id": 1}\n{"doc')
    lines = read_samples(file)
    assert [next(lines), next(lines)] == [(1, {"doc_id": 0}), (2, {"doc_id": 1})]
    with pytest.raises(DataError, match=r"Line 3 of .* is not JSON"):
        next(lines)
    file.write_bytes(b"\xff\xfe\x00x")
    with pytest.raises(DataError, match="is no samples file"):
        list(read_samples(file))
    with pytest.raises(DataError, match="cannot be read"):
        list(read_samples(tmp_path / "gone.jsonl"))


@pytest.mark.parametrize("text", ['{"doc_id": 0}\n{"doc_id": 1}\n', '[{"doc_id": 0}, {"doc_id": 1}]'])
def test_a_byte_order_mark_is_skipped(tmp_path, text):
    file = tmp_path / "samples.jsonl"
    for data in (text.encode("utf-8-sig"), gzip.compress(text.encode("utf-8-sig"))):
        file.write_bytes(data)
        assert list(read_samples(file)) == [(1, {"doc_id": 0}), (2, {"doc_id": 1})]
    file.write_bytes(text.encode("utf-8-sig"))
    lines = SampleLines(file)
    for number, value in lines:
        assert read_sample_at(file, number, lines.offset, lines.length) == value
    results = tmp_path / f"results_{STAMP}.json"
    results.write_text(json.dumps(DOCUMENT), encoding="utf-8-sig")
    assert read_results(results) == DOCUMENT


def test_the_names_that_were_asked_for_are_in_no_other_group():
    document = {"group_subtasks": {"all": ["few", "d"], "few": ["a", "b"], "empty": []}}
    assert top_names(document, ["a", "b", "c", "d"]) == ["all", "c"]


def test_reading_results_loads_nothing_heavy():
    code = (
        "import pkgutil, sys, importlib, proctor.results as room\n"
        "for one in pkgutil.iter_modules(room.__path__): importlib.import_module(f'proctor.results.{one.name}')\n"
        "print([name for name in ('torch', 'transformers', 'datasets', 'numpy', 'jinja2') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
