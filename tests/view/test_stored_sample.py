"""A question comes from its file by offset; after the file has changed it is the right one, or a sentence."""

from __future__ import annotations

import os

import pytest
from stored_runs import choice_line, right_and_wrong, text_line, write_run

from proctor.errors import DataError, UsageError
from proctor.view.catalog import Catalog
from proctor.view.index_file import IndexFile
from proctor.view.indexing import Indexer
from proctor.view.stored_sample import QuestionAddress, stored_question


class Folder:
    """Runs with their index."""

    def __init__(self, folder):
        self.folder = folder
        self.catalog, self.index = Catalog([str(folder)]), IndexFile(folder / "i.sqlite")
        self.indexer = Indexer(self.catalog, self.index)
        self.indexer.update()

    def question(self, task, doc_id, mark=""):
        entries = sorted(self.catalog.entries(), key=lambda entry: entry.run.source)
        return stored_question(QuestionAddress(task, doc_id, mark), entries, self.index, self.indexer)

    def samples(self, run="a", task="t"):
        return next((self.folder / run).glob(f"samples_{task}_*"))


@pytest.fixture(params=[False, True], ids=["plain", "gzip"])
def folder(tmp_path, request):
    for name, pattern in (("a", "110"), ("b", "011")):
        write_run(tmp_path / name, {"t": right_and_wrong(pattern)}, compress=request.param)
    return Folder(tmp_path)


def test_a_question_with_what_each_run_made_of_it(folder):
    found = folder.question("t", 1)
    assert (found["question"], found["options"], found["doc_id"]) == ("Question 1?", ["one", "two", "three", "four"], 1)
    a, b = found["runs"]
    assert (a["scores"], b["scores"]) == ({"acc": 1.0}, {"acc": 1.0})
    assert a["prompt"] == "Question 1?\nAnswer:"
    assert len(a["loglikelihoods"]) == 4
    assert (a["response"], a["filtered"]) == (None, None)
    assert '"passage"' in found["document"]


def test_a_written_text_and_what_was_read_of_it(tmp_path):
    choice = choice_line(1, [float("-inf"), -1, float("nan"), -3], 0)
    write_run(tmp_path / "a", {"sums": [text_line(0, "so 4", "4", 1.0)], "t": [choice]})
    folder = Folder(tmp_path)
    written = folder.question("sums", 0)["runs"][0]
    assert (written["response"], written["filtered"], written["loglikelihoods"]) == ("so 4", "4", None)
    # JSON has no infinite numbers.
    assert folder.question("t", 1)["runs"][0]["loglikelihoods"] == [None, -1.0, None, -3.0]


def test_a_changed_file_gives_the_new_sample_though_nobody_brought_the_index_up_to_date(folder):
    lines = right_and_wrong("110")
    write_run(folder.folder / "a", {"t": lines[::-1]}, compress=folder.samples().suffix == ".gz")
    found = folder.question("t", 2)
    assert (found["question"], found["runs"][0]["scores"]) == ("Question 2?", {"acc": 0.0})


def test_even_where_size_and_time_are_as_they_were(tmp_path):
    write_run(tmp_path / "a", {"t": right_and_wrong("110")})
    folder = Folder(tmp_path)
    file = folder.samples()
    state, text = file.stat(), file.read_text()
    first, second, third = text.splitlines(keepends=True)
    file.write_text(third + first + second)
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert folder.question("t", 0)["question"] == "Question 0?"
    file.write_text(text.replace("Question 2?", "Question X?"))
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert folder.question("t", 2)["question"] == "Question X?"


def test_what_is_no_more_is_a_sentence(folder):
    with pytest.raises(UsageError, match="No chosen run has the question t/17"):
        folder.question("t", 17)
    with pytest.raises(UsageError, match="with the hash ffff"):
        folder.question("t", 0, "ffff")
    with pytest.raises(UsageError, match="No chosen run"):
        folder.question("../t", 0)
    write_run(folder.folder / "a", {"t": right_and_wrong("1")}, compress=folder.samples().suffix == ".gz")
    assert folder.question("t", 2)["runs"][0] is None
    folder.samples("b").unlink()
    with pytest.raises((UsageError, DataError)):
        folder.question("t", 2)
