"""One cell on a device: how many documents, both programs in turn, and what sharing changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from side_by_side.figures import as_json, compare_responses, least_operations, measure_trie
from side_by_side.prompts import Document, GpuCase

if TYPE_CHECKING:
    from side_by_side.one_module import Subject

EFFICIENCY = 0.4
"""Of the matrix rate, a guess of what lm-eval reaches: it decides how many documents a cell has, and nothing else."""
WARM_UP = 4
COMPARED = 128
"""Documents that are scored three more times, to see what changes."""


@dataclass(frozen=True)
class GpuSetting:
    """What holds for all cells."""

    device: str
    device_name: str
    rate: float  # operations a second of bfloat16 matrix products, measured
    seconds: float  # about what lm-eval may take in a cell
    batch_size: int  # lm-eval's, and both programs' where they generate
    gen_tokens: int
    most: int | None  # documents of a cell; None: no bound
    own: Mapping[str, Any]  # more arguments of proctor's
    deadline: float  # of time.monotonic(), after which no cell begins


def choose_documents(case: GpuCase, subject: Subject, facts: Mapping[str, Any], setting: GpuSetting) -> list[Document]:
    """As many as lm-eval can be expected to answer in the time of a cell."""
    head = list(islice(case.documents(), 50))
    lengths = [len(ids) for ids in subject.tokenizer([_longest(one) for one in head])["input_ids"]]
    # lm-eval forwards a context once for all options of one token, and else once for each.
    times = [1 if case.generates or case.name.startswith("mmlu") else len(one.options) for one in head]
    tokens = sum(length * many for length, many in zip(lengths, times, strict=True)) / len(head)
    operations = tokens * 2 * (facts["body"] + facts["hidden"] * facts["vocabulary"])
    count = max(case.least, int(setting.seconds * EFFICIENCY * setting.rate / operations))
    if case.generates:
        # A step costs reading all weights, however few rows it has: twice the rows of a batch show more than one.
        count = case.least
    return list(islice(case.documents(), min(count, setting.most or count)))


def _longest(document: Document) -> str:
    return document.context + max(document.options, key=len, default="")


def measure_cell(case: GpuCase, subject: Subject, setting: GpuSetting) -> dict[str, Any]:
    """Run both programs on the documents of a case, and proctor again to see what it changes."""
    from side_by_side.cell import machine
    from side_by_side.one_module import PROGRAMS, free, has_lm_eval, run_proctor

    facts = subject.facts()
    documents = choose_documents(case, subject, facts, setting)
    programs = [name for name in PROGRAMS if name == "proctor" or (case.both and has_lm_eval())]
    found: dict[str, Any] = {}
    runs: dict[str, Any] = {}
    for name in programs:
        size = setting.batch_size if case.generates or name == "lm-eval" else "auto"
        more = setting.own if name == "proctor" else {}
        # What a device does once (kernels are chosen, memory is taken) is no part of a rate.
        PROGRAMS[name](subject, documents[:WARM_UP], tokens=setting.gen_tokens, batch=size, **more)
        found[name], runs[name] = PROGRAMS[name](subject, documents, tokens=setting.gen_tokens, batch=size, **more)
        free()
    cell: dict[str, Any] = {
        "kind": "gpu",
        "case": case.name,
        "title": case.title,
        "generates": case.generates,
        "model": facts,
        "documents": len(documents),
        "device": setting.device_name,
        "matrix_rate": setting.rate,
        "own_arguments": dict(setting.own),
        "machine": {**machine(), "packages": packages()},
        "runs": runs,
        "exactness": exactness(run_proctor, case, subject, documents, setting),
        **operations(case, subject, facts, documents),
    }
    for run in runs.values():
        run["fraction_of_rate"] = (
            cell["operations"] / (run["scoring_wall"] * setting.rate) if not case.generates else None
        )
    if "lm-eval" in runs:
        cell["ratio"] = runs["lm-eval"]["scoring_wall"] / runs["proctor"]["scoring_wall"]
        cell["difference"] = as_json(compare_responses(found["proctor"], found["lm-eval"]))
    return cell


def operations(
    case: GpuCase, subject: Subject, facts: Mapping[str, Any], documents: Sequence[Document]
) -> dict[str, Any]:
    """The trie of what is scored, and the least operations it can take; nothing where texts are generated."""
    if case.generates:
        return {}
    from proctor.models.hf.load.load import load_model

    tokens = load_model({"pretrained": subject.module, "tokenizer": subject.tokenizer}, device=subject.device).tokens
    pairs = tokens.encode_pairs([(one.context, option) for one in documents for option in one.options])
    trie = measure_trie(pairs, tokens.max_length)
    sizes = {name: facts[name] for name in ("body", "layers", "width", "hidden", "vocabulary")}
    return {"trie": as_json(trie), "operations": least_operations(trie, **sizes)}


def exactness(
    run: Any, case: GpuCase, subject: Subject, documents: Sequence[Document], setting: GpuSetting
) -> dict[str, Any] | None:
    """What proctor's sharing changes, and what plain scoring changes by itself with another batch size."""
    if not case.both:
        return None
    some, size = documents[: min(COMPARED, max(case.least, len(documents) // 4))], setting.batch_size

    def answers(batch: int | str, **arguments: Any) -> Any:
        arguments = {"softmax_dtype": "float32", **arguments}
        return run(subject, some, tokens=setting.gen_tokens, batch=batch, **arguments)[0]

    plain = answers(size, scoring="plain")
    shared = compare_responses(answers("auto" if not case.generates else size, **setting.own), plain)
    smaller = compare_responses(answers(max(1, size // 4), scoring="plain"), plain)
    return {"shared": as_json(shared), "plain": as_json(smaller), "batch_sizes": [size, max(1, size // 4)]}


def packages() -> dict[str, str]:
    """The releases that a cell was measured with."""
    from importlib.metadata import PackageNotFoundError, version

    found: dict[str, str] = {}
    for name in ("torch", "transformers", "tokenizers", "lm_eval"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
