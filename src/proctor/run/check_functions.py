"""What ``!function`` names, looked up in the syntax of Python files: nothing is imported or run."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from proctor.errors import Fault, did_you_mean
from proctor.refs import Ref


@dataclass(frozen=True, slots=True)
class Module:
    """The names that a Python file defines at its top. ``open``: it may define others when it runs."""

    names: frozenset[str] = frozenset()
    open: bool = False
    fault: Fault | None = None
    imports: tuple[tuple[str, int], ...] = ()


def function_faults(ref: Ref) -> list[Fault]:
    """Why ``ref`` could not be resolved: a fault of the Python file, or of the place that names it."""

    def fault(message: str, hint: str | None = None) -> list[Fault]:
        return [Fault(f"'{ref}': {message}", ref.file, ref.line, hint)]

    module_name, _, attribute = ref.name.rpartition(".")
    if not module_name:
        return fault("names no module.", "Write it as '!function module.function'.")
    file = _file_of(ref)
    if file is None:
        looked = Path(ref.folder, *module_name.split(".")).with_suffix(".py")
        near = [found.stem for found in looked.parent.glob("*.py")] if looked.parent.is_dir() else []
        return fault(f"there is no file {looked} and no module '{module_name}'.", did_you_mean(looked.stem, near))
    if file.suffix != ".py":
        return []
    module = read_module(file)
    if module.fault is not None:
        return [module.fault]
    if attribute not in module.names and not module.open:
        return fault(f"{file} has no '{attribute}'.", did_you_mean(attribute, module.names))
    return []


def import_notes(ref: Ref) -> list[Fault]:
    """The packages that the Python file of ``ref`` imports and that are not installed."""
    file = _file_of(ref)
    if file is None or file.suffix != ".py":
        return []
    return [
        Fault(f"imports {name!r}, which is not installed.", str(file), line, _remedy(name))
        for name, line in read_module(file).imports
        if not _installed(name)
    ]


def _remedy(name: str) -> str:
    if name == "lm_eval":
        return "Task code cannot use lm_eval's modules yet: take what it needs into the file."
    return f"Install the package that has it: pip install {name}"


def _file_of(ref: Ref) -> Path | None:
    return ref.module_file or _find_module(ref.name.rpartition(".")[0])


@cache
def read_module(file: Path) -> Module:
    """What a Python file defines and imports, by its syntax alone."""
    try:
        tree = ast.parse(file.read_bytes(), str(file))
    except SyntaxError as error:
        return Module(fault=Fault(f"this is not valid Python: {error.msg}.", str(file), error.lineno))
    except (OSError, ValueError) as error:
        return Module(fault=Fault(f"the file cannot be read: {error}.", str(file)))
    names: set[str] = set()
    imports: dict[str, int] = {}
    is_open = _makes_names(tree)
    for statement in _top_level(tree.body):
        found = set(_names_of(statement))
        is_open = is_open or "*" in found or "__getattr__" in found
        names |= found
    for statement in tree.body:
        for name in _imported(statement):
            imports.setdefault(name, statement.lineno)
    return Module(frozenset(names), is_open, None, tuple(imports.items()))


def _top_level(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when a file is imported, those within if, try, with and loops too."""
    for statement in body:
        yield statement
        if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for name in ("body", "orelse", "finalbody"):
                yield from _top_level(getattr(statement, name, []))
            for handler in getattr(statement, "handlers", []):
                yield from _top_level(handler.body)


def _names_of(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
    elif isinstance(statement, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
    elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For, ast.With)):
        yield from (node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and _is_target(node))


def _is_target(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _makes_names(tree: ast.Module) -> bool:
    """Whether the file writes names that its syntax does not show: ``globals()[...] = ...``."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(isinstance(call, ast.Name) and call.id in ("globals", "locals", "vars", "exec") for call in calls)


def _imported(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.Import):
        return [alias.name.partition(".")[0] for alias in statement.names]
    if isinstance(statement, ast.ImportFrom) and statement.level == 0 and statement.module:
        return [statement.module.partition(".")[0]]
    return []


@cache
def _find_module(name: str) -> Path | None:
    """Where an installed module is, without importing it or its packages."""
    loaded = sys.modules.get(name)
    if loaded is not None or name in sys.builtin_module_names:
        return Path(getattr(loaded, "__file__", None) or name)
    search: Any = None
    spec = None
    for end in range(1, name.count(".") + 2):
        spec = PathFinder.find_spec(".".join(name.split(".")[:end]), search)
        if spec is None:
            return None
        search = spec.submodule_search_locations
    return Path(spec.origin) if spec is not None and spec.origin else None


@cache
def _installed(name: str) -> bool:
    """Whether ``import name`` would find something."""
    known = name in sys.builtin_module_names or name in sys.stdlib_module_names or name in sys.modules
    return known or PathFinder.find_spec(name) is not None
