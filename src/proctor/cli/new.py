"""Make a task folder from a table: CSV, Excel, JSON or rows of a data set."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proctor.cli.values import Words
from proctor.errors import ProctorError, UsageError, printable

if TYPE_CHECKING:
    from proctor.new.plan import TaskPlan
    from proctor.new.request import NewTaskRequest
    from proctor.new.table import AmbiguityError
    from proctor.new.update import Difference

USAGE = "proctor new NAME SOURCE [--question COLUMN] [--choices COLUMN ...] [--answer COLUMN] [flags]"

_COLUMNS = {
    "question": "the column of the questions",
    "answer": "the column of the right options",
    "context": "the column of a passage that stands before the question",
    "group": "the column of subjects: each becomes a task, all of them a group",
    "id": "the column of numbers or names of the documents",
    "split": "the column that says which split a row belongs to; of a data set: the split that is evaluated",
}
_FORMS = ("label", "letter", "circled", "korean", "roman", "number", "text")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The name, the source, and a flag for everything that is guessed."""
    parser.add_argument("name", metavar="NAME", help="the name of the task, and of the folder that is written")
    parser.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help="a .csv, .tsv, .xlsx, .json, .jsonl or .parquet file; a folder with a file for each subject, where names "
        "that end in _dev, _val or _test are splits; or hf:ORG/NAME[:CONFIG], rows of a data set",
    )
    for flag, text in _COLUMNS.items():
        parser.add_argument(f"--{flag}", metavar="COLUMN", help=text)
    parser.add_argument(
        "--choices", nargs="+", action=Words, metavar="COLUMN", help="a column of lists, or a column for each option"
    )
    parser.add_argument("--answer_form", choices=_FORMS, help="how all answers are written")
    parser.add_argument("--answer_base", type=int, choices=(0, 1), help="whether numbers count from 0 or from 1")
    parser.add_argument(
        "--several", choices=("any", "all"), help="of several right options, is any enough or are all needed"
    )
    parser.add_argument(
        "--shots",
        metavar="N|FILE",
        help="the first N documents (of each subject), or a file, are few-shot examples; 0: none",
    )
    parser.add_argument(
        "--style",
        choices=("letter", "text", "cloze", "chat", "all"),
        help="letter: options are shown, their letter is scored (default); text: the option's text is scored; cloze: "
        "no options are shown; chat: the reply states a letter; all: the four side by side",
    )
    parser.add_argument("--language", choices=("en", "ko"), help="of the words around the question")
    parser.add_argument("--encoding", metavar="NAME", help="of a text file, as in cp949")
    parser.add_argument("--sheet", metavar="NAME", help="of a workbook; all: each sheet is a subject")
    parser.add_argument("--skip_bad", action="store_true", default=None, help="leave rows out that cannot be read")
    parser.add_argument("--dry_run", action="store_true", help="show what would be written, and write nothing")
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    parser.add_argument("--update", action="store_true", help="read the source of an existing folder again")


def execute(namespace: argparse.Namespace) -> int:
    """Show what was read, write the folder, validate it, show its first prompt."""
    from proctor.cli.new_text import plan_lines
    from proctor.new.folder import task_files
    from proctor.new.update import difference
    from proctor.new.write import folder_and_name, refuse_existing, write_files

    given = dict(vars(namespace))
    asks = not given.pop("yes") and sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
    dry, update = given.pop("dry_run"), given.pop("update")
    folder, given["name"] = folder_and_name(given["name"])
    if not update:
        refuse_existing(folder)
    plan = _planned(_request(given, folder, update=update), asks=asks)
    files = task_files(replace(plan, request=_seen_from(plan.request, folder)))
    found = difference(folder, files) if update else None
    if found is not None and not (found.written or found.gone):
        source = printable(plan.request.source)
        print("\n".join([f"Nothing has changed: {folder}/ is as {source} makes it.", *_by_hand(found)]))
        return 0
    print("\n".join(plan_lines(plan)))
    kept, gone = (), ()
    if found is not None:
        print("\n".join(["", *map(printable, found.lines), *_by_hand(found)]))
        kept, gone = tuple(name for name in files if name not in found.written), found.gone
    print()
    if dry:
        print(
            "\n".join(
                [
                    f"Nothing is written (--dry_run). Into {folder}/:",
                    *[f"  {name}" for name in files if name not in kept],
                ]
            )
        )
        return 0
    if asks and not _confirmed(f"Write {folder}/?"):
        print("Nothing is written.")
        return 0
    write_files(folder, files, kept, gone)
    print(f"Written: {folder}/ ({', '.join(name for name in files if name not in kept)})")
    return _try_out(plan, folder)


