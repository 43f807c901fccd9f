"""The entry of the command: which subcommand, and what becomes of an error.

A subcommand is a module with ``add_flags(parser)`` and ``execute(namespace) -> exit code``, imported
when it is asked for. Without a subcommand the flags are those of ``run``.
"""

# What may leave this module
# --------------------------
#   0    done                              1    a run that failed, or documents without a score
#   2    a mistake in what was given       128 + n    stopped by signal n          141    nobody reads the output
#
# Every error becomes a sentence here, and only here; rooms raise. What code of a user raised is a sentence with its
# place. What is left is a mistake of proctor's, and keeps its traceback: to hide it would hide the place.
#
# The guard against ``sys.exit`` of foreign code stands around everything, the parser included, because plugins and task
# code may be imported at any point.

from __future__ import annotations

import contextlib
import errno
import importlib
import io
import os
import sys
from collections.abc import Sequence

from proctor.cli.logs import LOGGER, hush_tracebacks, rank_prefix, set_up_logging
from proctor.cli.stop import end_process, raise_on_signals, report_stop, stop_behind
from proctor.cli.streams import drop_output, open_missing_streams
from proctor.cli.system_errors import system_error
from proctor.cli.values import SentenceParser
from proctor.errors import ProctorError, UsageError, did_you_mean, error_line, printable
from proctor.foreign import ForeignExitError, foreign_failure, no_exit, os_exit_raises
from proctor.garbage import imports_kept, own_process
from proctor.secrets import note

SUBCOMMANDS = {
    "run": "evaluate a model on tasks",
    "regrade": "score an earlier run again with changed task files, from cached responses",
    "ls": "list tasks, groups and tags",
    "tasks": "get lm-eval's own tasks, of which a part is bundled",
    "new": "make a task folder from a table: CSV, Excel, JSON, rows of a data set",
    "schema": "print the task language as a JSON schema, for editors",
    "validate": "check task files: all errors at once, each with its line",
    "preview": "show prompts exactly as they are sent to a model",
    "doctor": "check a server before a run: what it supports, and whether its scores can be trusted",
    "audit": "check what the scores of a run are worth: intervals, chance, calibration, position bias",
    "compare": "compare runs on the same documents: differences, intervals, tests, verdicts",
    "table": "put the scores of runs side by side, with intervals: Markdown, CSV, LaTeX, HTML",
    "gate": "pass or fail a run: against a baseline within a margin, or by a policy",
    "report": "write one HTML file of runs: scores, comparisons, every question; it opens offline",
    "probe": "probe a model for contamination: is the published order of options likelier than others?",
    "push": "send stored runs to W&B, MLflow, Trackio, TensorBoard or the Hugging Face hub",
    "view": "look at stored runs in a browser, from a server on this machine",
    "items": "look at the items of runs: difficulty, doubtful golds, duplicates",
    "export": "write the samples of runs as a table: CSV, Excel, Parquet, JSON lines",
    "runs": "list earlier runs, how they ended, and where their results are",
    "cache": "manage cached responses",
    "compat": "let 'python -m lm_eval' and processes of scripts written for lm-eval run on proctor",
}

