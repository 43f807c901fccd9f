"""Files that are not as anybody writes them: an audit, a comparison and a gate work, or say what is wrong."""

from __future__ import annotations

import contextlib
import json
import random

import pytest
from stored_runs import STAMP, document_of, right_and_wrong, text_line

from proctor.analysis.audit import audit_run
from proctor.analysis.audit_document import audit_document
from proctor.analysis.compare import compare_runs
from proctor.analysis.compare_document import comparison_document
from proctor.analysis.flips import find_flips
from proctor.analysis.gate import check_gate
from proctor.analysis.gate_policy import Rule
from proctor.analysis.gate_text import gate_document
from proctor.analysis.run_audit import AuditOptions
from proctor.cli.audit_tables import audit_lines
from proctor.cli.compare_tables import flip_lines, pair_lines
from proctor.cli.gate_formats import github_lines, junit_document, text_lines
from proctor.errors import ProctorError
from proctor.results.open_runs import open_runs

ODD = (None, True, False, 0, -1, 3, 10**400, 1e308, float("nan"), float("inf"), -float("inf"), "", "x", "0", "None",
       "[0]", "\ud800", [], [1], [[]], [[["a"]]], {}, {"a": 1}, [None], ["1", "2", "3", "4"])  # fmt: skip


def changed(value, source):
    """A value of JSON with some of its parts replaced or left out."""
    if source.random() < 0.12:
        return source.choice(ODD)
    if isinstance(value, dict):
        kept = {key: one for key, one in value.items() if source.random() >= 0.04}
        return {key: changed(one, source) if source.random() < 0.25 else one for key, one in kept.items()}
    if isinstance(value, list):
        return [changed(one, source) if source.random() < 0.25 else one for one in value]
    return value


def odd_run(folder, source):
    texts = [text_line(i, "4", "4", float(i % 2)) for i in range(4)]
    for line in texts:
        line |= {"word_perplexity": [-float(line["doc_id"]) - 1, 3], "metrics": ["exact_match", "word_perplexity"]}
    tasks = {"t": right_and_wrong("1101" * 3), "u": texts, "w": right_and_wrong("10" * 3, style="old")}
    more = {"texts": {"at_length": [{"task": "u", "texts": 1}]}, "choices": {"tasks": [{"scoring": "x"}]}}
    document = document_of(tasks, group_subtasks={"g": ["t", "w"], "h": ["g", "u"]}, proctor=more)
    if source.random() < 0.6:
        document = changed(document, source)
    folder.mkdir()
    (folder / f"results_{STAMP}.json").write_text(json.dumps(document))
    for task, lines in tasks.items():
        lines = [changed(line, source) if source.random() < 0.3 else line for line in lines]
        (folder / f"samples_{task}_{STAMP}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    # Samples of a task that the results have lost are a run of their own.
    return open_runs([folder]).runs[-1]


@pytest.mark.parametrize("seed", range(60))
def test_every_outcome_is_a_result_or_a_sentence(tmp_path, seed):
    source = random.Random(seed)
    with contextlib.suppress(ProctorError):
        a, b = odd_run(tmp_path / "a", source), odd_run(tmp_path / "b", source)
        audit = audit_run(a, AuditOptions(details=seed % 3 == 0))
        assert audit_lines(audit)
        texts = [json.dumps(audit_document(audit))]
        comparison = compare_runs([a, b])
        assert pair_lines(comparison.pairs[0], comparison)
        assert flip_lines(*find_flips((a, b), comparison.pairs[0], 5))
        texts.append(json.dumps(comparison_document(comparison)))
        report = check_gate(b, a, {"g": Rule(max_drop=0.1, max_rise=0.1), "u": Rule(min=0.1, max_unread=0.5)})
        assert text_lines(report)
        assert github_lines(report, "warn")
        assert junit_document(report, "warn", "compare")
        texts.append(json.dumps(gate_document(report)))
        assert not any("NaN" in text or "Infinity" in text for text in texts)
