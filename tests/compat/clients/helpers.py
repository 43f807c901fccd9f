"""The helpers that scripts import from lm_eval.utils, lm_eval.models.utils, lm_eval.api.metrics."""

import random
import sys

import numpy as np
from _record import caught, plain, save
from lm_eval import utils
from lm_eval.api import metrics
from lm_eval.api.registry import AGGREGATION_REGISTRY, METRIC_REGISTRY
from lm_eval.filters import build_filter_ensemble
from lm_eval.models.utils import Collator, chunks, handle_stop_sequences, normalize_gen_kwargs, undistribute

_, out = sys.argv[1:]
seen = {}
seen["args"] = [
    caught(utils.simple_parse_args_string, text)
    for text in (
        "a=1,b=two,c=None,d=true,e=1e-3",
        "",
        None,
        "a",
        "a=b=c",
        " a = 1 , b = x y ",
        "d=False,n=-4",
        "l=[1",
        "a={x}",
    )
]
seen["arg"] = [utils.handle_arg_string(text) for text in ("true", "12", "-3", "1.5", "1e5", "none", "None", "x", "")]
seen["split"] = [utils.escaped_split(text, ",") for text in ("a,b", r"a\,b,c", "")]
seen["windows"] = [
    [utils.make_disjoint_window(one) for one in utils.get_rolling_token_windows(list(range(n)), 99, m, c)]
    for n, m, c in ((10, 4, 1), (10, 4, 2), (3, 8, 1), (0, 4, 1), (9, 3, 3))
]
seen["lists"] = utils.sanitize_list([1, [np.float64(2.5), ("a", [None])]])
seen["names"] = [utils.sanitize_model_name("org/a:b c|d"), utils.sanitize_task_name("a b/c.d-é")]
seen["hash"] = utils.hash_string("a b é")
seen["match"] = sorted(utils.pattern_match(["a*", "b?"], ["ab", "bc", "bcd", "c"]))
seen["template"] = [utils.apply_template("{{x}} {{ y|regex_replace('a', 'b') }}", {"x": 1, "y": "aa"})]
seen["joined"] = [
    list(utils.join_iters([[1], [2, 3]])),
    list(utils.create_iterator(range(10), rank=1, world_size=3, limit=8)),
]
seen["softmax"] = utils.softmax(np.array([1.0, 2.0, 3.0]))
seen["general"] = [utils.general_detokenize("i ca n't , do ( this ) . "), utils.wrap_text("a b " * 3, 5)]
files = [
    "/x/results_2024-01-02T03-04-05.678.json",
    "/x/samples_a_b_2024-01-02T03-04-05.678.jsonl",
    "/x/results_2025-01-02T03-04-05.678.json",
]
seen["files"] = [
    utils.get_latest_filename([files[0], files[2]]),
    utils.get_results_filenames(files),
    utils.get_sample_results_filenames(files),
    utils.get_file_task_name("samples_a_b_2024-01-02T03-04-05.678.jsonl"),
    utils.get_file_datetime("results_2024-01-02T03-04-05.678.json"),
]
seen["f1"] = utils.weighted_f1_score([(1, 1), (0, 1), (2, 2)])
seen["json"] = [
    utils.handle_non_serializable(np.int64(3)),
    utils.handle_non_serializable({1}),
    utils.handle_non_serializable(len)[:9],
]
order = utils.Reorderer(["ccc", "a", "bb", "a"], lambda text: (-len(text), text))
seen["reorder"] = [order.get_reordered(), order.get_original([len(text) for text in order.get_reordered()])]
collator = Collator([("a", 1), ("bbb", 2), ("cc", 1)], lambda item: (-len(item[0]), item[0]), group_by=None)
batches = list(collator.get_batched(n=2))
seen["collator"] = [batches, collator.get_original([item for batch in batches for item in batch])]
grouped = Collator(
    [("a", {"u": 1}), ("bbb", {"u": 2}), ("cc", {"u": 1})],
    lambda item: -len(item[0]),
    group_by="gen_kwargs",
    group_fn=lambda item: item[1],
)
batches = list(grouped.get_batched(n=2, batch_fn=None))
seen["grouped"] = [batches, grouped.get_original([item for batch in batches for item in batch])]
seen["chunks"] = [
    list(chunks(range(5), 2)),
    list(chunks(range(5), 0, lambda i, rest: i + 1)),
    undistribute([[1, 4], [2, 5], [3]]),
]
seen["stops"] = [
    handle_stop_sequences(until, eos) for until, eos in ((["a"], "</s>"), ("b", None), (None, "</s>"), ([], None))
]
seen["gen"] = [
    caught(normalize_gen_kwargs, given, 256)
    for given in (
        {"until": ["a"], "max_gen_toks": 5},
        {"temperature": 0.0},
        {"temperature": 0.7},
        {"do_sample": True},
        {"max_new_tokens": 3, "until": "x"},
        {"max_length": 9},
        {"max_completion_tokens": 9, "do_sample": False, "temperature": 1},
    )
]
seen["metrics"] = sorted(METRIC_REGISTRY)
seen["aggregations"] = sorted(AGGREGATION_REGISTRY)
pairs = [("the cat sat on the mat", "the cat sat on a mat"), ("a dog ran far away today", "a dog ran far today")]
logs = [(-3.0, 2), (-5.0, 4)]
calls = {
    "mean": lambda: metrics.mean([1, 2, 3, 4]),
    "median": lambda: metrics.median([1, 2, 3, 9]),
    "perplexity": lambda: metrics.perplexity([-1.0, -2.0]),
    "weighted": lambda: metrics.weighted_perplexity(logs),
    "bits": lambda: metrics.bits_per_byte(logs),
    "f1": lambda: metrics.f1_score([(1, 1), (0, 1), (0, 0)]),
    "mcc": lambda: metrics.matthews_corrcoef([(1, 1), (0, 1), (0, 0)]),
    "bleu": lambda: metrics.bleu(pairs),
    "chrf": lambda: metrics.chrf(pairs),
    "ter": lambda: metrics.ter(pairs),
    "brier": lambda: metrics.brier_score([(0, [0.6, 0.4]), (1, [0.3, 0.7])]),
    "stderr": lambda: metrics.mean_stderr([1, 0, 1, 1]),
    "sd": lambda: metrics.sample_stddev([1, 0, 1, 1]),
    "pooled": lambda: metrics.pooled_sample_stderr([0.1, 0.2], [10, 20]),
    "combined": lambda: metrics.combined_sample_stderr([0.1, 0.2], [10, 20], [0.5, 0.6]),
    "weights": lambda: metrics.aggregate_subtask_metrics([0.1, 0.4], [10, 20], True),
    "unweighted": lambda: metrics.aggregate_subtask_metrics([0.1, 0.4], [10, 20], False),
    "exact": lambda: metrics.exact_match_hf_evaluate(
        ["A.", "b 1"], ["a", "b"], ignore_case=True, ignore_punctuation=True, ignore_numbers=True
    ),
    "em": lambda: metrics.exact_match_fn(predictions=["a"], references=["a"]),
    "bootstrap": lambda: metrics.stderr_for_metric(metrics.median, 50)([1.0, 2.0, 5.0, 7.0]),
    "stderr mean": lambda: metrics.stderr_for_metric(metrics.mean, 0)([1.0, 2.0]),
    "none": lambda: metrics.stderr_for_metric(metrics.median, 0),
    "acc_all": lambda: metrics.acc_all(
        [(1, {"question_id": 1, "paragraph_id": 2, "idx": {"paragraph": 1, "question": 1}})]
    ),
    "max": lambda: metrics.metric_max_over_ground_truths(lambda p, t: int(p == t), "a", ["b", "a"]),
    "array": lambda: metrics.is_non_str_iterable(np.array([1])),
}
seen["values"] = {name: caught(call) for name, call in calls.items()}
random.seed(3)
responses = [["the answer is 12.", "it is 13", "12"], ["none", "7 or 8", "8"]]


class Fake:
    def __init__(self, resps):
        self.resps, self.filtered_resps, self.doc = list(resps), {}, {"choices": ["12", "8"]}


steps = {
    "regex": [["regex", {"regex_pattern": r"(\d+)", "group_select": -1}], ["take_first", None]],
    "major": [["regex", {"regex_pattern": r"(\d+)"}], ["majority_vote", None], ["take_first", None]],
    "first 2": [["take_first_k", {"k": 2}]],
    "lower": [["uppercase", None], ["remove_whitespace", None]],
    "map": [
        ["regex", {"regex_pattern": r"(\d+)", "fallback": "?"}],
        ["map", {"mapping_dict": {"12": "dozen"}, "default_value": "other"}],
    ],
}
seen["filters"] = {}
for name, parts in steps.items():
    rows = [Fake(row) for row in responses]
    build_filter_ensemble(name, parts).apply(rows)
    seen["filters"][name] = [row.filtered_resps for row in rows]
save(out, plain(seen))
