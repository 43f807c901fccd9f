"""The example's shuffle: its three functions agree, repeat, and move choices about."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "custom_mmlu"
_spec = importlib.util.spec_from_file_location("custom_mmlu_functions", EXAMPLE / "utils.py")
assert _spec is not None
assert _spec.loader is not None
shuffle = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(shuffle)

lines = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=30)
docs = st.fixed_dictionaries(
    {"question": lines, "choices": st.lists(lines, min_size=4, max_size=4), "answer": st.integers(0, 3)}
)


def doc_number(number: int) -> dict:
    return {"question": f"Question {number}?", "choices": ["one", "two", "three", "four"], "answer": number % 4}


@given(docs)
def test_the_letter_of_the_target_stands_before_the_right_choice(doc):
    *question, a, b, c, d, last = shuffle.shuffle_and_format_choices(doc).split("\n")
    letter = shuffle.get_shuffled_choice_labels(doc)[shuffle.get_shuffled_target(doc)]
    shown = dict(line.split(". ", 1) for line in (a, b, c, d))

    assert shown[letter] == doc["choices"][doc["answer"]]
    assert sorted(shown.values()) == sorted(doc["choices"])
    assert list(shown) == shuffle.get_shuffled_choice_labels(doc) == ["A", "B", "C", "D"]
    assert (question, last) == ([doc["question"].strip()], "Answer:")


@given(docs)
def test_the_document_alone_decides(doc):
    before = (doc["question"], list(doc["choices"]), doc["answer"])
    first = shuffle.shuffled_order(doc)
    assert shuffle.shuffled_order(dict(doc)) == first
    assert shuffle.shuffled_order(doc | {"answer": 0, "subject": "other"}) == first
    assert (doc["question"], doc["choices"], doc["answer"]) == before


def test_another_process_shows_the_same_order():
    code = (
        "import utils; print([utils.shuffled_order({'question': str(n), 'choices': list('wxyz')}) for n in range(9)])"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=EXAMPLE,
            env={"PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1


def test_orders_differ_between_documents_and_spread_the_answer():
    n_docs = 4000
    orders = Counter(tuple(shuffle.shuffled_order(doc_number(n))) for n in range(n_docs))
    targets = Counter(shuffle.get_shuffled_target(doc_number(n)) for n in range(n_docs))
    assert len(orders) == 24
    assert all(abs(count - n_docs / 24) < 70 for count in orders.values())
    assert all(abs(count - n_docs / 4) < 140 for count in targets.values())


def test_another_shuffle_is_a_word_away(monkeypatch):
    before = [shuffle.shuffled_order(doc_number(n)) for n in range(20)]
    monkeypatch.setattr(shuffle, "SHUFFLE", "2")
    assert [shuffle.shuffled_order(doc_number(n)) for n in range(20)] != before
