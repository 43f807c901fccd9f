"""``--env_file`` and the two names of one token."""

from __future__ import annotations

import pytest

from proctor.cli.environment import load_env_file, read_env_file, set_tokenizer_threads, share_token
from proctor.errors import UsageError


def test_lines_as_a_shell_reads_them(tmp_path):
    file = tmp_path / ".env"
    file.write_text(
        "# tokens\n\nHF_TOKEN=hf_abc\nexport A = 'x # y'\nB=\"two words\"  # why\nC=plain # why\nD=\nE=a#b\nF='open\n"
    )
    assert read_env_file(file) == {
        "HF_TOKEN": "hf_abc", "A": "x # y", "B": "two words", "C": "plain", "D": "", "E": "a#b", "F": "'open",
    }  # fmt: skip


def test_the_environment_wins(tmp_path):
    file = tmp_path / ".env"
    file.write_text("A=file\nB=file\n")
    environment = {"A": "mine"}
    load_env_file(file, environment)
    assert environment == {"A": "mine", "B": "file"}


def test_a_wrong_line_is_said_without_showing_it(tmp_path):
    file = tmp_path / ".env"
    file.write_text("A=1\nhf_secret_without_a_name\n")
    with pytest.raises(UsageError, match=r"\.env:2: expected NAME=value") as caught:
        read_env_file(file)
    assert "secret" not in str(caught.value)
    file.write_text("A=1\nB=secret\0\n")
    with pytest.raises(UsageError, match=r"\.env:2: the line holds a NUL character") as caught:
        read_env_file(file)
    assert "secret" not in str(caught.value)


def test_a_megabyte_of_spaces_is_read(tmp_path):
    """A pattern that tries every two of them would take days."""
    file = tmp_path / ".env"
    file.write_text("A=x" + " " * 1_000_000 + "y # said\n")
    assert read_env_file(file)["A"].endswith(" y")


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        read_env_file(tmp_path / "none")
    (tmp_path / "bytes").write_bytes(b"\xff\xff")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_env_file(tmp_path / "bytes")


@pytest.mark.parametrize("name", ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"])
def test_either_name_of_the_token_stands_for_both(name):
    environment = {name: "t"}
    share_token(environment)
    assert environment == {"HF_TOKEN": "t", "HUGGING_FACE_HUB_TOKEN": "t"}


def test_two_tokens_stay_two_and_none_stays_none():
    environment = {"HF_TOKEN": "a", "HUGGING_FACE_HUB_TOKEN": "b"}
    share_token(environment)
    assert environment == {"HF_TOKEN": "a", "HUGGING_FACE_HUB_TOKEN": "b"}
    empty: dict[str, str] = {}
    share_token(empty)
    assert empty == {}


@pytest.mark.parametrize(
    ("threads", "before", "added"),
    [
        (None, {}, {"TOKENIZERS_PARALLELISM": "true"}),
        (1, {}, {"TOKENIZERS_PARALLELISM": "false"}),
        (4, {"OMP_NUM_THREADS": "1"}, {"TOKENIZERS_PARALLELISM": "true", "RAYON_NUM_THREADS": "4"}),
        (None, {"OMP_NUM_THREADS": "1"}, {"TOKENIZERS_PARALLELISM": "false"}),
        (None, {"OMP_NUM_THREADS": "2,1"}, {"TOKENIZERS_PARALLELISM": "true"}),
        (None, {"RAYON_NUM_THREADS": "3"}, {"TOKENIZERS_PARALLELISM": "true"}),
        (4, {"TOKENIZERS_PARALLELISM": "false"}, {}),
    ],
)
def test_tokenizers_take_as_many_threads_as_the_rest(threads, before, added):
    environment = dict(before)
    set_tokenizer_threads(threads, environment)
    assert environment == before | added
