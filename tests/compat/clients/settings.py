"""Sweeps over the arguments of simple_evaluate."""

import sys

import lm_eval
from _record import caught, save, scores
from lm_eval.tasks import TaskManager

path, out = sys.argv[1:]
manager = TaskManager(include_path=".", include_defaults=False)


def run(**kwargs):
    given = {
        "model": "hf",
        "model_args": f"pretrained={path},dtype=float32",
        "tasks": ["demo_text_folk", "demo_errands"],
        "device": "cpu",
        "limit": 2,
        "bootstrap_iters": 0,
        "task_manager": manager,
        **kwargs,
    }
    results = lm_eval.simple_evaluate(**given)
    return {
        "scores": scores(results),
        "resps": {task: [row["resps"] for row in rows] for task, rows in results.get("samples", {}).items()},
        "prompt": {task: rows[0]["arguments"] for task, rows in results.get("samples", {}).items()},
        "config": {
            key: value
            for key, value in results["config"].items()
            if key not in ("model_args", "use_cache", "model_sha", "model_revision", "bootstrap_iters", "batch_sizes")
        },
        "keys": sorted(results),
    }


SWEEP = {
    "limit of a share": {"limit": 0.05},
    "limit 1": {"limit": 1},
    "limit 1.0": {"limit": 1.0},
    "no samples": {"log_samples": False},
    "bootstrap": {"bootstrap_iters": 30, "tasks": ["demo_tales"]},
    "gen_kwargs as text": {"gen_kwargs": "max_gen_toks=4,until=;"},
    "gen_kwargs as mapping": {"gen_kwargs": {"max_gen_toks": 5, "until": [" is"]}},
    "gen_kwargs greedy": {"gen_kwargs": "do_sample=False,temperature=0"},
    "gen_kwargs unknown": {"gen_kwargs": "num_beams=2", "tasks": ["demo_errands"]},
    "seeds": {
        "random_seed": 5,
        "numpy_random_seed": 6,
        "torch_random_seed": 7,
        "fewshot_random_seed": 8,
        "num_fewshot": 2,
    },
    "other few-shot seed": {"fewshot_random_seed": 99, "num_fewshot": 2},
    "no few-shot seed": {"fewshot_random_seed": None, "num_fewshot": 0},
    "system": {"system_instruction": "You know the isles.\n"},
    "cached requests": {"cache_requests": True},
    "cached requests again": {"cache_requests": True, "limit": 2},
    "written out": {"write_out": True, "limit": 1},
    "integrity": {"check_integrity": False, "limit": 1},
    "batch auto": {"batch_size": "auto", "max_batch_size": 2},
    "batch as text": {"batch_size": "4"},
    "arguments as mapping": {"model_args": {"pretrained": path, "dtype": "float32", "max_length": 40}},
    "bos": {
        "model_args": f"pretrained={path},dtype=float32,add_bos_token=True",
        "tasks": ["demo_text_folk", "demo_tales"],
    },
    "prefix": {"model_args": f"pretrained={path},dtype=float32,prefix_token_id=5", "tasks": ["demo_tales"]},
    "softmax": {"model_args": f"pretrained={path},dtype=float32,softmax_dtype=float64"},
    "metadata": {"metadata": {"pretrained": "x"}, "limit": 1},
    "unsafe": {"confirm_run_unsafe_code": True, "limit": 1},
    "one task as text": {"tasks": "demo_tales"},
    "tag": {"tasks": ["demo_generation"], "limit": 1},
    "twice": {"tasks": ["demo_tales", "demo_tales"], "limit": 2},
}
seen = {name: caught(run, **given) for name, given in SWEEP.items()}
seen["wrong"] = [
    caught(run, tasks=[]),
    caught(run, tasks=None),
    caught(run, tasks=["no_such_task"]),
    caught(run, model_args="pretrained=/does/not/exist"),
    caught(run, limit=2, samples={"demo_text_folk": [0]}),
    caught(run, gen_kwargs="x"),
    caught(run, batch_size="many"),
]
save(out, seen)
