"""Whatever stands in a file, the outcome is a task or one of our own errors."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.errors import ProctorError
from proctor.new.folder import task_files
from proctor.new.plan import plan_task
from proctor.new.request import request_of

WORDS = [
    "question",
    "문제",
    "A",
    "B",
    "C",
    "보기",
    "①",
    "②",
    "answer",
    "정답",
    "label",
    "id",
    "지문",
    "",
    "split",
    "subject",
    "x",
]
CELLS = [
    "A",
    "B",
    "①",
    "나",
    "1",
    "2",
    "0",
    "A,B",
    "① a ② b",
    "['a', 'b']",
    "[",
    '"',
    "{}",
    "a\nb",
    "=1",
    "\x00",
    "\u2028",
    "정답: ①",
    "  ",
]
cells = st.one_of(st.sampled_from(CELLS), st.text(max_size=8))
tables = st.lists(st.lists(cells, min_size=1, max_size=7), min_size=0, max_size=6)


def outcome(path, **flags):
    try:
        plan = plan_task(request_of({"name": "exam", "source": str(path), **flags}))
    except ProctorError:
        return
    for name, text in task_files(plan).items():
        if name.endswith(".jsonl"):
            for line in filter(None, text.split("\n")):
                document = json.loads(line)
                golds = document["answer"] if isinstance(document["answer"], list) else [document["answer"]]
                assert all(0 <= gold < len(document["choices"]) for gold in golds)
                assert document["question"].strip()
                assert len(document["choices"]) > 1


@settings(max_examples=150)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=7), tables, st.sampled_from(",;\t|"), st.booleans())
def test_any_cells(tmp_path_factory, header, rows, separator, skip):
    path = tmp_path_factory.mktemp("odd") / "t.csv"
    lines = [separator.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [header, *rows]]
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    outcome(path, skip_bad=skip, several="any")


@settings(max_examples=100)
@given(st.binary(max_size=80), st.sampled_from(["csv", "tsv", "json", "jsonl", "parquet", "xlsx"]))
def test_any_bytes(tmp_path_factory, data, suffix):
    path = tmp_path_factory.mktemp("odd") / f"t.{suffix}"
    path.write_bytes(data)
    outcome(path)


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(CELLS)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(WORDS), inner, max_size=4)),
    max_leaves=8,
)


@settings(max_examples=150)
@given(st.lists(st.dictionaries(st.sampled_from(WORDS), values, max_size=6), max_size=4))
def test_any_json(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("odd") / "t.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    outcome(path, several="any")
