from __future__ import annotations

import json

from report_pages import unpacked

from proctor.html_report.cells import Cell, State
from proctor.html_report.collect import RunColumn, TaskQuestions
from proctor.html_report.references import MARK
from proctor.html_report.spool import Spool
from proctor.html_report.texts import LEVELS, SAMPLE, chosen, head_of, text_blocks


def exam(spool: Spool, count: int, states: list[State] | None = None) -> TaskQuestions:
    made = TaskQuestions()
    column = made.runs[0] = RunColumn(head="Shots.\n\nQ")
    for place in range(count):
        question, options = f"Question {place}?", ["yes", "no"]
        document = json.dumps({"question": question, "choices": options})
        made.ids.append(place)
        made.texts.append(spool.add([question, options, document, f"Shots.\n\n{question}\nA. yes\nB. no", None]))
        column.cells.append(Cell(states[place] if states else State.RIGHT, ()))
        column.extras[place] = spool.add(["x" * 3000, "x", None])
    return made


def rows_of(blocks, name):
    return json.loads(unpacked(next(block.text for block in blocks if block.name == name)).decode())


def test_documents_and_prompts_stand_once():
    with Spool() as spool:
        blocks, starts = text_blocks([exam(spool, 3)], spool, 1, LEVELS[0])
    found = rows_of(blocks, "texts-0")
    assert starts == [0]
    document = f'{{"question": {MARK}q, "choices": [{MARK}A, {MARK}B]}}'
    assert found["table"] == ["", document, f"{MARK}q\nA. {MARK}A\nB. {MARK}B"]
    assert found["rows"][2] == ["Question 2?", ["yes", "no"], 1, 2, 0]
    assert rows_of(blocks, "run-0-0")[0] == ["x" * 3000, "x", 0]


def test_each_level_has_less():
    with Spool() as spool:
        states = [State.WRONG, *[State.RIGHT] * 700]
        tasks = [exam(spool, 701, states)]
        sizes = []
        for level in LEVELS:
            blocks, _ = text_blocks(tasks, spool, 1, level)
            sizes.append(sum(len(block.text) for block in blocks))
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[-1] == 0
        assert len(chosen(tasks, LEVELS[3]) or ()) == SAMPLE + 1
        assert 0 in (chosen(tasks, LEVELS[3]) or ())
        assert chosen(tasks, LEVELS[0]) is None
        blocks, starts = text_blocks(tasks, spool, 1, LEVELS[3])
        some = [row for place in range(len(starts)) for row in rows_of(blocks, f"texts-{place}")["rows"]]
        assert sum(row[0] == 0 for row in some) == 200
        assert len(rows_of(text_blocks(tasks, spool, 1, LEVELS[2])[0], "run-0-0")[0][0]) == 2000


def test_blocks_end_with_many_questions_or_much_text():
    with Spool() as spool:
        _, starts = text_blocks([exam(spool, 2100)], spool, 1, LEVELS[1])
    assert len(starts) > 2
    assert starts[0] == 0
    assert starts == sorted(starts)


def test_a_head_ends_with_a_line():
    assert head_of("Shots.\n\nQ") == "Shots.\n\n"
    assert head_of(None) == ""
