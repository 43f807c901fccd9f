"""The documents of a cell as texts, without task files and data sets: the stock tasks' prompts over generated rows.

A machine that is lent for ten minutes has torch and transformers, and often nothing that reads data sets. So prompts
are written here in the form of the stock tasks (MMLU's letters behind five examples of the subject, HellaSwag's
endings, gsm8k's questions behind five solved ones); what the rows are is :mod:`side_by_side.standin`'s affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from side_by_side.standin import Row, Writer, ending, problem, question

LETTERS = "ABCD"
SUBJECT_SIZES = (
    *(100, 135, 152, 100, 265, 144, 100, 100, 100, 173, 102, 100, 235, 114, 145, 378, 126, 100, 310, 203),
    *(100, 165, 198, 193, 390, 270, 238, 151, 545, 216, 204, 237, 223, 131, 121, 108, 163, 112, 103, 234),
    *(100, 783, 346, 895, 306, 311, 324, 282, 1534, 272, 612, 110, 245, 201, 100, 166, 171),
)
"""Documents of each of MMLU's 57 subjects, in the order of their names: 14,042."""
UNTIL = ["Question:", "</s>", "<|im_end|>"]


@dataclass(frozen=True)
class Document:
    """A context and its options, or a prompt to generate after, where there are none."""

    context: str
    options: tuple[str, ...] = ()


def mmlu(shots: int = 5) -> Iterator[Document]:
    """All documents, subject by subject; the examples are those of the subject."""
    writer = Writer(11)
    for size in SUBJECT_SIZES:
        about = f"The following are multiple choice questions (with answers) about {writer.words(1, 3)}.\n\n"
        rows = [question(writer) for _ in range(shots)]
        examples = "".join(f"{_letters(row)} {LETTERS[row['answer']]}\n\n" for row in rows)
        for _ in range(size):
            yield Document(about + examples + _letters(question(writer)), tuple(f" {letter}" for letter in LETTERS))


def _letters(row: Row) -> str:
    options = "".join(f"{letter}. {text}\n" for letter, text in zip(LETTERS, row["choices"], strict=True))
    return f"{row['question']}\n{options}Answer:"


def hellaswag(shots: int, count: int = 10_042) -> Iterator[Document]:
    """Documents with examples of their own, drawn anew for each."""
    writer = Writer(12)
    pool = [ending(writer) for _ in range(200)]
    for _ in range(count):
        rows = [pool[writer.number(len(pool))] for _ in range(shots)]
        examples = "".join(f"{_context(row)} {row['endings'][int(row['label'])]}\n\n" for row in rows)
        row = ending(writer)
        yield Document(examples + _context(row), tuple(f" {text}" for text in row["endings"]))


def _context(row: Row) -> str:
    return f"{row['activity_label']}: {row['ctx_a']} {row['ctx_b'].capitalize()}"


def gsm8k(shots: int = 5, count: int = 1319) -> Iterator[Document]:
    """Prompts with examples of their own, drawn anew for each."""
    writer = Writer(13)
    pool = [problem(writer) for _ in range(200)]
    for _ in range(count):
        rows = [pool[writer.number(len(pool))] for _ in range(shots)]
        examples = "".join(f"Question: {row['question']}\nAnswer: {row['answer']}\n\n" for row in rows)
        yield Document(f"{examples}Question: {problem(writer)['question']}\nAnswer:")


@dataclass(frozen=True)
class GpuCase:
    """What is measured in one cell. ``both``: lm-eval runs it, too; ``least``: documents, however slow the device."""

    name: str
    title: str
    documents: Callable[[], Iterator[Document]]
    least: int
    generates: bool = False
    both: bool = True


GPU_CASES = {
    case.name: case
    for case in (
        GpuCase("mmlu", "MMLU 5-shot", mmlu, 100),
        GpuCase("hellaswag", "HellaSwag 0-shot", lambda: hellaswag(0), 64),
        GpuCase("hellaswag-10", "HellaSwag 10-shot, random shots", lambda: hellaswag(10), 16),
        GpuCase("gsm8k", "GSM8K 5-shot, random shots, generation", gsm8k, 64, generates=True),
        GpuCase("mmlu-whole", "MMLU 5-shot, all 14,042 documents", mmlu, 14_042, both=False),
    )
}


def requests_of(document: Document, tokens: int) -> dict[str, Any]:
    """What a generation is asked for: greedy, until a stop string, at most ``tokens`` tokens."""
    return {"until": UNTIL, "do_sample": False, "max_gen_toks": tokens}
