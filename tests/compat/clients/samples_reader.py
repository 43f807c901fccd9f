"""Error analysis: reads the samples that a run returns, every field of them."""

import sys

import lm_eval
from _record import save
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager

path, out = sys.argv[1:]
lm = HFLM(pretrained=path, dtype="float32", batch_size=4, device="cpu")
results = lm_eval.simple_evaluate(
    model=lm,
    tasks=["demo_letter_folk", "demo_errands", "demo_tales", "demo_text_sums"],
    task_manager=TaskManager(include_path=".", include_defaults=False),
    samples={"demo_letter_folk": [0, 3, 11], "demo_errands": [2], "demo_tales": [1, 5], "demo_text_sums": [99]},
    bootstrap_iters=0,
)
seen = {"keys": {}, "types": {}, "order": {}}
for name, rows in results["samples"].items():
    seen["keys"][name] = list(rows[0])
    seen["types"][name] = {key: type(value).__name__ for key, value in rows[0].items() if key not in rows[0]["metrics"]}
    seen["order"][name] = [(row["doc_id"], row["filter"]) for row in rows]
seen["samples"] = {name: rows if name != "demo_tales" else rows[:1] for name, rows in results["samples"].items()}
seen["n"] = results["n-samples"]
worst = max(results["samples"]["demo_letter_folk"], key=lambda row: row["resps"][0][0][0])
seen["worst"] = [worst["doc_id"], worst["acc"], worst["target"]]
save(out, seen)
