"""A web service that lists tasks and looks at their configurations."""

import sys

from _record import caught, save
from lm_eval.tasks import TaskManager, get_task_dict

_, out = sys.argv[1:]
manager = TaskManager(verbosity="ERROR", include_path=".", include_defaults=False)
seen = {
    "tasks": sorted(manager.all_tasks),
    "groups": sorted(manager.all_groups),
    "subtasks": sorted(manager.all_subtasks),
    "tags": sorted(manager.all_tags),
    "match": [
        sorted(manager.match_tasks(words)) for words in (["demo_letter_*"], ["*s"], ["nothing"], ["demo", "demo_t*"])
    ],
    "index": sorted(manager.task_index),
}
loaded = manager.load_task_or_group(["demo_letter", "demo_errands"])
seen["nested"] = {
    getattr(key, "group", key): sorted(map(str, value)) if isinstance(value, dict) else type(value).__name__
    for key, value in loaded.items()
}
task = get_task_dict(["demo_text_folk"], manager)["demo_text_folk"]
seen["config"] = {key: value for key, value in task.config.to_dict().items() if not callable(value)}
seen["dump"] = sorted(task.dump_config())
seen["facts"] = [task.config.task, task.OUTPUT_TYPE, task.VERSION, task.config["task"], task.get_config("num_fewshot")]
seen["docs"] = [
    len(task.eval_docs),
    task.has_training_docs(),
    task.has_validation_docs(),
    task.has_test_docs(),
    task.test_docs()[0],
    next(iter(task.fewshot_docs())),
]
doc = task.test_docs()[3]
seen["fields"] = [task.doc_to_text(doc), task.doc_to_target(doc), task.doc_to_choice(doc)]
seen["context"] = task.fewshot_context(doc, 0)
seen["errors"] = [
    caught(get_task_dict, ["no_such_task"], manager),
    caught(manager.load, ["no_such_task"]),
    caught(get_task_dict, "demo_errands", manager),
]
new = manager.load(["demo_letter", "demo_tales"])
seen["load"] = {key: sorted(value) for key, value in new.items()}
group = new["groups"]["demo_letter"]
seen["group"] = [group.name, group.alias, group.version, sorted(group.child_names), len(list(group.get_all_tasks()))]
save(out, seen)
