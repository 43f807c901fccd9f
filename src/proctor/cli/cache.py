"""Manage cached responses: list, check, delete, export and merge them."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from proctor.errors import OutputError, UsageError
from proctor.plurals import counted

if TYPE_CHECKING:
    from proctor.store.admin import StoredModel

USAGE = """proctor cache ls | info [MODEL]
       proctor cache prune [--model MODEL] [--older_than DAYS]
       proctor cache export FILE.jsonl
       proctor cache merge FILE ...       all of them with [--store PATH]"""

WHAT = ("ls", "info", "prune", "export", "merge")
_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([dhw]?)")
_SECONDS = {"h": 3600.0, "d": 86400.0, "": 86400.0, "w": 604800.0}


def add_flags(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which store."""
    parser.add_argument(
        "what",
        nargs="?",
        choices=WHAT,
        help="ls: models and the number of their responses; info: the state of the file, or the identity of a model; "
        "prune: delete responses; export: write responses as JSON lines; merge: add another store or an export",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="info: a model; export and merge: files")
    add_store_flag(parser)
    parser.add_argument("--model", metavar="MODEL", help="prune: only responses of this model (its digest or its name)")
    parser.add_argument("--older_than", metavar="AGE", help="prune: only runs older than this, as in 30d, 12h, 4w")
    parser.set_defaults(show_help=parser.print_help)


def add_store_flag(parser: argparse.ArgumentParser) -> None:
    """``--store``, as ``run`` has it."""
    parser.add_argument(
        "--store",
        metavar="PATH",
        help="the file of cached responses (default: PROCTOR_STORE, or in the user's cache folder)",
    )


def chosen_store(namespace: argparse.Namespace) -> Path:
    """The file that a command is about."""
    from proctor.store.location import existing_store

    return existing_store(namespace.store)


def execute(namespace: argparse.Namespace) -> int:
    """Do what is asked."""
    if namespace.what is None:
        namespace.show_help()
        return 0
    actions = {"ls": _ls, "info": _info, "prune": _prune, "export": _export, "merge": _merge}
    actions[namespace.what](namespace, chosen_store(namespace))
    return 0


def _ls(namespace: argparse.Namespace, path: Path) -> None:
    from proctor.cli.ls import markdown_table
    from proctor.store.admin import opened, shelved

    with opened(path) as connection:
        models = shelved(connection)
    rows = [
        (_short(one), one.name, f"{one.answers:,}", f"{one.size / 1e6:.1f}", f"{one.runs:,}", when(one.last))
        for one in models
    ]
    print(f"{path}, {path.stat().st_size / 1e6:.1f} MB")
    print(markdown_table(("Digest", "Model", "Responses", "MB", "Runs", "Last run"), rows), end="")


def _info(namespace: argparse.Namespace, path: Path) -> None:
    from proctor.store.admin import check, opened, shelved

    with opened(path) as connection:
        models = shelved(connection)
        if namespace.names:
            for one in (_choose(models, name) for name in namespace.names):
                print(json.dumps({"digest": _short(one), "name": one.name, "identity": one.identity}, indent=2))
            return
        wrong = check(connection)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    print(f"file      {path}\nsize      {path.stat().st_size:,} bytes\nformat    {version}")
    print(f"models    {sum(one.digest is not None for one in models):,}\nruns      {sum(one.runs for one in models):,}")
    print(f"responses {sum(one.answers for one in models):,}\nstate     {wrong or 'whole'}")


def _prune(namespace: argparse.Namespace, path: Path) -> None:
    from proctor.store.admin import opened, prune, shelved

    if namespace.model is None and namespace.older_than is None:
        raise UsageError(
            "proctor cache prune needs to know what to delete.",
            hint="Add --model MODEL or --older_than 30d; to delete everything, delete the file.",
        )
    age = None if namespace.older_than is None else _age(namespace.older_than)
    with opened(path, writable=True) as connection:
        digest = None if namespace.model is None else _choose(shelved(connection), namespace.model).digest
        runs, answers = prune(connection, digest=digest, before=None if age is None else time.time() - age)
    size = path.stat().st_size / 1e6
    print(f"{counted(answers, 'response')} of {counted(runs, 'run')} deleted; {size:.1f} MB are left.")


def _export(namespace: argparse.Namespace, path: Path) -> None:
    from proctor.store.admin import export, opened

    if len(namespace.names) != 1:
        raise UsageError("proctor cache export needs one file to write to, or - for standard output.")
    target = namespace.names[0]
    with opened(path) as connection:
        # A generator: a store of gigabytes is written line by line.
        lines = (line + "\n" for line in export(connection))
        if target == "-":
            sys.stdout.writelines(lines)
            return
        try:
            with open(target, "w", encoding="utf-8") as file:
                file.writelines(lines)
        except OSError as error:
            raise OutputError(f"{target} cannot be written: {error.strerror or error}.") from error


def _merge(namespace: argparse.Namespace, path: Path) -> None:
    from proctor.store.admin import merge, opened
    from proctor.store.store import open_store

    if not namespace.names:
        raise UsageError("proctor cache merge needs the files to add responses from.")
    if not path.exists() and (store := open_store(path)) is not None:
        store.close()
    # samefile(): the same store under another path, through a link for one.
    if any(Path(name).exists() and path.exists() and path.samefile(name) for name in namespace.names):
        raise UsageError(f"{path} cannot be merged into itself.")
    with opened(path, writable=True) as connection:
        for name in namespace.names:
            print(f"{counted(merge(connection, Path(name)), 'new response')} from {name}")


def _choose(models: list[StoredModel], name: str) -> StoredModel:
    """The one model that a digest's beginning or a name means."""
    meant = [
        one for one in models if one.digest is not None and (one.digest.hex().startswith(name) or one.name == name)
    ]
    if len(meant) == 1:
        return meant[0]
    if not meant:
        raise UsageError(f"There is no model {name!r} in the store.", hint="proctor cache ls lists them.")
    raise UsageError(f"{name!r} can mean {', '.join(_short(one) for one in meant)}.", hint="Give the digest.")


def _short(one: StoredModel) -> str:
    return "" if one.digest is None else one.digest.hex()[:12]


def _age(text: str) -> float:
    match = _AGE.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(f"--older_than is {text!r}; it must be a number of days, or as in 12h, 30d, 4w.")
    return float(match[1]) * _SECONDS[match[2]]


def when(moment: float) -> str:
    """A moment, as this machine's clock has it."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))
