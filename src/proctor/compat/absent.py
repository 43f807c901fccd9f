"""Names of lm-eval that have no face here, and why: asking for one says so."""

from __future__ import annotations

from collections.abc import Mapping

_RESULTS = "it is a step between answers and results, which lm_eval.evaluator.evaluate takes as a whole."
_SETTINGS = "the settings of a run are the arguments of lm_eval.simple_evaluate, or of proctor.evaluate."
_LOADER = "lm_eval.tasks.TaskManager finds and loads tasks."
_REMOTE = "it is for models behind an API, which proctor has not yet."

_ENGINE = "it belongs to an engine that proctor has not yet; the module's classes can be imported, not made."

ABSENT: Mapping[str, str] = {
    **{
        f"lm_eval.models.{name}": _ENGINE
        for name in (
            *("gguf.get_result", "hf_steered.steer", "textsynth.textsynth_completion"),
            *("nemo_lm.load_model", "nemo_lm.setup_distributed_environment", "ibm_watsonx_ai.LogLikelihoodResult"),
        )
    },
    "lm_eval.models.api_models.create_image_prompt": "it is for models that see, which proctor has not yet.",
    **{f"lm_eval.models.anthropic_llms.anthropic_{kind}": _REMOTE for kind in ("chat", "completion")},
    "lm_eval._cli": "the command line is proctor's own; lm_eval.__main__.cli_evaluate runs it.",
    "lm_eval.config.evaluate_config": _SETTINGS,
    "lm_eval.config.EvaluatorConfig": _SETTINGS,
    **dict.fromkeys(
        ("lm_eval.decontamination.archiver", "lm_eval.decontamination.decontaminate"),
        "overlaps with a training set that lies in archives are not computed; lm_eval.decontamination.janitor is here.",
    ),
    **{
        f"lm_eval.evaluator_utils.{name}": _RESULTS
        for name in ("EvalAcc", "ResultAcc", "aggregate_groups", "find_test_root", "run_task_tests")
    },
    **{f"lm_eval.tasks.{module}": _LOADER for module in ("_factory",)},
    "lm_eval.utils.ignore_constructor": _LOADER,
    **{f"lm_eval.api.samplers.{name}": "lm-eval has only its name." for name in ("BalancedSampler", "ManualSampler")},
    **{
        f"lm_eval.models.utils.{name}": "it is for models that see, which proctor has not yet."
        for name in ("flatten_image_list", "resize_image")
    },
    "lm_eval.models.utils.MultiChoice": "it is for argparse; lm_eval.tasks.TaskManager().match_tasks finds names.",
    "lm_eval.prompts.load_prompt_list": "use_prompt names one prompt, which lm_eval.prompts.get_prompt finds.",
    "lm_eval.loggers.wandb_logger.get_wandb_printer": "it prints wandb's own texts, which WandbLogger does not.",
}
"""Module, or name in a module -> why it is not served."""


def reason(name: str) -> str | None:
    """A sentence for a module or name of lm-eval, or for what is below one; None where nothing special is known."""
    above = name
    while above:
        if above in ABSENT:
            return f"proctor does not serve {name}: {ABSENT[above]}"
        above = above.rpartition(".")[0]
    return None
