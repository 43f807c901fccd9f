"""Bars in a real pseudo-terminal: lines of the log stand above them, whole, and no piece of a bar is left behind."""

from __future__ import annotations

import re

import pytest
from screen import Screen, shown_by

CODE = """
import logging, time
from proctor.cli.logs import set_up_logging
from proctor.run.progress import Bar
set_up_logging()
log = logging.getLogger("proctor")
whole = "12 % · 1,710 of 14,042 questions · 3 min left · acc so far 0.51 [0.49, 0.54]"
with Bar(40, "Answering", "requests") as bar:
    bar.whole = lambda width: "" if bar.done < 4 else whole[:width]
    for number in range(40):
        bar.advance()
        if number % 4 == 0:
            log.warning("begin%d %s end%d", number, TEXT, number)
        if number % 8 == 0:
            print(f"print{number} of other code", flush=True)
        time.sleep(0.03)
print("after")
"""
TEXTS = ("short", "서울은 대한민국의 수도이며 한강이 도시를 가로질러 흐른다" * 3, "latin words " * 20)


@pytest.mark.parametrize("columns", [24, 41, 80, 81, 132])
@pytest.mark.parametrize("text", TEXTS, ids=["short", "korean", "long"])
def test_log_lines_and_bars_alternate_and_nothing_is_torn(columns, text):
    rows = shown_by(CODE.replace("TEXT", repr(text)), columns).rows
    joined = re.sub(r"\s", "", "".join(rows))
    plain = re.sub(r"\s", "", text)
    for number in range(0, 40, 4):
        assert f"begin{number}{plain}end{number}" in joined
    for number in range(0, 40, 8):
        assert f"print{number}ofothercode" in joined
    bars = [at for at, row in enumerate(rows) if row.startswith("Answering")]
    assert len(bars) == 1
    assert rows[bars[0] + 1].startswith("12 %")
    assert [row for row in rows if "questions" in row] in ([], [rows[bars[0] + 1]])
    # The last thing that is drawn, below all lines of the log and above what follows.
    assert rows[bars[0] + 2].strip() == "after"


def test_the_screen_of_these_tests_is_a_terminal():
    assert Screen(4).feed("abcdef\r\x1b[1Ax").rows == ["xbcd", "ef"]
    assert Screen(4).feed("한국어").rows == ["한국", "어"]
    assert Screen(4).feed("abc\r\x1b[2Kd").rows == ["d"]
    assert Screen(9).feed("abc\r\n\x1b[1A\x1b[2Kx\n").rows == ["x", ""]
