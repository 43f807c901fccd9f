"""Metrics, aggregations and filters of one's own, by decorators, in tasks written as dictionaries."""

import sys

import lm_eval
import numpy as np
from _record import caught, save, scores
from lm_eval.api.filter import Filter
from lm_eval.api.registry import (
    get_aggregation,
    get_filter,
    get_metric,
    get_metric_aggregation,
    is_higher_better,
    register_aggregation,
    register_filter,
    register_metric,
)
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager


@register_aggregation("root_mean_square")
def root_mean_square(items):
    return float(np.sqrt(np.mean(np.square(items))))


@register_metric(metric="off_by", higher_is_better=False, output_type="generate_until", aggregation="root_mean_square")
def off_by(references, predictions, scale=1.0, **kwargs):
    try:
        return abs(float(references[0]) - float(predictions[0])) * scale
    except ValueError:
        return 100.0


@register_metric(metric="gold_logprob", higher_is_better=True, output_type="multiple_choice", aggregation="mean")
def gold_logprob(items):
    return items


@register_filter("keep_digits")
class KeepDigits(Filter):
    def __init__(self, fallback="0"):
        self.fallback = fallback

    def apply(self, resps, docs):
        found = []
        for row, _doc in zip(resps, docs, strict=False):
            found.append(
                ["".join(c for c in one.split("The answer is")[-1] if c.isdigit()) or self.fallback for one in row]
            )
        return found


def spread(doc, results):
    values, _ = zip(*results, strict=False)
    return {"spread": max(values) - min(values), "picked": int(np.argmax(values) == doc["answer"])}


class Rounded:
    def __init__(self, to):
        self.to = to

    def __call__(self, doc):
        return f"{doc['question']} (say it shortly)"


data = {"data_files": {"test": "data/errands.jsonl", "dev": "data/errands_dev.jsonl"}}
number = {
    "task": "off_by_errands",
    "dataset_path": "json",
    "dataset_kwargs": data,
    "test_split": "test",
    "fewshot_split": "dev",
    "num_fewshot": 2,
    "output_type": "generate_until",
    "doc_to_text": lambda doc: f"Question: {doc['question']}\nAnswer:",
    "doc_to_target": "{{working}}",
    "generation_kwargs": {"until": ["\n"], "max_gen_toks": 24},
    "filter_list": [
        {"name": "digits", "filter": [{"function": "keep_digits", "fallback": "7"}, {"function": "take_first"}]},
        {"name": "raw", "filter": [{"function": "take_first"}]},
    ],
    "metric_list": [
        {"metric": "off_by", "scale": 2.0},
        {"metric": "exact_match", "ignore_case": True, "ignore_punctuation": True},
        {"metric": off_by, "aggregation": "mean", "higher_is_better": False},
    ],
    "metadata": {"version": 3},
}
choice = {
    "task": "spread_folk",
    "dataset_path": "json",
    "dataset_kwargs": {"data_files": {"test": "data/folk.jsonl"}},
    "test_split": "test",
    "output_type": "multiple_choice",
    "doc_to_text": Rounded(3).__call__,
    "doc_to_choice": lambda doc: [one.upper() for one in doc["choices"]],
    "doc_to_target": "answer",
    "process_docs": lambda docs: docs.filter(lambda doc: doc["answer"] != 3).select(range(10)),
    "process_results": spread,
    "metric_list": [
        {"metric": "spread", "aggregation": "root_mean_square", "higher_is_better": False},
        {"metric": "picked", "aggregation": "mean", "higher_is_better": True},
    ],
}
path, out = sys.argv[1:]
lm = HFLM(path, dtype="float32", batch_size=4, device="cpu")
results = lm_eval.simple_evaluate(
    lm,
    tasks=[number, choice],
    limit=10,
    bootstrap_iters=20,
    task_manager=TaskManager(include_path=".", include_defaults=False),
)
save(
    out,
    {
        "scores": scores(results),
        "versions": results["versions"],
        "texts": [
            [one["filter"], one["resps"], one["filtered_resps"], one["doc_id"]]
            for one in results["samples"]["off_by_errands"]
        ],
        "prompts": results["samples"]["spread_folk"][2]["arguments"],
        "registry": [
            get_metric("off_by"),
            get_aggregation("root_mean_square")([3, 4]),
            get_metric_aggregation("off_by")([1, 7]),
            is_higher_better("off_by"),
            get_filter("keep_digits"),
            caught(get_filter, "no_such_filter"),
            caught(get_metric, "no_such_metric"),
            caught(get_aggregation, "no_such_aggregation"),
            caught(register_metric(metric="off_by", aggregation="mean"), len),
        ],
    },
)
