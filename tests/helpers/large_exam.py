"""An exam in the shape of MMLU, and runs of it: 57 tasks, 14,042 questions, texts that compress like English."""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

_SYLLABLES = [first + second + third for first in "bdfglmnprst" for second in "aeiou" for third in ("", "n", "r", "s")]


def _vocabulary(count: int) -> tuple[list[str], list[float]]:
    source = random.Random(7)
    words = ["".join(source.choices(_SYLLABLES, k=1 + (place > 40) + (place > 900))) for place in range(count)]
    return words, list(accumulate(1 / (place + 2) for place in range(count)))


WORDS, WEIGHTS = _vocabulary(5000)


def words(source: random.Random, count: int) -> str:
    """A sentence of that many words."""
    return " ".join(source.choices(WORDS, cum_weights=WEIGHTS, k=count)).capitalize()


def questions(task: str, count: int) -> Iterator[dict[str, Any]]:
    """The documents of a task, the same each time."""
    source = random.Random(task)
    for _ in range(count):
        question = f"{words(source, source.randint(6, 58))}?"
        options = [words(source, source.randint(1, 12)) for _ in range(4)]
        yield {"question": question, "subject": task, "choices": options, "answer": source.randrange(4)}


def sample(doc_id: int, doc: dict[str, Any], skill: float, source: random.Random) -> dict[str, Any]:
    """A line of a samples file: what is hard is hard for every run."""
    gold, shared = doc["answer"], random.Random(doc["question"])
    raw = [source.gauss(0, 0.9) + shared.gauss(0, 1.4) + (skill if place == gold else 0) for place in range(4)]
    total = math.log(sum(map(math.exp, raw))) + 0.05
    lls = [value - total for value in raw]
    best = lls.index(max(lls))
    prompt = f"About {doc['subject']}.\n\n{doc['question']}\n"
    prompt += "".join(f"{letter}. {text}\n" for letter, text in zip("ABCD", doc["choices"], strict=True)) + "Answer:"
    values = [[str(ll), str(place == best)] for place, ll in enumerate(lls)]
    return {
        "doc_id": doc_id,
        "doc": doc,
        "target": str(gold),
        "arguments": {f"gen_args_{i}": {"arg_0": prompt, "arg_1": f" {letter}"} for i, letter in enumerate("ABCD")},
        "resps": [[value] for value in values],
        "filtered_resps": values,
        "filter": "none",
        "metrics": ["acc"],
        "doc_hash": hashlib.sha256(json.dumps(doc, indent=2, ensure_ascii=False).encode()).hexdigest(),
        "prompt_hash": hashlib.sha256(prompt.encode()).hexdigest(),
        "target_hash": "",
        "acc": float(best == gold),
    }


def write_large_run(folder: Path, name: str, skill: float, *, documents: int = 14_042, tasks: int = 57) -> Path:
    """Write a run; return its results file."""
    folder.mkdir(parents=True)
    source, results, stamp = random.Random(name), dict[str, Any](), "2026-01-01T00-00-00.000001"
    names = [f"mmlu_subject_{place:02}" for place in range(tasks)]
    for place, task in enumerate(names):
        count = documents // tasks + (place < documents % tasks)
        lines = [sample(i, doc, skill, source) for i, doc in enumerate(questions(task, count))]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / f"samples_{task}_{stamp}.jsonl").write_text(text, encoding="utf-8")
        acc = sum(line["acc"] for line in lines) / count
        results[task] = {"alias": task, "acc,none": acc, "acc_stderr,none": math.sqrt(acc * (1 - acc) / (count - 1))}
    document = {
        "results": {**results, "mmlu": {"alias": "mmlu"}},
        "group_subtasks": {"mmlu": names},
        "configs": {task: {"task": task, "output_type": "multiple_choice", "target_delimiter": " "} for task in names},
        "config": {"model": "hf", "model_args": {"pretrained": f"org/{name}"}},
        "model_name": f"org/{name}",
        "higher_is_better": {task: {"acc": True} for task in names},
        "n-shot": dict.fromkeys(names, 0),
        "date": 0.0,
    }
    file = folder / f"results_{stamp}.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file
