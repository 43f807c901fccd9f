"""Chat models: templates, system messages, examples as turns."""

import sys

import lm_eval
from _record import save
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager

path, out = sys.argv[1:]
lm = HFLM(pretrained=path, dtype="float32", batch_size=4, device="cpu")
manager = TaskManager(include_path=".", include_defaults=False)
CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
seen = {
    "template": lm.chat_template(True),
    "none": lm.chat_template(False),
    "name": lm.tokenizer_name == str(path).replace("/", "__"),
    "render": [
        lm.apply_chat_template(CHAT),
        lm.apply_chat_template([*CHAT, {"role": "assistant", "content": "He"}], add_generation_prompt=False),
    ],
}
for name, settings in {
    "turns": {"fewshot_as_multiturn": True},
    "one turn": {"fewshot_as_multiturn": False},
    "system": {"system_instruction": "You know the isles.", "fewshot_as_multiturn": True},
    "no chat": {"apply_chat_template": False, "system_instruction": "You know the isles."},
    "none": {"num_fewshot": 0},
}.items():
    given = {"apply_chat_template": True, "num_fewshot": 2, **settings}
    results = lm_eval.simple_evaluate(
        lm,
        tasks=["demo_letter_folk", "demo_errands", "demo_text_sums"],
        limit=3,
        task_manager=manager,
        bootstrap_iters=0,
        **given,
    )
    seen[name] = {
        "scores": results["results"],
        "prompts": {task: rows[1]["arguments"] for task, rows in results["samples"].items()},
        "resps": {task: [row["resps"] for row in rows] for task, rows in results["samples"].items()},
        "config": {key: results.get(key) for key in ("system_instruction", "fewshot_as_multiturn", "chat_template")},
        "n-shot": results["n-shot"],
    }
save(out, seen)
