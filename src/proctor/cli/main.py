"""The entry of the command: which verb, and what becomes of an error.

A verb is a module with ``add_flags(parser)`` and ``execute(namespace) -> exit code``, imported
when it is asked for. Without a verb the flags are those of ``run``.
"""

from __future__ import annotations

import errno
import importlib
import io
import os
import sys
from collections.abc import Sequence

from proctor.cli.logs import hush_tracebacks, set_up_logging
from proctor.cli.stop import heed_sigterm, tell
from proctor.cli.values import SentenceParser
from proctor.errors import ProctorError, UsageError, did_you_mean
from proctor.foreign import ForeignExitError, no_exit
from proctor.secrets import note

VERBS = {
    "run": "evaluate a model on tasks",
    "regrade": "score an earlier run again with changed task files, from cached responses",
    "ls": "list tasks, groups and tags",
    "tasks": "get lm-eval's own tasks, of which a part is bundled",
    "validate": "check task files: all errors at once, each with its line",
    "preview": "show prompts exactly as they are sent to a model",
    "runs": "list earlier runs, how they ended, and where their results are",
    "cache": "manage cached responses",
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
    if argv is None:
        hush_tracebacks()
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that cannot show a letter shows its number
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with heed_sigterm(), no_exit():
            code = _dispatch(list(sys.argv[1:] if argv is None else argv))
            sys.stdout.flush()
    except ProctorError as error:
        return _complain(error)
    except ForeignExitError as error:
        return _complain(ProctorError(f"The run ended without a result: a task's or a model's code {error}."))
    except KeyboardInterrupt as stop:
        return tell(stop, last=argv is None)
    except BrokenPipeError:
        # Who read our output has gone (a pager, head): nobody is left to tell.
        _let_stdout_go()
        return 141
    except OSError as error:
        # Files of results say so themselves: what is left is stdout, or somebody else's cache.
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _let_stdout_go()
        print(f"proctor: error: What was to be printed or cached has no room: {error.strerror}.", file=sys.stderr)
        return 1
    return code


def _let_stdout_go() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _dispatch(arguments: list[str]) -> int:
    set_up_logging()
    note(arguments)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_HELP.format(subcommands="\n".join(f"  {verb:9} {what}" for verb, what in VERBS.items())))
        return 0
    if arguments == ["--version"]:
        from importlib.metadata import version

        print(f"proctor {version('proctor')}")
        return 0
    verb = arguments.pop(0) if not arguments[0].startswith("-") else "run"
    if verb not in VERBS:
        raise UsageError(
            f"There is no subcommand {verb!r}.", hint=did_you_mean(verb, VERBS) or f"There are {', '.join(VERBS)}."
        )
    return _run_verb(verb, arguments)


def _run_verb(verb: str, arguments: Sequence[str]) -> int:
    module = importlib.import_module(f"proctor.cli.{verb}")
    parser = SentenceParser(prog=f"proctor {verb}", description=(module.__doc__ or "").strip())
    parser.usage = getattr(module, "USAGE", None)
    module.add_flags(parser)
    try:
        # lm-eval: a bare `run` prints its help.
        namespace = parser.parse(arguments or ["--help"] if verb == "run" else arguments)
    except SystemExit as end:
        return int(end.code or 0)
    return int(module.execute(namespace) or 0)


def _complain(error: ProctorError) -> int:
    sys.stdout.flush()
    for line in error.message.splitlines():
        # An indented line belongs to the one before it; the others are errors in their own right.
        print(line if line.startswith(" ") else f"proctor: error: {line}", file=sys.stderr)
    if error.hint:
        print(f"  {error.hint}", file=sys.stderr)
    return error.exit_code
