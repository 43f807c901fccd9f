"""A repository of tasks of one's own: YAML with Python beside it, groups, includes, tags, several filters."""

import sys
import tempfile
from pathlib import Path

import lm_eval
from _record import save, scores
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from lm_eval.utils import make_table

FILES = {
    "_base_yaml": """
dataset_path: json
dataset_kwargs: {data_files: {test: DATA/folk.jsonl, dev: DATA/folk_dev.jsonl}}
test_split: test
fewshot_split: dev
output_type: multiple_choice
doc_to_text: !function utils.ask
doc_to_choice: choices
doc_to_target: answer
process_docs: !function utils.keep
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
metadata: {version: 1.5}
""",
    "a.yaml": "include: _base_yaml\ntask: own_a\ntag: own_tag\n",
    "b.yaml": """
include: _base_yaml
task: own_b
tag: [own_tag, own_other]
num_fewshot: 3
description: "Answer.\\n\\n"
doc_to_target: "{{choices[answer]}}"
""",
    "c.yaml": """
include: _base_yaml
task: own_c
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: "{{choices[answer]}}"
doc_to_choice: null
generation_kwargs: {until: ["\\n", "."], max_gen_toks: 10, do_sample: false}
repeats: 2
filter_list:
  - name: first
    filter: [{function: regex, regex_pattern: '([a-z]+)'}, {function: take_first}]
  - name: major
    filter: [{function: majority_vote}, {function: take_first}]
metric_list:
  - metric: exact_match
    aggregation: mean
    higher_is_better: true
    ignore_case: true
  - metric: !function utils.length
    aggregation: !function utils.longest
    higher_is_better: false
""",
    "d.yaml": """
include: _base_yaml
task: own_d
output_type: multiple_choice
fewshot_config: {sampler: first_n}
num_fewshot: 2
process_results: !function utils.judge
metric_list:
  - metric: gap
    aggregation: !function utils.longest
    higher_is_better: false
  - metric: acc
    aggregation: mean
    higher_is_better: true
""",
    "group.yaml": """
group: own
group_alias: Own Things
task:
  - own_a
  - own_tag
  - group: own_inner
    task: [own_b, own_d]
    aggregate_metric_list: [{metric: acc, weight_by_size: false}]
aggregate_metric_list:
  - metric: acc
    weight_by_size: true
    filter_list: [none]
metadata: {version: 2}
""",
    "utils.py": """
def ask(doc):
    return f"Q: {doc['question']}\\nA:"


def keep(dataset):
    return dataset.filter(lambda doc: len(doc["question"]) > 24).map(lambda doc: {"extra": doc["answer"] + 1})


def length(references, predictions):
    return len(predictions[0])


def longest(items):
    return max(items)


def judge(doc, results):
    values = [value for value, _ in results]
    return {"gap": max(values) - min(values), "acc": int(values.index(max(values)) == doc["answer"])}
""",
}
path, out = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    for name, text in FILES.items():
        Path(folder, name).write_text(text.replace("DATA", str(Path("data").resolve())))
    manager = TaskManager(include_path=folder, include_defaults=False)
    lm = HFLM(path, dtype="float32", batch_size=4, device="cpu")
    seen = {"names": [sorted(names) for names in (manager.all_tasks, manager.all_groups, manager.all_tags)]}
    for key, tasks in {"group": ["own"], "tag": ["own_tag"], "parts": ["own_c", "own_d"]}.items():
        results = lm_eval.simple_evaluate(lm, tasks=tasks, limit=4, task_manager=manager, bootstrap_iters=20)
        seen[key] = {
            "scores": scores(results),
            "groups": make_table(results, "groups") if results.get("groups") else None,
            "subtasks": results.get("group_subtasks"),
            "versions": results["versions"],
            "samples": {
                name: [[r["filter"], r["arguments"], r["filtered_resps"], r["target"]] for r in rows[:3]]
                for name, rows in results["samples"].items()
            },
        }
save(out, seen)
