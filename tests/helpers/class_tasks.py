"""A task as a class, and runs of it."""

from __future__ import annotations

import json
from pathlib import Path

from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.settings.config import build_config

ROWS = [{"question": f"What is {n} plus one?", "answer": str(n + 1), "fine": n % 2 == 0} for n in range(6)]
MINE = """
from lm_eval.api.instance import Instance
from lm_eval.api.metrics import mean
from lm_eval.api.task import ConfigurableTask

SEEN = []


class Mine(ConfigurableTask):
    VERSION = 3
    DATASET_PATH = "json"

    def __init__(self, config):
        SEEN.append(config)
        files = {"train": config["rows"], "validation": config["rows"]}
        super().__init__(config={"metadata": {"version": 3}, "dataset_kwargs": {"data_files": files}})

    def has_training_docs(self):
        return True

    def has_validation_docs(self):
        return True

    def has_test_docs(self):
        return False

    def training_docs(self):
        return self.dataset["train"]

    def validation_docs(self):
        return self.dataset["validation"]

    def doc_to_text(self, doc):
        return f"Q: {doc['question']}\\nA:"

    def doc_to_target(self, doc):
        return doc["answer"]

    def construct_requests(self, doc, ctx, apply_chat_template=False, chat_template=None, **kwargs):
        def ask(kind, idx, *arguments):
            return Instance(request_type=kind, doc=doc, arguments=arguments, idx=idx, **kwargs)

        return [
            ask("generate_until", 4, ctx, {"until": ["\\n"], "max_gen_toks": 3}),
            ask("loglikelihood", 0, ctx, " yes"),
            ask("loglikelihood", 1, ctx, " no"),
            ask("loglikelihood", 2, "other", " no"),
            ask("loglikelihood_rolling", 3, ctx),
        ]

    def process_results(self, doc, results):
        yes, no, other, text, generated = results
        return {"yes": float(yes[0] > no[0]), "long": len(generated)}

    def aggregation(self):
        return {"yes": mean, "long": max}

    def higher_is_better(self):
        return {"yes": True, "long": False}
"""


def run(file, **options):
    config = build_config({"model": "dummy", "tasks": [str(file)], **options})
    return evaluate(config, progress=Quiet, bootstrap_iters=9, keep_records=True)


def write_class(folder: Path, code: str = MINE, cls: str = "Mine", **keys: object) -> Path:
    """A task file that says ``class``, its Python file beside it, and its rows."""
    rows = folder / "rows.jsonl"
    rows.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    (folder / "code.py").write_text(code, encoding="utf-8")
    more = "".join(f"{key}: {json.dumps(value)}\n" for key, value in keys.items())
    file = folder / "mine.yaml"
    file.write_text(f"task: mine\nclass: !function code.{cls}\nrows: {rows}\n{more}", encoding="utf-8")
    return file
