"""Words that are not used, and what to say instead: the glossary of CONTRIBUTING.md, kept by a check.

    python tools/glossary.py [FOLDER]

Looked at, below FOLDER (else the repository):

- names in src/proctor: files, and every identifier, split into its words (``_openShelf`` is "open shelf");
- messages in src/proctor: every text that is no docstring, whoever is given it (an error, the log, a table);
- docs/*.md in English, without their blocks of code.

A row of :data:`WORDS` is one word with its forms. Invariant: a word that has a row is used nowhere, but for
:data:`ALLOWED`, which stays shorter than the list of words. A word gets its row when its last
use is gone.

Exit status: 0 none found, 1 some found.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

WORDS = {
    "fault faults": "error",
    "heed heeds": "what is done: end_on_sigterm",
    "keeper keepers": "store, cache or sink",
    "knob knobs": "setting",
    "melt melts melted": "merge, merges",
    "recorded": "stored, cached or written",
    "seam seams": "boundary; token boundary",
    "sendable": "what is checked: UTF-8",
    "shelf shelves": "store",
    "told": "what it is (an error, a note, a reported value)",
    "verb verbs": "subcommand",
    "warden wardens": "supervisor",
}
"""The forms of a word, and what is said instead."""

ALLOWED: dict[str, tuple[str, ...]] = {}
"""By file, words that it may use: lm-eval's own names, and what is quoted from other programs."""

INSTEAD = {form: instead for forms, instead in WORDS.items() for form in forms.split()}
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_TEXTS = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


@dataclass(frozen=True, order=True)
class Use:
    """One use of a word: ``file`` is relative to the repository, ``line`` counts from 1."""

    file: str
    line: int
    word: str
    where: str

    def __str__(self) -> str:
        """As it is printed: a place that an editor opens, the word, and what to say instead."""
        return f"{self.file}:{self.line}: {self.word!r} in {self.where}; say instead: {INSTEAD[self.word]}"


def _unused(text: str) -> list[str]:
    """The words of a name or a sentence that have a row."""
    return [part.lower() for part in _PARTS.findall(text) if part.lower() in INSTEAD]


def _docstring_lines(source: str) -> set[int]:
    """The lines on which a text begins that stands as a statement of its own: a docstring, of a value too."""
    return {
        node.value.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }


def of_source(file: str, source: str) -> Iterator[Use]:
    """Uses in a Python file: its name, its identifiers, its texts.

    Args:
        file: Path of the file, relative to the repository.
        source: Its text; it must be valid Python.
    """
    for word in _unused(Path(file).stem):
        yield Use(file, 1, word, "the name of the file")
    explained = _docstring_lines(source)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME:
            for word in _unused(token.string):
                yield Use(file, token.start[0], word, f"the name {token.string}")
        elif token.type in _TEXTS and token.start[0] not in explained:
            for offset, line in enumerate(token.string.split("\n")):
                for word in _unused(line):
                    yield Use(file, token.start[0] + offset, word, "a message")


def of_page(file: str, text: str) -> Iterator[Use]:
    """Uses in a page of the documentation; blocks of code are left out."""
    prose = _FENCE.sub(lambda match: "\n" * match[0].count("\n"), text)
    for number, line in enumerate(prose.split("\n"), 1):
        for word in _unused(re.sub(r"`[^`]*`|\]\([^)]*\)", "", line)):
            yield Use(file, number, word, "the text")


def uses(root: Path) -> list[Use]:
    """All uses below ``root``, in the order of files and lines, without what is allowed."""
    found: list[Use] = []
    package = root / "src" / "proctor"
    for path in package.rglob("*.py"):
        if "benchmarks" not in path.relative_to(package).parts:
            found += of_source(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
    for path in (root / "docs").glob("*.md"):
        if not path.name.endswith(".ko.md"):
            found += of_page(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
    return sorted(use for use in found if use.word not in ALLOWED.get(use.file, ()))


def main(arguments: list[str]) -> int:
    """Print each use, and return the exit status."""
    found = uses(Path(arguments[0]) if arguments else ROOT)
    for use in found:
        print(use)
    if found:
        print(f"{len(found)} uses of words that CONTRIBUTING.md has another word for.", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
