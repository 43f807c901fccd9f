"""The flags, named as lm-evaluation-harness names them. Nothing here has a default.

What was not given stays out of the namespace, so that a configuration file can say it and
:mod:`proctor.settings.config` can tell the two apart. What a value may be is said there too;
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
    _add_how(parser.add_argument_group("how to evaluate"))
    _add_chat(parser.add_argument_group("chat"))
    _add_output(parser.add_argument_group("output"))
    _add_reporters(parser.add_argument_group("reporters (not supported yet)"))
    _add_rest(parser.add_argument_group("more"))


def add_task_flags(parser: _Flags) -> None:
    """``--tasks`` and where tasks are looked for: of every subcommand that works on tasks."""
    parser.add_argument(
        "--tasks",
        "-t",
        nargs="+",
        action=Words,
        metavar="TASK",
        help="names of tasks, groups and tags, globs, paths of YAML files or folders; separated by commas or spaces. "
        "'proctor ls tasks' lists all names",
    )
    parser.add_argument(
        "--include_path",
        action="append",
        metavar="FOLDER",
        help="a folder of task files; may be given several times, later ones override earlier ones",
    )


def add_validate_flags(parser: argparse.ArgumentParser) -> None:
    """Every flag of ``validate``."""
    _omit_what_is_not_given(parser)
    add_task_flags(parser)
    _switch(parser, "--no_data", help="check the files only: load no data, render no template")
    _switch(parser, "--run_task_code", help="also run the Python functions of the task files, on every document")
    _pairs(parser, "--metadata", help="metadata for tasks that need some, as for run")


def add_preview_flags(parser: argparse.ArgumentParser) -> None:
    """Every flag of ``preview``. Those of ``run`` that change no prompt are accepted and have no effect."""
    _omit_what_is_not_given(parser)
    add_task_flags(parser)
    _text(parser, "--limit", "-L", "-n", "--n", metavar="N", help="number of documents of each task (default: 1)")
    _text(
        parser,
        "--samples",
        "-E",
        metavar="JSON",
        help="document numbers instead of --limit, as '{\"task\": [0, 7]}' or a JSON file",
    )
    _text(parser, "--num_fewshot", "-f", metavar="N", help="number of few-shot examples (default: the task's)")
    _text(parser, "--seed", metavar="N[,N,N,N]", help="seeds, as for run")
    _text(parser, "--model", "-M", metavar="MODEL", help="kind of model (default: hf)")
    _pairs(parser, "--model_args", "-a", help="the model whose tokenizer is used, as in pretrained=NAME_OR_FOLDER")
    _pairs(parser, "--gen_kwargs", help="generation settings, as for run")
    _text(parser, "--config", "-C", metavar="FILE", help="a YAML file with settings of a run; flags override it")
    _pairs(parser, "--metadata", help="metadata for tasks that need some, as for run")
    _text(parser, "--env_file", metavar="FILE", help="a .env file with environment variables such as HF_TOKEN")
    _switch(parser, "--trust_remote_code", help="allow tokenizers and data sets to run their own code")
    _switch(
        parser,
        "--plan",
        help="show the tokens that a run computes and what shared prefixes save, no prompts; needs --model_args",
    )
    _switch(
        parser,
        "--estimate",
        help="as --plan, and how long the run will take: loads the model and measures a few requests",
    )
    _switch(parser, "--batch_invariant", help="as for run; it changes --plan")
    _text(parser, "--fewshot_exclude", metavar="lm_eval|always", help="as for run")
    _switch(parser, "--strict_lm_eval", help="as for run")
    _add_chat(parser)
    for names in (("--batch_size", "-b"), ("--max_batch_size",), ("--device",), ("--threads",)):
        _text(parser, *names, metavar="...", help="for --estimate, as for run")
    _add_without_effect(parser)


def _add_without_effect(parser: argparse.ArgumentParser) -> None:
    """So that a command line of ``run`` becomes one of ``preview`` by its subcommand alone."""
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
    _text(group, "--model", "-M", metavar="MODEL", help="kind of model (default: hf)")
    _pairs(group, "--model_args", "-a", help="arguments of the model, as in pretrained=NAME_OR_FOLDER,dtype=float32")
    add_task_flags(group)
    _text(group, "--config", "-C", metavar="FILE", help="a YAML file with any of these settings; flags override it")
    _text(group, "--limit", "-L", metavar="N", help="number of documents of each task, or a fraction below 1")
    _text(
        group,
        "--samples",
        "-E",
        metavar="JSON",
        help="document numbers instead of --limit, as '{\"task\": [0, 7]}' or a JSON file",
    )


def _add_how(group: _Flags) -> None:
    _text(group, "--num_fewshot", "-f", metavar="N", help="number of few-shot examples (default: the task's)")
    _text(group, "--batch_size", "-b", metavar="N|auto|auto:N", help="requests per batch (default: 1)")
    _text(group, "--max_batch_size", metavar="N", help="the largest batch that auto tries")
    _text(
        group,
        "--fewshot_exclude",
        metavar="lm_eval|always",
        help="when a document is excluded from its own few-shot examples (default: lm_eval, which misses some cases)",
    )
    _switch(
        group,
        "--strict_lm_eval",
        help="give lm-eval's scores also where proctor differs on purpose (docs/differences.md)",
    )
    _switch(group, "--batch_invariant", help="make scores independent of the other documents of the run (slower)")
    _text(group, "--device", metavar="DEVICE", help="cuda, cuda:0, mps, cpu (default: the best available)")
    _text(group, "--threads", metavar="N", help="number of CPU threads (default: chosen by the libraries)")
    _pairs(
        group,
        "--gen_kwargs",
        help="generation settings, as in temperature=0.8,max_gen_toks=64; they override the task's",
    )
    _text(
        group,
        "--seed",
        metavar="N[,N,N,N]",
        help="one seed for all, or four: Python, numpy, torch, few-shot (default: 0,1234,1234,1234)",
    )


def _add_chat(group: _Flags) -> None:
    group.add_argument(
        "--apply_chat_template",
        nargs="?",
        const=True,
        metavar="NAME",
        help="apply the model's chat template, or the one with this name",
    )
    _text(group, "--system_instruction", metavar="TEXT", help="a system message before every prompt")
    group.add_argument(
        "--fewshot_as_multiturn",
        nargs="?",
        const=True,
        metavar="true|false",
        help="few-shot examples as chat turns (default: true with a chat template)",
    )


def _add_output(group: _Flags) -> None:
    _text(group, "--output_path", "-o", metavar="PATH", help="where results are written: a folder or a .json file")
    _switch(group, "--log_samples", "-s", help="also write a samples file per task: every prompt, response and score")
    _switch(group, "--predict_only", "-x", help="write the responses and compute no scores")
    _switch(group, "--write_out", "-w", help="log the first prompt of each task")
    _switch(group, "--show_config", help="print the content of the results file")
    _text(
        group,
        "--verbosity",
        "-v",
        metavar="LEVEL",
        help="log level: DEBUG, INFO, WARNING, ERROR; LMEVAL_LOG_LEVEL overrides it",
    )


def _add_reporters(group: _Flags) -> None:
    _pairs(group, "--wandb_args", help="Weights & Biases")
    _pairs(group, "--wandb_config_args", help="Weights & Biases, its config")
    _pairs(group, "--trackio_args", help="Trackio")
    _pairs(group, "--hf_hub_log_args", help="a data set on the Hugging Face hub")


def _add_rest(group: _Flags) -> None:
    _pairs(
        group, "--metadata", help="metadata for tasks that need some; overrides model_args. A JSON object works, too"
    )
    _text(
        group,
        "--env_file",
        metavar="FILE",
        help="a .env file with environment variables such as HF_TOKEN; variables that are set already stay",
    )
    _switch(group, "--trust_remote_code", help="allow models and data sets to run their own code")
    _switch(group, "--fail_fast", help="stop at the first document that cannot be scored")
    _switch(group, "--confirm_run_unsafe_code", help="allow tasks that run code written by the model")
    _text(group, "--store", metavar="PATH", help="the file of cached responses (default: in the user's cache folder)")
    _switch(group, "--no_store", help="neither read nor write cached responses")
    _text(group, "--use_cache", "-c", metavar="PREFIX", help="the same as --store PREFIX.sqlite; lm-eval's name for it")
    group.add_argument(
        "--cache_requests",
        nargs="?",
        const="true",
        metavar="true|refresh|delete",
        help="has no effect: building prompts takes seconds, so they are not cached",
    )
    _switch(group, "--check_integrity", help="has no effect: use 'proctor validate'")


def _omit_what_is_not_given(parser: argparse.ArgumentParser) -> None:
    parser.argument_default = argparse.SUPPRESS


def _text(group: _Flags, *names: str, **more: Any) -> None:
    group.add_argument(*names, **more)


def _switch(group: _Flags, *names: str, **more: Any) -> None:
    group.add_argument(*names, action="store_true", **more)


def _pairs(group: _Flags, *names: str, **more: Any) -> None:
    group.add_argument(*names, nargs="+", action=Pairs, metavar="KEY=VALUE", **more)
