"""Results and samples files made by hand: as proctor and lm-eval write them, in every layout that is read."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

STAMP = "2026-01-02T03-04-05.678901"


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def choice_line(
    doc_id: int,
    lls: Sequence[float],
    gold: int,
    *,
    options: Sequence[str] = ("A", "B", "C", "D"),
    texts: Sequence[str] = ("one", "two", "three", "four"),
    question: str = "",
    style: str = "new",
    **more: Any,
) -> dict[str, Any]:
    """One sample of a multiple-choice task; ``style``: "new" (0.4.7 on), "middle" (0.4.3), "old" (0.4.0)."""
    question = question or f"Question {doc_id}?"
    doc = {"question": question, "choices": list(texts), "answer": gold, "passage": more.pop("passage", "p")}
    pairs = [[f"{question}\nAnswer:", f" {option}"] for option in options]
    best = max(range(len(lls)), key=lambda i: lls[i])
    scores = {"acc": float(best == gold), **more.pop("scores", {})}
    line: dict[str, Any] = {"doc_id": doc_id, "doc": doc, "target": gold}
    if style == "old":
        values = [[ll, ll > -0.1] for ll in lls]
        return line | {"arguments": pairs, "resps": [[one] for one in values], "filtered_resps": values} | scores
    values = [[str(ll), str(ll > -0.1)] for ll in lls]
    arguments = {f"gen_args_{i}": {"arg_0": one, "arg_1": two} for i, (one, two) in enumerate(pairs)}
    line |= {"arguments": arguments, "resps": [[one] for one in values], "filtered_resps": values}
    if style == "new":
        line |= {"target": str(gold), "filter": "none", "metrics": list(scores)}
    return (
        line
        | {"doc_hash": sha(question), "prompt_hash": sha(pairs[0][0]), "target_hash": sha(str(gold))}
        | scores
        | more
    )


def text_line(doc_id: int, text: str, answer: str, score: float, *, name: str | None = "strict") -> dict[str, Any]:
    """One sample of a generative task under one filter."""
    line: dict[str, Any] = {
        "doc_id": doc_id,
        "doc": {"question": f"Sum {doc_id}?"},
        "target": "4",
        "arguments": {"gen_args_0": {"arg_0": f"Sum {doc_id}?", "arg_1": {"until": ["\n"]}}},
        "resps": [[text]],
        "filtered_resps": [answer],
        "doc_hash": sha(f"Sum {doc_id}"),
        "prompt_hash": sha(f"Sum {doc_id}?"),
    }
    return line | ({"filter": name, "metrics": ["exact_match"]} if name else {}) | {"exact_match": score}


def document_of(tasks: Mapping[str, Sequence[Mapping[str, Any]]], **more: Any) -> dict[str, Any]:
    """A results file's content that agrees with the samples."""
    results = {task: {"alias": task, **_means(lines)} for task, lines in tasks.items()}
    return {
        "results": results,
        "configs": {task: {"task": task, "output_type": "multiple_choice", "num_fewshot": 0} for task in tasks},
        "config": {"model": "hf", "model_args": {"pretrained": "org/small"}},
        "higher_is_better": {task: {"acc": True} for task in tasks},
        "n-shot": dict.fromkeys(tasks, 0),
        "versions": dict.fromkeys(tasks, 1.0),
        "model_name": "org/small",
        "date": 1_767_322_800.0,
        **more,
    }


def _means(lines: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in ("acc", "acc_norm", "exact_match"):
        values = [line[name] for line in lines if isinstance(line.get(name), int | float)]
        if values:
            filters = sorted({line.get("filter", "none") for line in lines})
            found |= {f"{name},{one}": sum(values) / len(values) for one in filters}
            found |= {f"{name}_stderr,{one}": 0.1 for one in filters}
    return found


def write_run(
    folder: Path,
    tasks: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    stamp: str = STAMP,
    samples: Iterable[str] | None = None,
    compress: bool = False,
    document: Mapping[str, Any] | None = None,
    **more: Any,
) -> Path:
    """Write a run as lm-eval 0.4.3 and later do; return its results file. ``samples``: tasks that have a file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"results_{stamp}.json"
    file.write_text(json.dumps(document_of(tasks, **more) if document is None else document), encoding="utf-8")
    for task in tasks if samples is None else samples:
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in tasks[task])
        path = folder / f"samples_{task}_{stamp}.jsonl"
        if compress:
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(text.encode()))
        else:
            path.write_text(text, encoding="utf-8")
    return file


def right_and_wrong(pattern: str, **more: Any) -> list[dict[str, Any]]:
    """Samples of four options by a pattern: ``1`` right, ``0`` wrong; golds go round."""
    return [
        choice_line(i, [-0.05 if (place == i % 4) == (one == "1") and place in (i % 4, (i + 1) % 4) else -4.0 - place
                        for place in range(4)], i % 4, **more)
        for i, one in enumerate(pattern)
    ]  # fmt: skip
