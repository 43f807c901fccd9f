"""Documents and answers of every odd kind: filters, metrics, prompts, and the whole way from one to the other."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fuzz_source import BENCHMARKS, PATTERNS, Source, sentences

_TOKENS: list[Any] = []


def filters(source: Source, folder: Path) -> None:
    """Pipelines of filters with hostile patterns on hostile answers."""
    from proctor.filters.base import FilterFailure
    from proctor.filters.pipeline import build_pipelines
    from proctor.filters.table import FILTERS

    settings = ("regex_pattern", "group_select", "fallback", "regexes_to_ignore", "ignore_case", "k", "mapping_dict")
    steps: list[dict[str, Any]] = []
    for _ in range(1 + source.below(3)):
        step: dict[str, Any] = {"function": source.pick(sorted(FILTERS))}
        if step["function"] in ("regex", "multi_choice_regex"):
            step["regex_pattern"] = source.pick(PATTERNS)
            if source.chance(3):
                step["group_select"] = source.below(5) - 2
        elif step["function"] == "take_first_k":
            step["k"] = 1
        elif step["function"] == "map":
            step["mapping_dict"] = {source.text(): source.value(2)}
        if source.chance(6):
            step[source.pick(settings)] = source.value()
        steps.append(step)
    asked = 1 + source.below(4)
    answers = [[_answer(source)] * (1 + source.below(2)) for _ in range(asked)]
    documents = [document(source) for _ in range(asked)]
    with sentences():
        (pipeline,) = build_pipelines([{"name": "fuzzed", "filter": steps}])
        outcomes = pipeline.apply(answers, documents)
        assert len(outcomes) == asked
        assert all(outcome.why for outcome in outcomes if isinstance(outcome, FilterFailure))


def _answer(source: Source) -> str:
    bait = ("a" * 60 + "b", "x" * 3000, " " * 3000 + "x", "a," * 1500, "The answer is (B).", "#### 1,234.", "")
    return source.pick(bait) if source.chance(2) else source.text()


def document(source: Source) -> dict[str, Any]:
    """A row of a data set: columns may be missing, null, or of any kind."""
    columns: dict[str, Callable[[], Any]] = {
        "question": source.text,
        "choices": lambda: [source.text() for _ in range(source.below(5))],
        "answer": lambda: source.below(4),
        "label": source.text,
    }
    row = {name: make() for name, make in columns.items() if not source.chance(6)}
    if source.chance(2):
        row[source.pick((*columns, source.text()))] = source.value()
    return row


def metrics(source: Source, folder: Path) -> None:
    """Every metric on odd targets and answers: a score that follows from them, or a sentence."""
    _choice_metrics(source)
    _text_metrics(source)


def _choice_metrics(source: Source) -> None:
    from proctor.metrics.choice import OUT_OF_RANGE, measure_choice, resolve_gold
    from proctor.metrics.tables import METRICS

    choices = [source.text() for _ in range(1 + source.below(4))]
    numbers = (-1.0, -2.5, 0.0, -0.0, -math.inf, math.nan, -1e308, math.inf, -5e-324)
    lls = [source.pick(numbers) for _ in choices]
    target = source.pick((source.below(6) - 2, source.pick(choices), source.value(), [source.below(4)], None))
    with sentences():
        gold = resolve_gold(target, choices)
        measured = measure_choice(
            lls=lls,
            greedy=[source.chance(2) for _ in choices],
            choices=choices,
            gold=gold,
            unconditional=[source.pick(numbers) for _ in choices],
            wanted=METRICS,
        )
        golds = gold if isinstance(gold, tuple) else (gold,)
        right = [name for name in ("acc", "acc_norm", "acc_bytes", "acc_mutual_info") if measured[name] == 1.0]
        if any(math.isnan(ll) for ll in lls) or all(one == OUT_OF_RANGE for one in golds):
            assert not right, (lls, target, right)
        if target is None:
            raise AssertionError("a document without a target has scores")
        if "acc" in right:
            assert max(lls) == max(lls[one] for one in golds if one != OUT_OF_RANGE)


def _text_metrics(source: Source) -> None:
    from proctor.metrics.aggregate import aggregate
    from proctor.metrics.evaluate_loader import OWN
    from proctor.metrics.metric_list import use_metric
    from proctor.metrics.tables import AGGREGATIONS, METRICS
    from proctor.metrics.text import measure_text
    from proctor.tasks.output_types.table import OUTPUT_TYPES

    names = sorted(set(METRICS) | set(OWN) - {"code_eval"})
    entry: dict[str, Any] = {"metric": source.pick(names)}
    if entry["metric"] == "exact_match":
        entry |= {"regexes_to_ignore": [source.pick(PATTERNS)]} if source.chance(2) else {}
        entry |= {key: True for key in ("ignore_case", "ignore_punctuation", "ignore_numbers") if source.chance(3)}
    else:
        entry["hf_evaluate"] = entry["metric"] in OWN
    if source.chance(2) or entry["metric"] in OWN:
        entry["aggregation"] = source.pick(sorted(AGGREGATIONS))
    several = source.chance(4)
    with sentences():
        use = use_metric(entry, output=OUTPUT_TYPES["generate_until"].measured, with_process_results=False)
        collected: dict[str, list[Any]] = {}
        for _ in range(1 + source.below(3)):
            gold = (
                [source.text() for _ in range(source.below(3))]
                if several
                else source.pick((source.text(), source.value()))
            )
            answer = _answer(source)
            for name, value in measure_text([use], gold=gold, result=answer, multi_target=several).items():
                collected.setdefault(name, []).append(value)
                if entry == {"metric": "exact_match"} and isinstance(gold, str) and value == 1.0:
                    assert gold.rstrip("\0") == answer.rstrip("\0")
                if name == "exact_match" and gold is None and len(entry) == 1:
                    assert value != 1.0, "a missing target counts as right"
        for some in collected.values():
            aggregate(use, some, bootstrap_iters=2, threads=1)


def fields(source: Source, folder: Path) -> None:
    """Prompts, targets and choices out of odd templates and odd documents."""
    from proctor.tasks.build_spec import assemble_task
    from proctor.tasks.class_task import InlineNode
    from proctor.tasks.document_turns import shot_turns
    from proctor.tasks.example import TaskShape
    from proctor.tasks.fields import bind_document_fields

    rows = [document(source) for _ in range(1 + source.below(3))]
    templates = ("question", "{{question}}", "{{answer}}", "{{choices}}", "{{choices[answer]}}", "{{question*3}}",
                 "{{question|regex_replace('(a+)+$', '')}}", "{% for c in choices %}{{c}}{% endfor %}", "['a', 'b']",
                 "{{ question.strip() }}", "{{ answer | int }}", "{{ [1]*5 }}", "7", "{{[question]}}")  # fmt: skip
    config: dict[str, Any] = {"task": "t", "dataset_path": "json", "test_split": "test"}
    config["output_type"] = source.pick(("multiple_choice", "generate_until", "loglikelihood"))
    for key in ("doc_to_text", "doc_to_target", "doc_to_choice", "gen_prefix", "description"):
        if key.startswith("doc") or source.chance(3):
            config[key] = source.pick(templates) if not source.chance(4) else source.text() + source.pick(templates)
    with sentences():
        spec = assemble_task(InlineNode("t", config))
        bound = bind_document_fields(spec, list(rows[0]))
        for row in rows:
            for getter in (bound.text, bound.target, bound.choice, bound.gen_prefix):
                if getter is not None:
                    with sentences():
                        getter(row)
            with sentences():
                shot_turns(spec, bound, TaskShape(source.chance(2), source.chance(2)), row)


def whole_tasks(source: Source, folder: Path) -> None:
    """Odd documents through planning, a model's odd answers, grading, aggregation and the files."""
    from proctor.results.encode import dumps
    from proctor.results.schema import sample_line
    from proctor.run.aggregate import task_result
    from proctor.run.grade import grade
    from proctor.run.scores import MetricValues
    from proctor.tasks.data import Selection
    from proctor.tasks.plan import plan_task
    from proctor.tasks.prompt import PromptStyle
    from proctor.types import Generate, Rolling, RollingScore, Scores, Text

    def answer(request: Any) -> Any:
        if isinstance(request, Generate):
            return Text(_answer(source))
        if isinstance(request, Rolling):
            return RollingScore(source.pick((-1.0, math.nan, -math.inf)))
        scores = (-1.0, -2.0, math.nan, -math.inf)
        return Scores(tuple((source.pick(scores), source.chance(2)) for _ in request.continuations))

    with sentences():
        task = odd_task(source, [document(source) for _ in range(1 + source.below(3))])
        plan = plan_task(task, selection=Selection(), seed=1, style=PromptStyle())
        for request in [request for planned in plan.documents for request in planned.requests]:
            repr(request).encode("utf-8", "strict")
        records = list(grade(plan, [answer(query.request) for query in plan.queries()]))
        for record in records:
            assert (record.error is None) or not record.metrics
            line = json.loads(dumps(sample_line(record)).encode("utf-8"))
            assert line["doc_id"] == record.doc_id
        task_result(task, MetricValues("t", records), bootstrap_iters=2)


