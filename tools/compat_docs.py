"""The page on compatibility: the counts of `compat.py`, and what is wrong with the task folder itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from compat_compare import ON_PURPOSE, VERDICTS, Finding, counts, failure

CHECKED: Mapping[str, str] = {
    "tasks by name": "the name is a task in both, defined by the same file, with the same tags",
    "groups by name": "the name is a group in both, defined by the same file",
    "tags by name": "the tag has the same tasks",
    "task configurations": "every field with its default, after includes: splits, prompts, few-shot, metrics, filters",
    "group trees": "the same tasks after expansion, with the group's overrides, aliases, versions and aggregations",
    "errors found by validate": "what `proctor validate --no_data` objects to is wrong in lm-eval too",
    "Python files": "a file named by `!function` that imports there imports here",
    "functions": "a `!function` or class that is found there is found here, and is the same kind of thing",
    "metrics and filters": "each task is built up to its data: the same metrics, aggregations and directions; "
    "all filters exist",
}
_HEAD = """\
# Compatibility with lm-evaluation-harness's tasks

`make compat` installs lm-evaluation-harness 0.4.13 beside proctor and compares the two on every task, group and tag of
its task folder, without any data. This page is what it wrote (`make compat COMPAT_ARGS='--write_docs
docs/compatibility.md'`). What differs on purpose is in [differences.md](differences.md); that prompts and figures are
equal is checked by `make parity`.
"""
_ENVIRONMENT = """\
Both sides ran with the packages of the extra `tasks` and without a network; what a task would download from the package
`evaluate` was replaced on both sides.
"""
_OWN_FAULTS = """\
## Errors of the task folder itself

Paths are below `lm_eval/tasks`. What is wrong here is wrong in lm-eval too: it fails, or it shows nothing where a
figure is meant.
"""
_MODULES = """\
## Python files that serve on neither side

They need a package that is not in the extra `tasks`, a program, or an older version of a package. Tasks that need these
files are refused with a sentence that says so.
"""


def page(findings: Sequence[Finding], peer: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """The whole page."""
    parts = [
        _HEAD,
        "## What was compared",
        _ENVIRONMENT,
        _counted(findings),
        "## Where they part",
        _purposes(findings, own["root"]),
    ]
    parts += [_OWN_FAULTS, _errors(_files(findings, peer, own), own["root"])]
    parts += [_MODULES, _errors(_modules(findings, peer, own), own["root"])]
    return "\n".join(parts)


def _counted(findings: Sequence[Finding]) -> str:
    lines = [f"| | compared | {' | '.join(VERDICTS.values())} | |", f"|---|{'---:|' * (1 + len(VERDICTS))}---|"]
    for what, count in counts(findings).items():
        cells = [f"{count.total():,}", *(f"{count[verdict]:,}" for verdict in VERDICTS)]
        lines.append(f"| {what} | {' | '.join(cells)} | {CHECKED[what]} |")
    return "\n".join(lines) + "\n"


def _purposes(findings: Sequence[Finding], root: str) -> str:
    lines = [f"- `{one.name}` {ON_PURPOSE[one.name]}." for one in findings if one.verdict == "purpose"]
    lines += [
        f"- `{one.name}` works here only. lm-eval: `{_clean(one.peer, root)}`."
        for one in findings
        if one.verdict == "more" and one.what in ("task configurations", "group trees", "Python files")
    ]
    return "\n".join(lines) + "\n"


def _errors(rows: Iterable[tuple[str, str]], root: str) -> str:
    """A table of files with the first reason of each."""
    reasons: dict[str, dict[str, None]] = {}
    for file, reason in rows:
        reasons.setdefault(file, {})[_clean(reason, root)] = None
    lines = ["| file | what is wrong |", "|---|---|"]
    lines += [f"| `{file}` | {_cell(list(said))} |" for file, said in sorted(reasons.items())]
    return "\n".join(lines) + "\n"


def _cell(reasons: Sequence[str]) -> str:
    more = f"; and {len(reasons) - 2} more" if len(reasons) > 2 else ""
    return "; ".join(reasons[:2]).replace("|", "\\|") + more


def _files(findings: Sequence[Finding], peer: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with YAML files, the gravest first."""
    broken = {one.name: one.peer for one in findings if one.what == "group trees" and one.verdict == "corpus"}
    for name, error in broken.items():
        yield own["names"]["groups"][name]["file"], f"the group '{name}' cannot be built: {error}"
    unusable = {own["names"]["groups"][name]["file"] for name in broken}
    for one in findings:
        file = one.name.partition(":")[0]
        if one.what == "errors found by validate" and file not in unusable:
            yield file, one.own
    lost = {one.name for one in findings if one.what == "Python files" and one.verdict == "corpus"}
    for one in findings:
        file, _, function = one.name.rpartition(".")
        if one.what == "functions" and one.verdict == "corpus" and file not in lost:
            yield f"{file}.py", f"has no '{function}', which a task names"
    imports = {failure(row) for row in peer["functions"].values()}
    for name, row in own["live"].items():
        # A task whose Python file does not import is told there.
        if failure(row) and failure(peer["live"].get(name)) not in imports and not _class_file(own, name):
            yield own["names"]["tasks"][name]["file"], failure(row)
    for name, config in own["tasks"].items():
        for path in _private(config.get("dataset_kwargs")):
            yield own["names"]["tasks"][name]["file"], f"reads the private path {path}"
    for name, kept, other in own["twice"]:
        yield other, f"registers the name '{name}' again, which is {kept}'s"
    for file, _, message in own["verdict"]["notes"]:
        if "is there twice" in message or "names neither" in message or "does not end in .yaml" in message:
            yield file, message


def _class_file(own: Mapping[str, Any], name: str) -> str:
    """The Python file of a task that is written as a class."""
    said = own["tasks"][name].get("class") or {}
    return str(said.get("!function", "")).rpartition(".")[0]


def _modules(findings: Sequence[Finding], peer: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Python files that import on neither side, or whose classes cannot be made."""
    lost = [one for one in findings if one.what == "Python files" and one.verdict == "corpus"]
    yield from ((f"{one.name}.py", _why(one.peer)) for one in lost)
    for name, row in own["live"].items():
        file = _class_file(own, name)
        if file and failure(row) and file not in {one.name for one in lost}:
            yield f"{file}.py", _why(failure(peer["live"].get(name)))


def _why(error: str) -> str:
    """What a file needs that is not there, without the advice."""
    gone = re.search(r"No module named '([\w.]+)'", error)
    if gone and "." in gone[1]:
        return f"needs `{gone[1]}`, which the installed version of the package no longer has"
    if gone:
        return f"needs `{gone[1]}`"
    said = re.sub(r"^(ModuleNotFoundError|ImportError|AssertionError|SystemExit): (Error: )?", "", error)
    short = re.split(r"[.,]? ([Pp]lease|for evaluating|for generating|to run)\b|, install via", said)[0]
    return said if short.endswith(":") else short


def _private(value: Any) -> set[str]:
    return set(re.findall(r'"(/[^"]+)"', json.dumps(value))) if value else set()


def _clean(text: str, root: str) -> str:
    """One short line that says nothing of the machine it was written on."""
    text = text.replace(f"{root}/", "")
    text = re.sub(r"\s*\((/[^)]*)\)", "", text)
    text = re.sub(r"/\S*?/site-packages/(lm_eval/tasks/)?", "", text)
    return " ".join(text.split()).rstrip(".")[:240]
