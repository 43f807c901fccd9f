"""What a run stood on, without importing or starting anything heavy for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from proctor.results import env
from proctor.results.env import commit_of, environment, git_describe

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_all_facts_are_there(tmp_path):
    facts = environment(started=5.0, folder=tmp_path)
    assert list(facts) == [
        "git_hash", "date", "pretty_env_info", "transformers_version", "lm_eval_version", "upper_git_hash",
        "proctor_version",
    ]  # fmt: skip
    assert facts["date"] == 5.0
    assert facts["lm_eval_version"] == "0.4.13"
    assert facts["pretty_env_info"].startswith("PyTorch version: ")
    assert "Python version: " in facts["pretty_env_info"]


def test_nothing_heavy_is_imported():
    code = (
        "import sys\n"
        "from proctor.results.env import environment\n"
        "import proctor.results.files, proctor.results.table\n"
        "environment()\n"
        "print([name for name in ('torch', 'transformers', 'datasets', 'numpy', 'yaml', 'pytablewriter')\n"
        "       if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_commit_is_read_from_a_branch(tmp_path):
    (tmp_path / ".git" / "refs" / "heads").mkdir(parents=True)
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / ".git" / "refs" / "heads" / "main").write_text(COMMIT + "\n")
    assert commit_of(tmp_path) == COMMIT


def test_a_commit_is_read_from_packed_references(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / ".git" / "packed-refs").write_text(f"# pack-refs\n{COMMIT} refs/heads/main\n")
    assert commit_of(tmp_path) == COMMIT


def test_a_detached_commit_is_read_through_a_worktree_s_file(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "HEAD").write_text(COMMIT)
    (tmp_path / ".git").write_text("gitdir: real\n")
    assert commit_of(tmp_path) == COMMIT


@pytest.mark.parametrize("text", [None, b"ref: refs/heads/none", b"\xff\xfe", b""])
def test_no_commit_is_no_error(tmp_path, text):
    if text is not None:
        (tmp_path / ".git").mkdir()
        (tmp_path / ".git" / "HEAD").write_bytes(text)
    assert commit_of(tmp_path) is None


def test_without_git_the_folder_is_read(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text(COMMIT)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_describe(tmp_path) == COMMIT


def test_a_slow_git_is_not_waited_for(tmp_path, monkeypatch):
    def hang(*args, **kwargs):
        raise subprocess.TimeoutExpired("git", kwargs["timeout"])

    monkeypatch.setattr(env.subprocess, "run", hang)
    assert git_describe(tmp_path) is None


def test_a_folder_outside_of_git_has_no_commit(tmp_path):
    assert git_describe(tmp_path / "absent") is None
