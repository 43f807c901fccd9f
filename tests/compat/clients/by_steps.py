"""A driver of its own: builds the requests of task objects, asks the model and aggregates by hand."""

import sys
from collections import defaultdict

from _record import plain, save, scores
from lm_eval.api.registry import get_aggregation
from lm_eval.evaluator import evaluate
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager, get_task_dict


def leaves(nested):
    for name, value in nested.items():
        yield from leaves(value) if isinstance(value, dict) else [(name, value)]


path, out = sys.argv[1:]
lm = HFLM(pretrained=path, dtype="float32", batch_size=4, device="cpu")
manager = TaskManager(include_path=".", include_defaults=False)
seen = {}
tasks = get_task_dict(["demo_letter", "demo_errands", "demo_tales", "demo_text_folk"], manager)
seen["nested"] = [str(getattr(key, "group", key)) for key in tasks]
flat = dict(leaves(tasks))
seen["flat"] = list(flat)
for name in ("demo_text_folk", "demo_errands", "demo_tales", "demo_letter_isles"):
    task = flat[name]
    task.set_fewshot_seed(seed=42)
    task.build_all_requests(limit=4, rank=0, world_size=1, cache_requests=False, rewrite_requests_cache=False)
    instances = task.instances
    first = instances[0]
    seen[name] = {
        "count": len(instances),
        "order": [(one.doc_id, one.idx, one.task_name, one.repeats, one.request_type) for one in instances],
        "args": [one.args for one in instances[:5]],
        "metadata": first.metadata,
        "doc": first.doc,
    }
    answers = getattr(lm, first.request_type)(instances)
    for one, answer in zip(instances, answers, strict=False):
        one.resps.append(answer)
    task.apply_filters()
    by_doc = defaultdict(list)
    for one in instances:
        by_doc[one.doc_id].append(one)
    values = defaultdict(list)
    for key in first.filtered_resps:
        for _doc_id, ones in by_doc.items():
            ones.sort(key=lambda one: one.idx)
            figures = task.process_results(ones[0].doc, [one.filtered_resps[key] for one in ones])
            for metric, value in figures.items():
                values[f"{metric},{key}"].append(value)
    aggregations = task.aggregation()
    seen[name]["values"] = {key: aggregations[key.split(",")[0]](items) for key, items in values.items()}
    seen[name]["better"] = task.higher_is_better()
    seen[name]["answers"] = answers
    documents = list(task.doc_iterator(rank=0, limit=3, world_size=1))
    seen[name]["iterator"] = [number for number, _ in documents]
    rest = list(task.doc_iterator(rank=1, limit=5, world_size=2, samples=[1, 2, 5]))
    seen[name]["split"] = [number for number, _ in rest]
fresh = get_task_dict(["demo_letter", "demo_errands"], manager)
for _, task in leaves(fresh):
    task.set_config(key="num_fewshot", value=1)
whole = evaluate(lm=lm, task_dict=fresh, limit=5, bootstrap_iters=0, log_samples=False, write_out=True)
seen["evaluate"] = scores(whole)
seen["evaluate keys"] = sorted(whole)
second = evaluate(lm, {"mine": flat["demo_text_folk"]}, limit=3, bootstrap_iters=0)
seen["second"] = scores(second)
loaded = manager.load(["demo_text_folk", "demo_letter"])
seen["third"] = scores(evaluate(lm, loaded, limit=3, bootstrap_iters=0))
seen["mean"] = get_aggregation("mean")([1, 2, 4])
save(out, plain(seen))
