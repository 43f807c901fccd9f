from __future__ import annotations

import math
import random
import struct

from proctor.html_report.cells import NONE, Cell, State
from proctor.html_report.collect import RunColumn, TaskQuestions
from proctor.html_report.columns import WEIGHTS, ColumnBuffer, add_columns, add_metrics


def task(*cells: Cell | None) -> TaskQuestions:
    made = TaskQuestions()
    for place in range(len(cells)):
        made.ids.append(10 + place)
        made.hashes.append("1f3a9c")
        made.golds.append((1,) if place else (0, 2))
        made.groups.append("x" if place else "")
    made.runs[0] = RunColumn(list(cells), metrics=(("acc", "none"), ("acc_norm", "none")))
    return made


def test_every_column_begins_at_a_multiple_of_four():
    buffer = ColumnBuffer()
    assert [buffer.add(b"abc"), buffer.add(b"defgh"), buffer.add(b"")] == [0, 4, 12]
    assert buffer.bytes() == b"abc\0defgh\0\0\0"


def test_numbers_are_stored_as_what_differs_from_what_is_expected():
    buffer = ColumnBuffer()
    right, odd = Cell(State.RIGHT, (1.0,), 1, bytes([20, 0]), 9), Cell(State.WRONG, (0.0,), 0, bytes([20, 0]), 9)
    found = add_columns(buffer, [task(right, right, odd, None)], 1, ["", "x"])
    data = buffer.bytes()
    assert struct.unpack_from("<4i", data, found["id"]) == (10, 1, 1, 1)
    assert data[found["hash"] : found["hash"] + 3].hex() == "1f3a9c"
    assert list(data[found["gold"] : found["gold"] + 4]) == [0, 1, 1, 1]
    assert found["golds"] == {0: [0, 2]}
    assert list(data[found["k"] : found["k"] + 4]) == [2, 2, 2, 0]
    assert struct.unpack_from("<4H", data, found["by"]) == (0, 1, 1, 1)
    run = found["runs"][0]
    # The second: its pick is the likeliest option and the right one, so both are 0.
    assert list(data[run["picked"] : run["picked"] + 4]) == [0, 0, 255, 0]
    assert list(data[run["state"] : run["state"] + 4]) == [1, 0, 0, State.ABSENT]
    # Of the first question option 0 is right and therefore the first in rank; of the others it is option 1.
    assert list(data[run["ranks"] : run["ranks"] + 4]) == [1, 0, 0, NONE]
    assert list(data[run["steps"] : run["steps"] + 4]) == [20, 20, 20, 0]
    # exp(-1) beside 1: where nothing else is written, the code is 16 log2(1 + log(1 + 1/e)) = 6.3.
    assert list(data[run["best"] : run["best"] + 4]) == [3, 3, 3, NONE]


def test_scores_that_are_the_state_are_not_stored():
    buffer = ColumnBuffer()
    cells = (Cell(State.RIGHT, (1.0, 0.5)), Cell(State.WRONG, (0.0, None)), Cell(State.UNREAD, (0.0, 1e300)))
    rows = add_metrics(buffer, task(*cells), 0)
    assert rows[0] == {"n": "acc", "f": "none"}
    values = struct.unpack_from("<3f", buffer.bytes(), rows[1]["c"])
    assert values[0] == 0.5
    assert values[1] != values[1]
    assert values[2] == float("inf")
    assert add_metrics(buffer, task(*cells), 5) == []


def test_a_run_is_stored_by_its_distance_from_the_one_that_it_is_like():
    buffer, source = ColumnBuffer(), random.Random(1)
    rows = [[Cell(State.RIGHT, (1.0,), 0, bytes([0, source.randrange(250)]), source.randrange(200)) for _ in range(400)]
            for _ in range(2)]  # fmt: skip
    rows.append([Cell(State.RIGHT, (1.0,), 0, bytes([0, cell.steps[1] + 1]), cell.best) for cell in rows[1]])
    exam = task(*rows[0])
    exam.runs[1], exam.runs[2] = RunColumn(rows[1]), RunColumn(rows[2])
    runs = add_columns(buffer, [exam], 3, [])["runs"]
    assert [(run.get("like"), run.get("beyond")) for run in runs] == [(None, None), (0, None), (1, 1)]
    assert buffer.bytes()[runs[2]["steps"] : runs[2]["steps"] + 400] == bytes([1]) * 400
    for run, own in zip(runs, rows, strict=True):
        stored = buffer.bytes()[run["best"] : run["best"] + 400]
        expected = [math.floor(0.5 + 16 * math.log2(1 + math.log(1 + WEIGHTS[cell.steps[1]]))) for cell in own]
        assert [(one + code) % NONE for one, code in zip(stored, expected, strict=True)] == [cell.best for cell in own]


def test_hundreds_of_options_keep_their_places():
    buffer = ColumnBuffer()
    many = Cell(State.RIGHT, (1.0,), 1, bytes(300), 9)
    found = add_columns(buffer, [task(many, many)], 1, [])
    assert buffer.bytes()[found["k"] : found["k"] + 2] == bytes([255, 255])
