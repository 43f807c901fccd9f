"""Which run a path means, what of it could not be read, and the flags of an analysis."""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys

import pytest
from stored_runs import right_and_wrong, write_run

from proctor.cli.stored_runs import add_analysis_flags, add_output, one_run, report_unread
from proctor.errors import ProctorError, UsageError
from proctor.results.open_runs import open_path

EARLY, LATE = "2026-01-02T03-04-05.678901", "2026-01-03T03-04-05.678901"


def test_a_file_is_its_run(tmp_path, caplog):
    file = write_run(tmp_path, {"quiz": right_and_wrong("1101")})
    run = one_run(str(file), None)
    assert list(run.tasks) == ["quiz"]
    assert not caplog.messages


def test_of_several_runs_the_newest_is_taken_and_that_is_said(tmp_path, caplog):
    write_run(tmp_path, {"old": right_and_wrong("1")}, stamp=EARLY)
    write_run(tmp_path, {"new": right_and_wrong("1")}, stamp=LATE)
    with caplog.at_level(logging.WARNING, "proctor"):
        run = one_run(str(tmp_path), None)
    [message] = caplog.messages
    assert message.startswith(f"{tmp_path} holds 2 runs; taken is the newest, ")
    assert LATE in message
    assert str(run.source) in message


def test_files_that_cannot_be_read_are_named(tmp_path, caplog):
    write_run(tmp_path, {"quiz": right_and_wrong("1")}, stamp=EARLY)
    (tmp_path / f"results_{LATE}.json").write_text("{", encoding="utf-8")
    with caplog.at_level(logging.WARNING, "proctor"):
        report_unread(open_path(str(tmp_path)))
    [message] = caplog.messages
    assert message.startswith("1 of 3 files left out: ")
    assert f"results_{LATE}.json" in message


def test_nothing_is_said_where_everything_was_read(tmp_path, caplog):
    report_unread(open_path(str(write_run(tmp_path, {"quiz": right_and_wrong("1")}))))
    assert not caplog.messages


@pytest.mark.parametrize("name", ["none.json", "empty"])
def test_a_path_without_a_run(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ProctorError, match=name):
        one_run(str(tmp_path / name), None)


def test_the_flags_of_an_analysis():
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_analysis_flags(parser)
    given = parser.parse_args(["--metric", "acc,none", "--tasks", "a,b", "c", "--cluster", "passage", "--json"])
    assert (given.metric, list(given.tasks), given.cluster) == ("acc,none", ["a", "b", "c"], "passage")
    assert (given.json, given.markdown) == (True, False)
    bare = parser.parse_args([])
    assert (bare.metric, bare.tasks, bare.cluster, bare.json, bare.markdown) == (None, None, None, False, False)
    with pytest.raises((argparse.ArgumentError, SystemExit, UsageError)):
        parser.parse_args(["--json", "--markdown"])


def test_a_file_that_is_written_is_named_alike_everywhere():
    parser = argparse.ArgumentParser()
    add_output(parser, "the file", default="x")
    assert [parser.parse_args([flag, "y"]).output for flag in ("-o", "--output", "--to")] == ["y"] * 3
    assert parser.parse_args([]).output == "x"


@pytest.mark.parametrize("subcommand", ["export", "report", "items", "probe"])
def test_all_subcommands_that_write_one_file_take_each_spelling(subcommand):
    from importlib import import_module

    parser = argparse.ArgumentParser()
    import_module(f"proctor.cli.{subcommand}").add_flags(parser)
    run = [] if subcommand == "probe" else ["results"]
    for flag in ("-o", "--output", "--to"):
        assert parser.parse_args([*run, flag, "t.csv"]).output == "t.csv"


def test_no_subcommand_that_reads_results_loads_what_runs_models(tmp_path):
    runs = [str(write_run(tmp_path / name, {"t": right_and_wrong("1101" * 5)})) for name in "ab"]
    page, table = str(tmp_path / "x.html"), str(tmp_path / "x.csv")
    words = [["report", *runs, "-o", page], ["compare", *runs, "--html", page], ["table", *runs], ["audit", runs[0]],
             ["gate", runs[0], "--baseline", runs[1]], ["export", *runs, "-o", table], ["items", *runs]]  # fmt: skip
    code = f"""
import sys
from proctor.cli.main import main
for words in {words!r}:
    assert main(words) in (0, 1, 3), words
    found = {{"torch", "datasets", "transformers", "numpy", "jinja2"}} & set(sys.modules)
    assert not found, (words, found)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
