"""What a terminal shows: a process in a real pseudo-terminal, and the rows that its output leaves there."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from unicodedata import combining, east_asian_width

_PIECE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b[()][0-9A-Z]|([\r\n\x08\x07])|(.)", re.DOTALL)


class Screen:
    """Rows of a terminal, those that have scrolled away included. Only what progress displays use is known."""

    def __init__(self, columns: int) -> None:
        self.columns, self.row, self.column = columns, 0, 0
        self.cells: list[dict[int, str]] = [{}]

    def feed(self, text: str) -> Screen:
        """Take output."""
        for match in _PIECE.finditer(text):
            numbers, command, control, letter = match.groups()
            if command:
                self._command(command, numbers)
            elif control == "\r":
                self.column = 0
            elif control == "\n":
                self._down()
            elif letter:
                self._put(letter)
        return self

    def _command(self, command: str, numbers: str) -> None:
        count = int(numbers) if numbers.isdecimal() else 1
        if command == "A":
            self.row = max(0, self.row - count)
        elif command == "B":
            self.row = min(len(self.cells) - 1, self.row + count)
        elif command == "K":
            first = 0 if numbers in ("1", "2") else self.column
            last = self.column if numbers == "1" else self.columns
            for place in [place for place in self.cells[self.row] if first <= place <= last]:
                del self.cells[self.row][place]
        elif command == "J":
            self.cells = self.cells[: self.row + 1]
        elif command not in "mhl":
            raise AssertionError(f"the terminal does not know CSI {numbers}{command}")

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.cells):
            self.cells.append({})

    def _put(self, letter: str) -> None:
        width = 0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1
        if self.column + width > self.columns:
            self.column = 0
            self._down()
        self.cells[self.row][self.column] = letter
        self.column += width

    @property
    def rows(self) -> list[str]:
        """The rows as text."""
        return ["".join(self._row(cells)) for cells in self.cells]

    def _row(self, cells: dict[int, str]) -> list[str]:
        found, place = list[str](), 0
        for column in sorted(cells):
            found.append(" " * max(0, column - place) + cells[column])
            place = column + (2 if east_asian_width(cells[column]) in "WF" else 1)
        return found


def shown_by(code: str, columns: int, *, seconds: float = 120.0) -> Screen:
    """Run Python code in a pseudo-terminal of so many columns; the screen at its end."""
    main, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    env = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "NO_COLOR")}
    env |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen([sys.executable, "-c", code], stdin=other, stdout=other, stderr=other, env=env)
    os.close(other)
    data, limit = b"", time.monotonic() + seconds
    while time.monotonic() < limit:
        if not select.select([main], [], [], 1.0)[0]:
            continue
        try:
            block = os.read(main, 65_536)
        except OSError:  # Linux: the other end was closed
            break
        if not block:
            break
        data += block
    os.close(main)
    if process.poll() is None and time.monotonic() >= limit:
        process.kill()
    assert process.wait(timeout=20) == 0, data.decode(errors="replace")
    return Screen(columns).feed(data.decode())