def _request(given: dict[str, Any], folder: Path, *, update: bool) -> NewTaskRequest:
    from proctor.new.request import request_of
    from proctor.new.update import stored_settings

    given = {key: value for key, value in given.items() if value is not None}
    if "shots" in given:
        given["shots"] = _shots(given["shots"])
    if update:
        given = {**stored_settings(folder), **given}
    if "source" not in given:
        raise UsageError("Name the table as well.", hint="proctor new NAME SOURCE, as in: proctor new my_exam exam.csv")
    return request_of(given)


def _shots(word: str) -> int | str:
    """A number of few-shot examples, or the file that holds them."""
    if word.removeprefix("-").isdecimal():
        if int(word) < 0:
            hint = "Give the number of few-shot examples, 0 for none, or the name of a file."
            raise UsageError(f"--shots {word}: there is no negative number of examples.", hint=hint)
        return int(word)
    return word


def _seen_from(request: NewTaskRequest, folder: Path) -> NewTaskRequest:
    """The request with its files as they are seen from the task's folder, which ``--update`` reads."""

    def seen(value: Any) -> Any:
        if not isinstance(value, str) or value.startswith("hf:"):
            return value
        return Path(os.path.relpath(os.path.expanduser(value), folder)).as_posix()

    return replace(request, source=seen(request.source), shots=seen(request.shots))


def _planned(request: NewTaskRequest, *, asks: bool) -> TaskPlan:
    """The plan of a request; what can be read in two ways is asked, where there is a terminal."""
    from proctor.new.plan import plan_task
    from proctor.new.request import request_of
    from proctor.new.table import AmbiguityError

    while True:
        try:
            return plan_task(request)
        except AmbiguityError as error:
            if not asks:
                raise
            request = request_of({**request.as_document(), error.setting: _answer_to(error)})


def _answer_to(error: AmbiguityError) -> Any:
    print(printable(error.message))
    listed = f" ({'/'.join(error.values)})" if error.values else ""
    while True:
        word = _line(f"--{error.setting}{listed}: ").strip()
        if word and (not error.values or word in error.values):
            if error.setting == "answer_base":
                return int(word)
            return [part.strip() for part in word.split(",")] if error.setting == "choices" else word


def _confirmed(question: str) -> bool:
    return _line(f"{question} [Y/n] ").strip().lower() in ("", "y", "yes", "예", "네", "ㅇ")


def _line(prompt: str) -> str:
    try:
        return input(prompt)
    except EOFError:
        raise UsageError("Nothing is written: the input ended.", hint="--yes asks nothing.") from None


def _by_hand(found: Difference) -> list[str]:
    return [f"Kept as it is, because it was changed by hand: {name}" for name in found.by_hand]


def _try_out(plan: TaskPlan, folder: Path) -> int:
    """Validate what was written and show its first prompt; 1 if it has errors."""
    from proctor.cli import validate
    from proctor.cli.run import read_config
    from proctor.new.folder import task_name
    from proctor.preview.preview import preview
    from proctor.run.progress import open_progress

    names = [task_name(plan, style) for style in plan.styles]
    print()
    given = {"tasks": names, "include_path": [str(folder)]}
    code = validate.execute(argparse.Namespace(**given))
    if code:
        return code
    first = [task_name(plan, plan.styles[0], next(iter(plan.documents)))]
    try:
        blocks = preview(read_config({**given, "tasks": first, "limit": 1}), progress=open_progress)
        print("\n".join(["", *blocks]))
    except ProctorError as error:  # what was written is valid: that its prompt cannot be shown is no reason to fail
        print(printable(str(error)))
    print("\n".join(["", "Next:", *_next(plan, folder, names)]))
    return 0


def _next(plan: TaskPlan, folder: Path, names: Sequence[str]) -> list[str]:
    """The commands of a run with log-likelihoods and of a chat model."""
    scored = [name for name, style in zip(names, plan.styles, strict=True) if style != "chat"]
    lines = [
        f"  proctor run --model hf --model_args pretrained=MODEL --include_path {folder} --tasks {','.join(scored)}"
    ]
    chat = "  proctor run --model local-chat-completions --model_args model=MODEL,base_url=http://localhost:8000/v1"
    tasks = ",".join(name for name in names if name not in scored) or names[0]
    return [*(lines if scored else []), f"{chat} --apply_chat_template --include_path {folder} --tasks {tasks}"]