_HELP = """\
usage: proctor SUBCOMMAND [flags]
       proctor --model MODEL --model_args KEY=VALUE,... --tasks TASK,... [flags]

Evaluates language models, with lm-evaluation-harness's commands, task files, result
files and scores.

subcommands (run, if none is given):
{subcommands}

for example:
  proctor ls tasks
  proctor preview --tasks mmlu_anatomy --num_fewshot 5
  proctor run --model hf --model_args pretrained=gpt2 --tasks mmlu --num_fewshot 5 \\
      --batch_size auto --output_path results --log_samples

proctor SUBCOMMAND --help lists the flags of a subcommand."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    code = _run(argv)
    if argv is None:
        end_process(code)
    return code


def _run(argv: Sequence[str] | None) -> int:
    if argv is None:
        open_missing_streams()
        hush_tracebacks()
        own_process()
    # Not so where a test or a notebook has put another object in its place.
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that cannot show a letter shows its number
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with raise_on_signals(), no_exit(), os_exit_raises():
            code = _dispatch(list(sys.argv[1:] if argv is None else argv))
            sys.stdout.flush()
    except ProctorError as error:
        return _complain(error)
    except ForeignExitError as error:
        return _complain(ProctorError(f"The run ended without a result: a task's or a model's code {error}."))
    except KeyboardInterrupt as stop:
        return report_stop(stop, last=argv is None)
    except BrokenPipeError as error:
        if foreign_failure(error) is not None:
            return _complain_of_foreign_code(error)
        # Who read our output has gone (a pager, head): nobody is left to tell.
        drop_output(sys.stdout)
        return 141
    except OSError as error:
        if foreign_failure(error) is not None:
            return _complain_of_foreign_code(error)
        LOGGER.debug("Where the system refused:", exc_info=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            drop_output(sys.stdout)  # what is full may be stdout itself, and would be full once more at the end
        return _complain(system_error(error))
    except Exception as error:
        stop = stop_behind(error) if isinstance(error, RuntimeError) else None
        if stop is not None:
            return report_stop(stop, last=argv is None)
        if foreign_failure(error) is None:
            raise
        return _complain_of_foreign_code(error)
    return code


def _dispatch(arguments: list[str]) -> int:
    set_up_logging()
    # First of all: from here on a message may quote the command line.
    note(arguments)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(
            _HELP.format(subcommands="\n".join(f"  {subcommand:9} {what}" for subcommand, what in SUBCOMMANDS.items()))
        )
        return 0
    if arguments == ["--version"]:
        from importlib.metadata import version

        print(f"proctor {version('proctor')}")
        return 0
    # lm-eval: its older command line has flags alone.
    subcommand = arguments.pop(0) if not arguments[0].startswith("-") else "run"
    if subcommand not in SUBCOMMANDS:
        raise UsageError(
            f"There is no subcommand {subcommand!r}.",
            hint=did_you_mean(subcommand, SUBCOMMANDS) or f"There are {', '.join(SUBCOMMANDS)}.",
        )
    return 0 if _is_rank_0s(subcommand, arguments) else _run_subcommand(subcommand, arguments)


def _is_rank_0s(subcommand: str, arguments: Sequence[str]) -> bool:
    """Whether this is a process of a launcher that leaves the work to rank 0: of a run each process has a part."""
    # Looked for before anything is imported: most processes have no launcher.
    if not any(name.endswith(("RANK", "PROCID")) for name in os.environ):
        return False
    from proctor.cli.launcher import is_other_rank, leaves_to_rank_0

    if subcommand == "run":
        return not {"-h", "--help"}.isdisjoint(arguments) and is_other_rank()
    return leaves_to_rank_0(subcommand)


def _run_subcommand(subcommand: str, arguments: Sequence[str]) -> int:
    with imports_kept():
        module = importlib.import_module(f"proctor.cli.{subcommand}")
    parser = SentenceParser(prog=f"proctor {subcommand}", description=(module.__doc__ or "").strip())
    parser.usage = getattr(module, "USAGE", None)
    module.add_flags(parser)
    try:
        # lm-eval: a bare `run` prints its help.
        namespace = parser.parse(arguments or ["--help"] if subcommand == "run" else arguments)
    except SystemExit as end:
        return int(end.code or 0)
    return int(module.execute(namespace) or 0)


def _complain_of_foreign_code(error: Exception) -> int:
    """Say what a model's or a task's code raised, and where: in a script its caller gets the exception itself."""
    LOGGER.debug("Where the code failed:", exc_info=True)
    message = (
        "The run ended without a result: a task's or a model's code raised "
        f"{error_line(error)} ({foreign_failure(error)})."
    )
    hint = "Earlier responses are cached, if the run has a store. LMEVAL_LOG_LEVEL=DEBUG shows the whole way there."
    return _complain(ProctorError(message, hint=hint))


def _complain(error: ProctorError) -> int:
    try:
        if isinstance(error, UsageError):
            from proctor.cli.launcher import let_rank_0_report

            let_rank_0_report()
        sys.stdout.flush()
        _print_error(error)
        sys.stderr.flush()
    except OSError:  # nobody reads what is wrong; the exit code says it still
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                drop_output(stream)
    return error.exit_code


def _print_error(error: ProctorError) -> None:
    # A byte of a path that is no UTF-8 is a letter that no stream takes.
    for line in printable(error.message).encode("utf-8", "backslashreplace").decode().splitlines():
        # An indented line belongs to the one before it; the others are errors in their own right.
        print(line if line.startswith(" ") else f"{rank_prefix()}proctor: error: {line}", file=sys.stderr)
    if error.hint:
        print("  " + printable(error.hint).encode("utf-8", "backslashreplace").decode(), file=sys.stderr)
