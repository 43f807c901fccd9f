"""The environment that libraries look at when they are imported: ``--env_file``, tokens, threads."""

from __future__ import annotations

import os
import re
from collections.abc import MutableMapping
from pathlib import Path

from proctor.encodings import UndecodableError, read_text
from proctor.errors import UsageError

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")


def load_env_file(path: str | Path, environment: MutableMapping[str, str] | None = None) -> None:
    """Take over the file's variables; one that is set already stays as it is."""
    target = os.environ if environment is None else environment
    for name, value in read_env_file(path).items():
        # The shell's own value comes first.
        target.setdefault(name, value)


def share_token(environment: MutableMapping[str, str] | None = None) -> None:
    """Let either name of the Hugging Face token stand for both."""
    target = os.environ if environment is None else environment
    token = next((target[name] for name in _TOKENS if target.get(name)), None)
    if token:
        for name in _TOKENS:
            target[name] = target.get(name) or token


def set_tokenizer_threads(threads: int | None, environment: MutableMapping[str, str] | None = None) -> None:
    """Let fast tokenizers encode a batch in parallel, on as many threads as everything else may use.

    What the environment says of them already stays. Saying so keeps the library from a warning
    about processes that are forked later.
    """
    target = os.environ if environment is None else environment
    if "TOKENIZERS_PARALLELISM" in target:
        return
    bound = str(threads) if threads else target.get("RAYON_NUM_THREADS") or target.get("OMP_NUM_THREADS", "")
    # Unset, the library encodes in parallel until it sees a fork, then warns and stops doing so.
    target["TOKENIZERS_PARALLELISM"] = "false" if bound == "1" else "true"
    if bound.isdecimal() and bound != "1":
        target.setdefault("RAYON_NUM_THREADS", bound)


def read_env_file(path: str | Path) -> dict[str, str]:
    """The variables of a file as a shell would read its ``NAME=value`` lines; nothing is expanded."""
    try:
        text = read_text(path)
    except OSError as error:
        raise UsageError(f"The file of --env_file {path} cannot be read: {error.strerror or error}.") from None
    except UndecodableError as error:
        raise UsageError(f"The file of --env_file {path} {error.reason} (line {error.line}).") from None
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            # The line itself is not shown: it may be a secret.
            raise UsageError(f"{path}:{number}: expected NAME=value, a comment or an empty line.")
        if "\0" in line:
            raise UsageError(f"{path}:{number}: the line holds a NUL character, which no variable can.")
        values[match[1]] = _value(match[2])
    return values


def _value(text: str) -> str:
    """Take off quotes, or what follows `` #``."""
    if text[:1] in ("'", '"'):
        end = text.find(text[0], 1)
        if end > 0:
            return text[1:end]
    comment = re.search(r"\s#", text)
    return (text[: comment.start()] if comment else text).strip()