def odd_task(source: Source, rows: list[dict[str, Any]]) -> Any:
    """A task over documents that are there already."""
    from proctor.tasks.build_spec import assemble_task
    from proctor.tasks.class_task import InlineNode
    from proctor.tasks.data import Documents
    from proctor.tasks.task import Task

    class Ready(Task):
        def _eval_documents(self) -> Documents:
            return Documents(rows)

    config: dict[str, Any] = {"task": "t", "dataset_path": "json", "test_split": "test"}
    output = source.pick(("multiple_choice", "generate_until", "loglikelihood", "loglikelihood_rolling"))
    targets = ("answer", "label", "{{answer}}", "{{label}}", "question")
    config |= {"output_type": output, "doc_to_text": source.pick(("question", "{{question}}", "{{answer}}"))}
    config["doc_to_target"] = source.pick(targets)
    if output == "multiple_choice" or source.chance(5):
        config["doc_to_choice"] = source.pick(("choices", "{{choices}}", ["a", "b"]))
    if output == "generate_until":
        config["filter_list"] = [
            {
                "name": "x",
                "filter": [{"function": "regex", "regex_pattern": source.pick(PATTERNS)}, {"function": "take_first"}],
            }
        ]
    return Ready(assemble_task(InlineNode("t", config)))


def prompts(source: Source, folder: Path) -> None:
    """Odd text through the encoding of shared parts: the ids of the whole, or a sentence."""
    if not _TOKENS:
        from transformers import AutoTokenizer

        from proctor.models.tokens.tokenizer import Tokens

        tokenizer = AutoTokenizer.from_pretrained(str(BENCHMARKS / "demo" / "model"))
        _TOKENS.append((tokenizer, Tokens))
    tokenizer, make = _TOKENS[0]
    tokens = make(tokenizer, max_length=64) if _takes(make, "max_length") else make(tokenizer)
    shared = source.text() + "\n\n"
    requests = [
        (shared + source.text(), [source.text() for _ in range(1 + source.below(3))])
        for _ in range(1 + source.below(4))
    ]
    requests = [(_whole(context), [_whole(one) for one in some]) for context, some in requests]
    with sentences():
        together = tokens.encode_requests(requests)
        for (context, some), (ids, tails) in zip(requests, together, strict=True):
            for text, tail in zip(some, tails, strict=True):
                left, right = tokens.encode_pair(context, text)
                assert (list(left), list(right)) == (list(ids), list(tail)), (context, text)


