"""The flags, named as lm-evaluation-harness names them. Nothing here has a default.

What was not given stays out of the namespace, so that a configuration file can say it and
:mod:`proctor.run.config` can tell the two apart. What a value may be is said there too;
a flag here only takes words.
"""

from __future__ import annotations

import argparse
from typing import Any, TypeAlias

from proctor.cli.values import Pairs, Words

_Flags: TypeAlias = "argparse.ArgumentParser | argparse._ArgumentGroup"


def add_run_flags(parser: argparse.ArgumentParser) -> None:
    """Every flag of ``run``."""
    _omit_what_is_not_given(parser)
    _add_what(parser.add_argument_group("what to evaluate"))
    _add_how(parser.add_argument_group("how to ask"))
    _add_chat(parser.add_argument_group("chat"))
    _add_output(parser.add_argument_group("output"))
    _add_reporters(parser.add_argument_group("reporters (not supported yet)"))
    _add_rest(parser.add_argument_group("more"))


def add_task_flags(parser: _Flags) -> None:
    """``--tasks`` and where tasks are looked for: of every verb that works on tasks."""
    parser.add_argument(
        "--tasks",
        "-t",
        nargs="+",
        action=Words,
        metavar="TASK",
        help="names, globs, groups, tags, paths of YAML files or folders; commas or spaces between them. "
        "'proctor ls tasks' lists the names",
    )
    parser.add_argument(
        "--include_path",
        action="append",
        metavar="FOLDER",
        help="a folder with more tasks; may be repeated, a later one overrides an earlier one",
    )


def add_validate_flags(parser: argparse.ArgumentParser) -> None:
    """Every flag of ``validate``."""
    _omit_what_is_not_given(parser)
    add_task_flags(parser)
    _switch(parser, "--no_data", help="check the files only: load no data and render no template")
    _switch(parser, "--run_task_code", help="run the Python beside the task files, too, on every document")
    _pairs(parser, "--metadata", help="metadata that the tasks need, as for run")


def add_preview_flags(parser: argparse.ArgumentParser) -> None:
    """Every flag of ``preview``. Those of ``run`` that change no prompt are taken too and have no effect."""
    _omit_what_is_not_given(parser)
    add_task_flags(parser)
    _text(parser, "--limit", "-L", "-n", "--n", metavar="N", help="how many documents of each task (default: 1)")
    _text(parser, "--samples", "-E", metavar="JSON", help="or which documents, as '{\"task\": [0, 7]}' or a JSON file")
    _text(parser, "--num_fewshot", "-f", metavar="N", help="examples before each question (default: the task's)")
    _text(parser, "--seed", metavar="N[,N,N,N]", help="seeds, as for run")
    _text(parser, "--model", "-M", metavar="MODEL", help="the kind of model (default: hf)")
    _pairs(parser, "--model_args", "-a", help="whose tokenizer counts the tokens, as in pretrained=NAME_OR_FOLDER")
    _pairs(parser, "--gen_kwargs", help="how to generate, as for run")
    _text(parser, "--config", "-C", metavar="FILE", help="a YAML file with settings of a run; flags win over it")
    _pairs(parser, "--metadata", help="metadata that the tasks need, as for run")
    _text(parser, "--env_file", metavar="FILE", help="a .env file, for HF_TOKEN and the like")
    _switch(parser, "--trust_remote_code", help="let tokenizers and data sets run their own code")
    _switch(parser, "--plan", help="no prompts, but how much a run has to compute: needs a tokenizer (--model_args)")
    _switch(parser, "--estimate", help="--plan, and how long the run will take: loads the model and times a sample")
    _switch(parser, "--batch_invariant", help="as for run: changes the plan")
    _text(parser, "--fewshot_exclude", metavar="lm_eval|always", help="as for run")
    _switch(parser, "--strict_lm_eval", help="as for run")
    _add_chat(parser)
    for names in (("--batch_size", "-b"), ("--max_batch_size",), ("--device",), ("--threads",)):
        _text(parser, *names, metavar="...", help="for --estimate, as for run")
    _add_without_effect(parser)


def _add_without_effect(parser: argparse.ArgumentParser) -> None:
    """So that a command line of ``run`` becomes one of ``preview`` by its verb alone."""
    hidden: dict[str, Any] = {"help": argparse.SUPPRESS}
    for names in (
        ("--output_path", "-o"),
        ("--verbosity", "-v"),
        ("--use_cache", "-c"),
        ("--store",),
    ):
        _text(parser, *names, **hidden)
    for names in (
        ("--log_samples", "-s"),
        ("--predict_only", "-x"),
        ("--write_out", "-w"),
        ("--show_config",),
        ("--confirm_run_unsafe_code",),
        ("--check_integrity",),
        ("--no_store",),
        ("--fail_fast",),
    ):
        _switch(parser, *names, **hidden)
    parser.add_argument("--cache_requests", nargs="?", const="true", **hidden)
    for name in ("--wandb_args", "--wandb_config_args", "--trackio_args", "--hf_hub_log_args"):
        _pairs(parser, name, **hidden)


