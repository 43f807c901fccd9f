"""Tasks of one's own from Python, as papers' repositories have it.

python own_tasks.py MODEL FOLDER NAMES OUT.json
"""

import json
import sys

from lm_eval.evaluator import evaluate
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager, get_task_dict
from lm_eval.utils import handle_non_serializable, make_table
from transformers import AutoModelForCausalLM, AutoTokenizer


def leaves(nested):
    for value in nested.values():
        if isinstance(value, dict):
            yield from leaves(value)
        else:
            yield value


def main(path, folder, names, out):
    manager = TaskManager(include_path=folder)
    assert set(names.split(",")) <= set(manager.all_tasks)
    task_dict = get_task_dict(names.split(","), manager)
    for task in leaves(task_dict):
        task.set_config(key="num_fewshot", value=2)
        task.set_fewshot_seed(seed=7)
        if task.get_config("output_type") == "generate_until":
            task.set_config(key="generation_kwargs", value={"max_gen_toks": 6}, update=True)
    model = AutoModelForCausalLM.from_pretrained(path).float()
    lm = HFLM(pretrained=model, tokenizer=AutoTokenizer.from_pretrained(path), batch_size=2)
    results = evaluate(lm=lm, task_dict=task_dict, limit=4, bootstrap_iters=20)
    print(make_table(results))
    with open(out, "w") as file:
        json.dump(results, file, default=handle_non_serializable)


if __name__ == "__main__":
    main(*sys.argv[1:])
