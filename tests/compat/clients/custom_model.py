"""Models of one's own: LM, and TemplateLM over a toy vocabulary, registered and opened by name."""

import math
import sys

import lm_eval
from _record import caught, save, scores
from lm_eval.api.instance import Instance
from lm_eval.api.model import LM, TemplateLM
from lm_eval.api.registry import get_model, register_model
from lm_eval.tasks import TaskManager
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window


@register_model("bytes", "byte-counts")
class BytesLM(TemplateLM):
    """Scores a byte by how often it stood before."""

    def __init__(self, size=64, name="none", flag=False, batch_size=1, max_batch_size=None, device="cpu", **kwargs):
        super().__init__()
        self.size, self.flag, self.given, self.rest = int(size), flag, name, kwargs
        self.calls = []

    @property
    def eot_token_id(self):
        return 0

    @property
    def max_length(self):
        return self.size

    def tok_encode(self, string, add_special_tokens=None, **kwargs):
        return list(string.encode())

    def _loglikelihood_tokens(self, requests, disable_tqdm=False, **kwargs):
        found = []
        for _, context, continuation in requests:
            self.calls.append([len(context), len(continuation)])
            ids = (context + continuation)[-(self.size + 1) :]
            total, start = 0.0, len(ids) - len(continuation)
            for place in range(start, len(ids)):
                before = ids[:place]
                total += math.log((before.count(ids[place]) + 1) / (len(before) + 256))
            found.append((total, len(continuation) % 2 == 0))
        return found

    def loglikelihood_rolling(self, requests, disable_tqdm=False):
        found = []
        for (text,) in [request.args for request in requests]:
            windows = map(
                make_disjoint_window,
                get_rolling_token_windows(
                    token_list=self.tok_encode(text),
                    prefix_token=self.prefix_token_id,
                    max_seq_len=self.size,
                    context_len=1,
                ),
            )
            found.append(sum(score for score, _ in self._loglikelihood_tokens([(None, *one) for one in windows])))
        return found

    def generate_until(self, requests, disable_tqdm=False):
        return [
            f"{context[-9:]} The answer is {len(context)}." + str(sorted(kwargs))
            for context, kwargs in (r.args for r in requests)
        ]


class Constant(LM):
    def __init__(self):
        super().__init__()
        self.seen = []

    def loglikelihood(self, requests):
        self.seen += [(one.request_type, one.task_name, one.doc_id, one.idx, one.repeats) for one in requests]
        return [(-float(len(one.args[1])), False) for one in requests]

    def loglikelihood_rolling(self, requests):
        return [-float(len(one.args[0])) for one in requests]

    def generate_until(self, requests):
        self.seen += [(one.args[1], one.metadata, one.task_name) for one in requests]
        return ["The answer is 30." for _ in requests]


_, out = sys.argv[1:]
manager = TaskManager(include_path=".", include_defaults=False)
run = {"tasks": ["demo_text_folk", "demo_tales", "demo_errands", "demo_letter"], "limit": 5, "task_manager": manager}
run |= {"bootstrap_iters": 0, "num_fewshot": 1}
by_name = lm_eval.simple_evaluate(model="bytes", model_args="size=90,name=a b,flag=True,more=1e-3", batch_size=3, **run)
opened = get_model("byte-counts").create_from_arg_string("size=50,flag=False", {"batch_size": 2, "device": None})
by_object = lm_eval.simple_evaluate(model=opened, **run)
constant = Constant()
third = lm_eval.simple_evaluate(model=constant, **run)
made = get_model("bytes").create_from_arg_obj({"size": 7, "x": [1]}, {"batch_size": 4, "max_batch_size": None})
try:
    register_model("bytes")(type("Other", (BytesLM,), {}))
    again = "taken"
except Exception as error:
    again = next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")
hand = opened.loglikelihood(
    [Instance("loglikelihood", {}, ("", " abc"), 0), Instance("loglikelihood", {}, ("ab ", "c"), 1)]
)
save(
    out,
    {
        "by name": scores(by_name),
        "by object": scores(by_object),
        "calls": [opened.calls[:40], len(opened.calls)],
        "seen": constant.seen,
        "third": scores(third),
        "config": [by_name["config"][key] for key in ("model", "model_args", "batch_size")],
        "names": [by_object["config"]["model"], third["config"]["model"]],
        "made": [made.size, made.rest, made.rank, made.world_size],
        "again": again,
        "hand": hand,
        "unknown": caught(get_model, "no-such-model"),
        "wrong": caught(lm_eval.simple_evaluate, model="no-such-model", tasks=["demo_tales"], task_manager=manager),
        "no chat": caught(opened.apply_chat_template, [{"role": "user", "content": "x"}]),
        "resps": {name: [one["resps"] for one in rows] for name, rows in by_name["samples"].items()},
    },
)
