"""``lm_eval.loggers.utils``: facts of the environment, for scripts that write results themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from proctor.compat.scripts.lm_model import tokenizer_facts
from proctor.results.env import commit_of, environment, git_describe


def remove_none_pattern(input_string: str) -> tuple[str, bool]:
    """A metric's name without the name of the filter that does nothing, and whether it had it."""
    return input_string.removesuffix(",none"), input_string.endswith(",none")


def get_commit_from_path(repo_path: Path | str) -> str | None:
    """The commit that is checked out in a folder."""
    return commit_of(Path(repo_path))


def get_git_commit_hash() -> str | None:
    """What git calls the state of the working directory."""
    return git_describe(Path.cwd())


def add_env_info(storage: dict[str, Any]) -> None:
    """Add the versions of what is installed, and the commit of the folder above."""
    facts = environment()
    keys = ("pretty_env_info", "transformers_version", "lm_eval_version", "upper_git_hash")
    storage.update({key: facts[key] for key in keys})


def add_tokenizer_info(storage: dict[str, Any], lm: Any) -> None:
    """Add the special tokens of a model's tokenizer, if it has one."""
    storage.update(tokenizer_facts(lm))
