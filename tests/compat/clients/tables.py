"""A report: the tables of lm-eval, as text and as JSON."""

import json
import sys

from _record import save
from lm_eval import evaluator
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from lm_eval.utils import handle_non_serializable, make_table

path, out = sys.argv[1:]
lm = HFLM(pretrained=path, dtype="float32", batch_size=16, device="cpu")
run = {"task_manager": TaskManager(include_path=".", include_defaults=False), "bootstrap_iters": 10}
whole = evaluator.simple_evaluate(lm, tasks=["demo"], limit=3, **run)
parts = evaluator.simple_evaluate(lm, tasks=["demo_letter", "demo_text_folk"], limit=0.1, num_fewshot=0, **run)
tables = [make_table(whole), make_table(whole, "groups"), make_table(whole, sort_results=True)]
tables += [make_table(parts), make_table(parts, "groups") if "groups" in parts else None]
again = json.loads(json.dumps(whole, default=handle_non_serializable))
seen = {"tables": tables, "again": make_table(again) == tables[0]}
for name, results in (("whole", whole), ("parts", parts)):
    keys = ("results", "groups", "group_subtasks", "versions", "n-shot", "n-samples", "higher_is_better")
    seen[name] = {key: results.get(key) for key in keys}
    seen[name]["order"] = [list(results["results"]), list(results.get("groups", {})), list(results["configs"])]
    seen[name]["keys"] = sorted(results)
save(out, seen)
