"""Get lm-eval's own tasks, of which proctor bundles a part, and look after them."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from proctor.errors import UsageError
from proctor.plurals import counted
from proctor.stock.location import NEWEST, current_version, downloaded_root, downloaded_versions, stock_roots

USAGE = """proctor tasks get [--version VERSION] [--from FILE] [--sha256 HEX]
       proctor tasks ls
       proctor tasks update
       proctor tasks remove [VERSION ...]"""

WHAT = ("get", "ls", "update", "remove")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """What to do, with which version."""
    parser.add_argument(
        "what",
        nargs="?",
        choices=WHAT,
        help=f"get: fetch lm-eval's package with your own pip or uv and unpack its task folder into the cache folder; "
        f"ls: which versions are here, and which is used; update: get {NEWEST}, the newest that this proctor knows, "
        "and remove the others; remove: delete one, or all",
    )
    parser.add_argument(
        "versions", nargs="*", metavar="VERSION", help="remove: which (default: all that were unpacked)"
    )
    parser.add_argument("--version", metavar="VERSION", help=f"get: of lm-eval (default: {NEWEST})")
    parser.add_argument(
        "--from", dest="file", metavar="FILE", help="get: a wheel or source archive of lm_eval, offline"
    )
    parser.add_argument(
        "--sha256", metavar="HEX", help="get: the archive's SHA-256, needed for versions that proctor does not know"
    )
    parser.set_defaults(show_help=parser.print_help)


def execute(namespace: argparse.Namespace) -> int:
    """Do what is asked."""
    if namespace.what is None:
        namespace.show_help()
        return 0
    _refuse_what_does_not_belong(namespace)
    {"get": _get, "ls": _ls, "update": _update, "remove": _remove}[namespace.what](namespace)
    return 0


def _refuse_what_does_not_belong(namespace: argparse.Namespace) -> None:
    if namespace.versions and namespace.what != "remove":
        hint = f"proctor tasks get --version {namespace.versions[0]}" if namespace.what == "get" else "See --help."
        raise UsageError(f"proctor tasks {namespace.what} takes no {namespace.versions[0]!r}.", hint=hint)
    given = [flag for flag in ("version", "file", "sha256") if getattr(namespace, flag) is not None]
    for flag in given:
        if not getattr(namespace, flag).strip():
            raise UsageError(f"--{'from' if flag == 'file' else flag} is empty.", hint="Leave it out, or give a value.")
    if given and namespace.what != "get":
        flag = "from" if given[0] == "file" else given[0]
        raise UsageError(f"--{flag} belongs to proctor tasks get.", hint="See proctor tasks --help.")


def _get(namespace: argparse.Namespace) -> None:
    from proctor.stock.fetch import fetch_file, fetch_version

    if namespace.file is not None:
        path = Path(namespace.file).expanduser()
        fetched = fetch_file(path, version=namespace.version, sha256=namespace.sha256)
    else:
        fetched = fetch_version(namespace.version or NEWEST, sha256=namespace.sha256)
    where = f"lm-eval {fetched.version} in {fetched.folder}"
    if not fetched.new:
        print(f"The tasks of {where} are here already, and are used.")
        return
    tasks, groups, tags = _index()
    counts = f"{counted(tasks, 'task')}, {counted(groups, 'group')} and {counted(tags, 'tag')} of {where}"
    print(
        f"{counts} are found by name from now on.\n"
        "Bundled tasks and --include_path go before them. They are code of other people: SECURITY.md says what runs."
    )


def _index() -> tuple[int, int, int]:
    """Read the names of what was unpacked, so that no later run has to."""
    from proctor.garbage import collection_paused
    from proctor.tasks.stock import write_names

    place = downloaded_root()
    if place is None:
        raise UsageError("The unpacked tasks were removed meanwhile.", hint="proctor tasks get")
    with collection_paused():
        root = write_names(place)
    tasks = sum(entry.kind == "task" for entry in root.entries.values())
    return tasks, len(root.entries) - tasks, len(root.tags.keys() - root.entries.keys())


def _ls(namespace: argparse.Namespace) -> None:
    from proctor.cli.ls import markdown_table
    from proctor.stock.location import installed_root, versions_folder
    from proctor.stock.record import read_record

    used = {place.path for place in stock_roots()}
    rows: list[tuple[str, ...]] = []
    for version in downloaded_versions():
        record = read_record(versions_folder() / version)
        if record is not None:
            # The chosen version is in use only if no variable of the environment replaces it.
            mark = "yes" if version == current_version() and any(version in path.parts for path in used) else ""
            when = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.made))
            numbers = (f"{record.files:,}", f"{record.size / 1e6:.1f}")
            rows.append((version, mark, *numbers, when, str(versions_folder() / version)))
    for place in (installed_root(), *(place for place in stock_roots() if place.origin == "given")):
        if place is not None:
            rows.append(
                (place.version or "?", "yes" if place.path in used else "", "", "", place.origin, str(place.path))
            )
    print(markdown_table(("Version", "Used", "Files", "MB", "Since", "Folder"), rows), end="")
    if not rows:
        print(f"No tasks of lm-eval are here beside the bundled ones: 'proctor tasks get' brings those of {NEWEST}.")


def _update(namespace: argparse.Namespace) -> None:
    from proctor.stock.fetch import remove_versions

    namespace.version = NEWEST
    _get(namespace)
    # Only after the new one is there: an update that fails leaves the old tasks in use.
    others = [version for version in downloaded_versions() if version != NEWEST]
    if others:
        print(f"Removed: {', '.join(remove_versions(others))}.")


def _remove(namespace: argparse.Namespace) -> None:
    from proctor.stock.fetch import remove_versions

    gone = remove_versions(namespace.versions)
    print(f"Removed: {', '.join(gone)}." if gone else "There was nothing to remove.")
