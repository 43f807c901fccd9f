"""What the YAML parser and the file system complain of, as sentences with a place."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from proctor.causes import by_cause
from proctor.errors import Finding, did_you_mean, error_text
from proctor.files import read_bytes
from proctor.tasks.yaml_hints import advise


class UnusableYamlError(ValueError):
    """Valid YAML that cannot be a task file; the message is a sentence."""


def yaml_error(error: Exception, file: str) -> Finding:
    """The sentence for whatever went wrong while a task file was read."""
    import yaml

    if isinstance(error, OSError):
        return Finding(f"the file cannot be read: {error.strerror or error}.", file)
    if isinstance(error, UnusableYamlError):
        return Finding(str(error), file, 1)
    if isinstance(error, yaml.reader.ReaderError):
        return _encoding_error(error, file)
    if isinstance(error, yaml.MarkedYAMLError):
        return _syntax_error(error, file)
    return Finding(f"the file cannot be read: {error_text(error) or type(error).__name__}.", file)


def _encoding_error(error: Any, file: str) -> Finding:
    with suppress(OSError):
        line = read_bytes(file)[: error.position].count(b"\n") + 1
        # "control" says libyaml, "special" PyYAML's own reader.
        if "characters are not allowed" in error.reason:
            return Finding("the file holds a control character, which YAML does not allow.", file, line)
        return Finding(f"the file is not UTF-8 text: {error.reason}.", file, line, "Save it as UTF-8.")
    return Finding("the file is not UTF-8 text.", file)


def _syntax_error(error: Any, file: str) -> Finding:
    mark = error.problem_mark or error.context_mark
    line = None if mark is None else mark.line + 1
    problem, context = error.problem or "", error.context or ""
    if "could not determine a constructor for the tag" in problem:
        tag = problem.rpartition(" ")[2].strip("'")
        hint = did_you_mean(tag, ["!function"]) or "The only tag is !function module.name."
        return Finding(f"there is no tag {tag!r}.", file, line, hint)
    hint = None
    if line is not None:
        begun = None if error.context_mark is None else error.context_mark.line + 1
        line, hint = advise(problem, context, _lines(file), line, begun)
    parts = (problem, context) if context.startswith("while") else (context, problem)
    return Finding(f"this is not valid YAML: {' '.join(filter(None, parts))}.", file, line, hint)


def _lines(file: str) -> list[str]:
    with suppress(OSError):
        return read_bytes(file).decode("utf-8-sig", errors="replace").splitlines()
    return []


def first_lines(errors: Sequence[Finding], limit: int = 3) -> str:
    """The first few errors, one line each, for a warning or a hint; those of one cause are one."""
    errors = by_cause(errors)
    lines = [str(finding).partition("\n")[0] for finding in errors[:limit]]
    rest = len(errors) - len(lines)
    return "\n  ".join([*lines, f"... and {rest} more"] if rest else lines)
