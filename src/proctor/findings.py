"""What is wrong in a task file, with its place: errors are made of it, and equal ones are merged by cause."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One error of a task file: what is wrong, where (1-based line), and the remedy."""

    message: str
    file: str | None = None
    line: int | None = None
    hint: str | None = None

    def __str__(self) -> str:
        place = "" if self.file is None else f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        return f"{place}{self.message}" + (f"\n  {self.hint}" if self.hint else "")
