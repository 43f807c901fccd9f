"""Tasks written as classes: ConfigurableTask and the older Task, given as objects."""

import sys

import datasets
import lm_eval
from _record import save, scores
from lm_eval.api.instance import Instance
from lm_eval.api.metrics import mean
from lm_eval.api.task import ConfigurableTask, PerplexityTask, Task
from lm_eval.evaluator import evaluate
from lm_eval.models.huggingface import HFLM

ROWS = [
    {"q": "What is the trade of Anwen?", "options": ["carpenter", "gardener", "baker"], "gold": 0},
    {"q": "What is the capital of Quillen?", "options": ["Windle", "Foxglove"], "gold": 0},
    {"q": "What is 25 plus 5?", "options": ["30", "31", "32", "33"], "gold": 0},
    {"q": "What does the snorfel eat?", "options": ["plums", "snails"], "gold": 1},
]
SHOTS = [{"q": f"What is {n} plus 1?", "options": [str(n + 1), "9"], "gold": 0} for n in range(5)]


class Inline(ConfigurableTask):
    VERSION = 2

    def __init__(self, config=None):
        super().__init__(
            config={
                "task": "inline",
                "dataset_path": "json",
                "output_type": "multiple_choice",
                "test_split": "test",
                "training_split": "train",
                "fewshot_split": "train",
                "num_fewshot": 2,
                "doc_to_text": "Q: {{q}}\nA:",
                "doc_to_choice": "options",
                "doc_to_target": "gold",
                "target_delimiter": " ",
                "metadata": {"version": 4},
                "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}],
            }
        )

    def download(self, *args, **kwargs):
        self.dataset = datasets.DatasetDict(
            {"test": datasets.Dataset.from_list(ROWS), "train": datasets.Dataset.from_list(SHOTS)}
        )

    def doc_to_text(self, doc, doc_to_text=None):
        return super().doc_to_text(doc, doc_to_text).replace("Q:", "Question:")


class Old(Task):
    VERSION = 1
    OUTPUT_TYPE = "loglikelihood"
    DATASET_PATH = "json"

    def download(self, data_dir=None, cache_dir=None, download_mode=None):
        self.dataset = {"test": ROWS, "train": SHOTS}

    def has_training_docs(self):
        return True

    def has_validation_docs(self):
        return False

    def has_test_docs(self):
        return True

    def training_docs(self):
        return self.dataset["train"]

    def test_docs(self):
        return self.dataset["test"]

    def doc_to_text(self, doc):
        return f"{doc['q']} It is"

    def doc_to_target(self, doc):
        return " " + doc["options"][doc["gold"]]

    def construct_requests(self, doc, ctx, **kwargs):
        kwargs = {key: value for key, value in kwargs.items() if key == "metadata"}
        return [
            Instance(request_type="loglikelihood", doc=doc, arguments=(ctx, f" {one}"), idx=n, **kwargs)
            for n, one in enumerate(doc["options"])
        ]

    def process_results(self, doc, results):
        scores = [score for score, _ in results]
        return {"acc": float(scores.index(max(scores)) == doc["gold"]), "gap": max(scores) - min(scores)}

    def aggregation(self):
        return {"acc": mean, "gap": max}

    def higher_is_better(self):
        return {"acc": True, "gap": False}


class Tales(PerplexityTask):
    VERSION = 0
    DATASET_PATH = "json"

    def download(self, data_dir=None, cache_dir=None, download_mode=None):
        self.dataset = {"test": [{"text": "A short tale of a lumpfish."}, {"text": "Another one, longer than before."}]}

    def has_validation_docs(self):
        return False

    def has_test_docs(self):
        return True

    def test_docs(self):
        return self.dataset["test"]

    def doc_to_target(self, doc):
        return doc["text"]


path, out = sys.argv[1:]
manager = lm_eval.tasks.TaskManager(include_path=".", include_defaults=False)
lm = HFLM(path, dtype="float32", batch_size=2, device="cpu")
seen = {}
task = Inline()
seen["simple"] = scores(lm_eval.simple_evaluate(lm, tasks=[task], bootstrap_iters=0, task_manager=manager))
seen["facts"] = [
    task.VERSION,
    task.config.task,
    task.task_name,
    len(task.eval_docs),
    task.features,
    task.get_config("num_fewshot"),
]
task = Inline()
task.set_fewshot_seed(3)
seen["context"] = task.fewshot_context(ROWS[1], 3)
seen["contexts"] = [task.fewshot_context(row, 1) for row in ROWS]
seeded = Inline()
seeded.set_fewshot_seed(seed=5)
one = evaluate(lm, {"inline": seeded}, bootstrap_iters=0)
seen["evaluate"] = [scores(one), [row["arguments"] for row in one["samples"]["inline"]]]
old = Old()
old.set_fewshot_seed(seed=7)
two = evaluate(lm, {"old": old}, bootstrap_iters=0)
seen["old"] = [scores(two), [[row["arguments"], row["resps"], row["acc"], row["gap"]] for row in two["samples"]["old"]]]
three = lm_eval.simple_evaluate(lm, tasks=[Old()], num_fewshot=2, bootstrap_iters=0, limit=2, task_manager=manager)
values = [[value for key, value in one.items() if "," in key] for one in three["results"].values()]
prompts = [row["arguments"] for rows in three["samples"].values() for row in rows]
seen["old by simple"] = [values, prompts]
save(out, seen)
