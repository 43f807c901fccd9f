"""Evaluate a model on tasks, write what came out, and print the table."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from proctor.cli.environment import set_tokenizer_threads
from proctor.cli.flags import add_run_flags as add_flags
from proctor.cli.launcher import (
    OpenRunModel,
    follow_rank_0,
    is_pooled,
    is_surplus,
    launched_ranks,
    open_alone,
    run_on_ranks,
)
from proctor.cli.run_reporters import prepare_reporters, send_results
from proctor.cli.stop import add_command_note
from proctor.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from proctor.run.finish import FinishedRun
    from proctor.settings.config import RunConfig

__all__ = ["add_flags", "execute"]

USAGE = "proctor run --model MODEL --model_args KEY=VALUE[,...] --tasks TASK[,...] [flags]"

logger = logging.getLogger("proctor")


def execute(namespace: argparse.Namespace) -> int:
    """Run. Whatever can be wrong without the model is found before anything heavy is imported."""
    ranks = launched_ranks()
    if namespace_asks_for_list(namespace):
        return 0 if ranks is not None and ranks.rank else _list_tasks(namespace)
    configs = read_configs(vars(namespace))
    # Before the place for results is tried: a surplus process writes nothing anywhere.
    if ranks is not None and is_surplus(ranks, configs):
        return 0
    pooled = ranks is not None and any(map(is_pooled, configs))
    if ranks is not None and pooled and ranks.rank:
        for config in configs:
            # Rank 0 finds the same mistake, and would not be there to be met.
            check_model(config)
        set_tokenizer_threads(configs[0].threads)
        return follow_rank_0(ranks)
    _warn_of_no_effect(configs[0])
    # All of them before the first is run: a mistake in the last one costs seconds and not hours.
    for config in configs:
        check_model(config)
        prepare_reporters(config)
    if ranks is not None and pooled:
        return run_on_ranks(ranks, lambda opener: _run_all(configs, opener))
    return _run_all(configs, open_alone)


def _run_all(configs: Sequence[RunConfig], opener: OpenRunModel) -> int:
    if len(configs) > 1:
        from proctor.cli.run_models import run_models

        return run_models(configs, lambda config: _run(config, opener))
    return _run(configs[0], opener)[1]


def _run(config: RunConfig, opener: OpenRunModel) -> tuple[FinishedRun, int]:
    from proctor.run.run_store import path_of

    try:
        return _run_and_print(config, opener)
    except KeyboardInterrupt as stop:
        # Before the store is looked into: no request was sent, and what earlier runs stored is there. Later stages
        # have said in a note what is cached.
        if path_of(config) is not None:
            add_command_note(stop, "no response is lost; the same command continues")
        raise


def _run_and_print(config: RunConfig, opener: OpenRunModel) -> tuple[FinishedRun, int]:
    from proctor.run.finish import check_output, complete_run, note_stop
    from proctor.run.progress import open_progress
    from proctor.run.status import WatchedProgress
    from proctor.run.status_file import published_status

    # An output folder that cannot be written is an error before seconds of imports, and not after them.
    check_output(config.output_path, config)  # before the session imports what is heavy
    reporters = prepare_reporters(config)

    from proctor.run.session import evaluate

    # Before transformers is imported: the library reads these variables once.
    set_tokenizer_threads(config.threads)
    finished: FinishedRun | None = None
    try:
        with published_status(config) as status:
            progress = WatchedProgress(status, open_progress)
            run = partial(evaluate, config, progress=progress, keep_records=False, opener=opener)
            finished = complete_run(config, lambda samples: run(samples=samples), stream_samples=True)
        print_report(finished)
        arrived = send_results(reporters, finished)
        return finished, conclude(finished) or int(config.strict_reporters and not arrived)
    except KeyboardInterrupt as stop:
        if finished is not None:
            note_stop(stop, config, finished.result, "the same command shows the results")
        raise


def read_config(given: Mapping[str, Any], *, needs_tasks: bool = True) -> RunConfig:
    """The flags over the configuration file; the environment and the log are set up on the way.

    Raises:
        UsageError: Something is wrong, or several models are named, which is for :func:`read_configs`.
    """
    configs = read_configs(given, needs_tasks=needs_tasks)
    if len(configs) > 1:
        where = "--model_args names" if isinstance(given.get("model_args"), list) else f"{given['config']} lists"
        raise UsageError(
            f"{where} {len(configs)} models, and this subcommand takes one.",
            hint="Only 'proctor run' runs them all. Name the one that is meant.",
        )
    return configs[0]


def read_configs(given: Mapping[str, Any], *, needs_tasks: bool = True) -> list[RunConfig]:
    """The same, for each model of the flags or of the file: one where neither names several."""
    from proctor.cli.environment import load_env_file, share_token
    from proctor.cli.logs import set_up_logging
    from proctor.settings.config import build_config
    from proctor.settings.config_file import ConfigFile, read_config_file
    from proctor.settings.model_list import split_flags, split_models

    file = read_config_file(given["config"]) if given.get("config") else ConfigFile()
    configs = [
        build_config(flags, one.values, places=one.places, needs_tasks=needs_tasks)
        for flags in split_flags(given)
        for one in split_models(file, flags)
    ]
    # Before the log is set up and anything heavy is imported: the file may set the level of the log, a token, folders.
    if configs[0].env_file:
        load_env_file(configs[0].env_file)
    share_token()
    set_up_logging(configs[0].verbosity)
    return configs


def namespace_asks_for_list(namespace: argparse.Namespace) -> bool:
    """``--tasks list``: the names of all tasks, as older versions of lm-eval had it."""
    return getattr(namespace, "tasks", None) == ["list"]


def _list_tasks(namespace: argparse.Namespace) -> int:
    from proctor.cli import ls
    from proctor.cli.values import SentenceParser

    parser = SentenceParser(prog="proctor ls")
    ls.add_flags(parser)
    folders = [word for folder in getattr(namespace, "include_path", None) or () for word in ("--include_path", folder)]
    return ls.execute(parser.parse(["tasks", *folders]))


def _warn_of_no_effect(config: RunConfig) -> None:
    if config.cache_requests:
        logger.warning("--cache_requests has no effect: prompts are not cached, building them takes seconds.")
    if config.check_integrity:
        logger.warning("--check_integrity has no effect: 'proctor validate --tasks ...' checks task definitions.")
    if config.limit is not None and config.limit_order == "first":
        logger.warning("--limit evaluates a part of the data: good for a test, not for scores to report.")


def check_model(config: RunConfig) -> None:
    """Is there such a kind of model, and is it said which one? Without importing it."""
    from proctor.models import MODELS, declared_kind

    if config.model not in MODELS:
        MODELS.get(config.model)
    # Served kinds take lm-eval's 'pretrained' for 'model'.
    given = {"model": config.model_args.get("pretrained"), **config.model_args}
    missing = [key for key in declared_kind(config.model).required if not given.get(key)]
    if missing:
        close = [key for key in config.model_args if did_you_mean(key, missing)]
        raise UsageError(
            f"--model {config.model} needs to know {_NEEDED[missing[0]][0]}.",
            hint=f"{close[0]!r} is no argument of it; did you mean {missing[0]!r}?"
            if close
            else f"Add --model_args {_NEEDED[missing[0]][1]}.",
        )


_NEEDED: Mapping[str, tuple[str, str]] = {
    "pretrained": ("which model to load", "pretrained=NAME_OR_FOLDER, for example pretrained=gpt2"),
    "model": (
        "the model's name at the server",
        "model=NAME; for a server of your own its address as well, for example "
        "model=NAME,base_url=http://localhost:8000/v1",
    ),
    "base_url": ("the server's address", "base_url=ADDRESS, for example base_url=http://localhost:8080"),
}
"""What a kind cannot do without, and how it is given, by the argument."""


def report(finished: FinishedRun) -> int:
    """Print what came out, and return the exit code; a file that could not be written is an error after the tables."""
    print_report(finished)
    return conclude(finished)


def print_report(finished: FinishedRun) -> None:
    """Print the tables, and what is wrong with them."""
    from proctor.results.encode import dumps

    config, document = finished.config, finished.document
    if config.show_config:
        print(dumps(document, indent=2))
    _print_tables(config, document)
    # Whoever reads the table alone must know what is wrong with it.
    for problem in finished.result.problems:
        print(problem)


def conclude(finished: FinishedRun) -> int:
    """The exit code; a file that could not be written is raised."""
    if finished.failure is not None:
        raise finished.failure
    return finished.exit_code


def _print_tables(config: RunConfig, document: Mapping[str, Any]) -> None:
    from proctor.results.table import choice_notes, draw_notes, make_table, mark_notes, stop_notes, summary_line

    print(summary_line(document, config))
    print(make_table(document))
    if "groups" in document:
        print(make_table(document, "groups"))
    notes = (stop_notes, draw_notes, choice_notes, mark_notes)
    for note in (line for lines in notes for line in lines(document)):
        print(note)