def _takes(make: Any, name: str) -> bool:
    import inspect

    return name in inspect.signature(make).parameters


def _whole(text: str) -> str:
    """Without halves of characters, which a run refuses before a tokenizer sees them."""
    return text.encode("utf-8", "ignore").decode("utf-8")


def past_runs(source: Source, folder: Path) -> None:
    """Results and samples files of earlier runs, changed and torn, given to who grades them again."""
    from proctor.replay.changes import Changes
    from proctor.replay.earlier import find_past
    from proctor.replay.samples import SamplesResponses

    document: dict[str, Any] = {
        "results": {"t": {"acc,none": 1.0, "alias": "t"}},
        "configs": {"t": {"task": "t", "num_fewshot": 0, "repeats": 1, "output_type": "multiple_choice"}},
        "n-shot": {"t": 0},
        "config": {"model": "hf", "model_args": {"pretrained": "x"}, "limit": None, "random_seed": 0},
        "model_source": "hf",
        "model_name": "x",
        "date": 1.0,
    }
    line: dict[str, Any] = {
        "doc_id": 0,
        "doc": document_of(source),
        "target": "a",
        "arguments": {
            "gen_args_0": {"arg_0": "Q", "arg_1": " a"},
            "gen_args_1": {"arg_0": "Q", "arg_1": {"until": []}},
        },
        "resps": [[["-1.0", "True"]], ["text"]],
        "filter": "none",
    }
    for changed in (document, document["config"], line):
        if source.chance(2):
            changed[source.pick(tuple(changed))] = source.value()
    stamp = "2026-11-23T18-11-17.771023"
    results, samples = folder / f"results_{stamp}.json", folder / f"samples_t_{stamp}.jsonl"
    for file, data in ((results, json.dumps(document)), (samples, json.dumps(line) + "\n")):
        whole = data.encode()
        file.write_bytes(whole[: source.below(len(whole) + 1)] + source.raw(20) if source.chance(4) else whole)
    with sentences():
        SamplesResponses().read("t", samples)
    with sentences():
        find_past(results, Changes(no_store=True))


def document_of(source: Source) -> Any:
    return source.pick((document(source), source.value()))