def _add_what(group: _Flags) -> None:
    _text(group, "--model", "-M", metavar="MODEL", help="the kind of model (default: hf)")
    _pairs(group, "--model_args", "-a", help="its arguments, as in pretrained=NAME_OR_FOLDER,dtype=float32")
    add_task_flags(group)
    _text(group, "--config", "-C", metavar="FILE", help="a YAML file with any of these settings; flags win over it")
    _text(group, "--limit", "-L", metavar="N", help="documents of each task: a number, or a share below 1")
    _text(group, "--samples", "-E", metavar="JSON", help="or which documents, as '{\"task\": [0, 7]}' or a JSON file")


def _add_how(group: _Flags) -> None:
    _text(group, "--num_fewshot", "-f", metavar="N", help="examples before each question (default: the task's)")
    _text(group, "--batch_size", "-b", metavar="N|auto|auto:N", help="requests asked together (default: 1)")
    _text(group, "--max_batch_size", metavar="N", help="the most that auto tries")
    _text(
        group,
        "--fewshot_exclude",
        metavar="lm_eval|always",
        help="when a question is kept out of its own examples (default: lm_eval, which forgets some cases)",
    )
    _switch(group, "--strict_lm_eval", help="lm-eval's figures also where they are held to be wrong")
    _switch(group, "--batch_invariant", help="score every document by itself, whatever else is asked (slower)")
    _text(group, "--device", metavar="DEVICE", help="cuda, cuda:0, mps, cpu (default: what is there)")
    _text(group, "--threads", metavar="N", help="CPU threads (default: the libraries decide)")
    _pairs(group, "--gen_kwargs", help="how to generate, as in temperature=0.8,max_gen_toks=64; wins over the task's")
    _text(group, "--seed", metavar="N[,N,N,N]", help="one seed, or Python, numpy, torch, few-shot (0,1234,1234,1234)")


def _add_chat(group: _Flags) -> None:
    group.add_argument(
        "--apply_chat_template",
        nargs="?",
        const=True,
        metavar="NAME",
        help="send prompts as a chat, with the model's template or the one of this name",
    )
    _text(group, "--system_instruction", metavar="TEXT", help="a system message before every prompt")
    group.add_argument(
        "--fewshot_as_multiturn",
        nargs="?",
        const=True,
        metavar="true|false",
        help="examples as turns of the chat (default: with a chat template, true)",
    )


def _add_output(group: _Flags) -> None:
    _text(group, "--output_path", "-o", metavar="PATH", help="a folder, or a .json file, for the results")
    _switch(group, "--log_samples", "-s", help="write every prompt, answer and score as well")
    _switch(group, "--predict_only", "-x", help="write the answers, compute no scores")
    _switch(group, "--write_out", "-w", help="show the first prompt of each task")
    _switch(group, "--show_config", help="print the whole results document")
    _text(group, "--verbosity", "-v", metavar="LEVEL", help="level of the log; LMEVAL_LOG_LEVEL wins over it")


def _add_reporters(group: _Flags) -> None:
    _pairs(group, "--wandb_args", help="Weights & Biases")
    _pairs(group, "--wandb_config_args", help="Weights & Biases, its config")
    _pairs(group, "--trackio_args", help="Trackio")
    _pairs(group, "--hf_hub_log_args", help="a data set on the Hugging Face hub")


def _add_rest(group: _Flags) -> None:
    _pairs(group, "--metadata", help="metadata for tasks that take some, over model_args; a JSON object is taken too")
    _text(group, "--env_file", metavar="FILE", help="a .env file, for HF_TOKEN and the like; the environment wins")
    _switch(group, "--trust_remote_code", help="let models and data sets run their own code")
    _switch(group, "--fail_fast", help="stop at the first document that cannot be graded")
    _switch(group, "--confirm_run_unsafe_code", help="yes, run what the model writes, for tasks that do")
    _text(group, "--store", metavar="PATH", help="where answers are kept (default: in the user's cache folder)")
    _switch(group, "--no_store", help="keep no answer, and use none that was kept")
    _text(group, "--use_cache", "-c", metavar="PREFIX", help="as --store PREFIX.sqlite, the name that lm-eval has")
    group.add_argument(
        "--cache_requests",
        nargs="?",
        const="true",
        metavar="true|refresh|delete",
        help="keep built prompts (not available, and not needed: building them is quick)",
    )
    _switch(group, "--check_integrity", help="test the task definitions first (not available: see proctor validate)")


def _omit_what_is_not_given(parser: argparse.ArgumentParser) -> None:
    parser.argument_default = argparse.SUPPRESS


def _text(group: _Flags, *names: str, **more: Any) -> None:
    group.add_argument(*names, **more)


def _switch(group: _Flags, *names: str, **more: Any) -> None:
    group.add_argument(*names, action="store_true", **more)


def _pairs(group: _Flags, *names: str, **more: Any) -> None:
    group.add_argument(*names, nargs="+", action=Pairs, metavar="KEY=VALUE", **more)
