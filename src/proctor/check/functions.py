"""What ``!function`` names, looked up in the syntax of Python files: nothing is imported or run.

What a file takes from ``lm_eval`` is looked up where it would be served from (:mod:`proctor.alias`).
"""

# Why syntax and not import
# -------------------------
# Importing a task's Python runs it: it may download, print, take seconds, or end the process. Its syntax tells nearly
# all that is wanted: which names a module has at its top, what it imports, what it registers by name.
#
#   file -- ast.parse --> names (def, class, import, assignments; also within if, try, with, for)
#                         open: "from x import *", __getattr__, globals() ... then any name may be there, none is missed
#                         imports: packages, with lines   -> notes where they are not installed
#                         taken: what comes from lm_eval  -> looked up where it would be served from (proctor.alias)
#
# Invariant: an error is certain. Where the syntax does not decide, the module is ``open`` and nothing is reported.

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from proctor.alias import PEER, face_names, locate
from proctor.encodings import PYTHON_REMEDY, is_encoding_error
from proctor.errors import Finding, did_you_mean
from proctor.files import read_bytes
from proctor.lazy import remedy
from proctor.metrics.evaluate_loader import EVALUATE_METRICS, OWN
from proctor.refs import NO_PATHS, Ref, meant_module
from proctor.stock.names import stock_module_hint
from proctor.tasks.index import BUNDLED

REGISTER = ("register_filter", "register_metric", "register_aggregation")


@dataclass(frozen=True, slots=True)
class Module:
    """The names that a Python file defines at its top. ``open``: it may define others when it runs.

    ``taken``: what it imports from ``lm_eval``, as (module, names, line). ``registered``: names of
    filters, metrics and aggregations. ``metrics``: what it loads from the package ``evaluate``.
    """

    names: frozenset[str] = frozenset()
    open: bool = False
    error: Finding | None = None
    imports: tuple[tuple[str, int], ...] = ()
    taken: tuple[tuple[str, tuple[str, ...], int], ...] = ()
    registered: frozenset[str] = frozenset()
    metrics: tuple[tuple[str, int], ...] = ()


def function_errors(ref: Ref) -> list[Finding]:
    """Why a reference cannot be resolved: an error of the Python file, or of the place that names it.

    Args:
        ref: The reference; it is looked up and not imported.
    """

    def finding(message: str, hint: str | None = None) -> list[Finding]:
        return [Finding(f"'{ref}': {message}", ref.file, ref.line, hint)]

    module_name, _, attribute = ref.name.rpartition(".")
    if not module_name:
        return finding("names no module.", "Write it as '!function module.function'.")
    if ref.is_path:
        return finding(*NO_PATHS)
    file = _file_of(ref)
    if file is None:
        looked = Path(ref.folder, *module_name.split(".")).with_suffix(".py")
        hint = meant_module(ref.folder, module_name, attribute) or stock_module_hint(module_name)
        return finding(f"there is no file {looked} and no module '{module_name}'.", hint)
    if file.suffix != ".py":
        return []
    module = read_module(file)
    if module.error is not None:
        return [module.error]
    if attribute not in module.names and not module.open:
        return finding(f"{file} has no '{attribute}'.", did_you_mean(attribute, module.names))
    return [finding for taken in module.taken for finding in _served_errors(file, *taken)]


def ships_with_proctor(ref: Ref) -> bool:
    """Whether what a reference names is a file of proctor's own benchmarks.

    Args:
        ref: The reference.
    """
    file = _file_of(ref)
    return file is not None and file.resolve().is_relative_to(BUNDLED)


def _served_errors(file: Path, name: str, wanted: Sequence[str], line: int) -> Iterator[Finding]:
    """Why an import from ``lm_eval`` would fail."""
    served = locate(name, file)
    if served is None:
        what = "is in no task folder that is known" if name.startswith(f"{PEER}.tasks.") else "is not served by proctor"
        yield Finding(f"imports '{name}', which {what}.", str(file), line, stock_module_hint(name) or _remedy(PEER))
        return
    module = read_module(served) if served.is_file() else Module()
    known = {*module.names, *face_names(name)}
    for item in () if module.open else wanted:
        if item not in known and locate(f"{name}.{item}", file) is None:
            hint = did_you_mean(item, known)
            yield Finding(f"takes '{item}' from '{name}', which has no such name in proctor.", str(file), line, hint)


def registered_names(refs: Iterable[Ref]) -> frozenset[str]:
    """The filters, metrics and aggregations that the Python files of a task register when they are loaded.

    Args:
        refs: The references of the task.
    """
    files = {file for ref in refs if (file := _file_of(ref)) is not None and file.suffix == ".py"}
    return frozenset(name for file in files for name in read_module(file).registered)


def import_notes(ref: Ref) -> list[Finding]:
    """The packages that a Python file imports and that are not installed.

    Args:
        ref: A reference into the file.
    """
    file = _file_of(ref)
    if file is None or file.suffix != ".py":
        return []
    module = read_module(file)
    notes = [
        Finding(f"imports {name!r}, which is not installed.", str(file), line, _remedy(name))
        for name, line in module.imports
        if not _installed(name)
    ]
    foreign = [] if _installed("evaluate") else [(name, line) for name, line in module.metrics if name not in OWN]
    notes += [
        Finding(f"loads the metric {name!r} of the package 'evaluate', which is not installed.", str(file), line,
              _remedy("evaluate"))
        for name, line in foreign
    ]  # fmt: skip
    return notes


def _remedy(name: str) -> str:
    if name == PEER:
        return "docs/python-in-tasks.md says what of lm_eval there is; --include_path makes a folder of tasks known."
    return remedy(name)


def _file_of(ref: Ref) -> Path | None:
    name = ref.name.rpartition(".")[0]
    if ref.module_file is None and name.partition(".")[0] == PEER:
        return locate(name, Path(ref.folder, "_").resolve())
    return ref.module_file or _find_module(name)


@cache
def read_module(file: Path) -> Module:
    """What a Python file defines and imports, by its syntax alone."""
    try:
        tree = ast.parse(read_bytes(file), str(file))
    except SyntaxError as error:
        hint = PYTHON_REMEDY if is_encoding_error(error) else None
        return Module(error=Finding(f"this is not valid Python: {error.msg}.", str(file), error.lineno, hint))
    except (OSError, ValueError) as error:
        return Module(error=Finding(f"the file cannot be read: {error}.", str(file)))
    names: set[str] = set()
    imports: dict[str, int] = {}
    is_open = _makes_names(tree)
    for statement in _top_level(tree.body):
        bound = set(_names_of(statement))
        is_open = is_open or "*" in bound or "__getattr__" in bound
        names |= bound
    for statement in tree.body:
        for name in _imported(statement):
            imports.setdefault(name, statement.lineno)
    taken = tuple(one for statement in tree.body for one in _taken(statement))
    own = {name: line for name, line in imports.items() if name not in (PEER, "evaluate")}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    registered = frozenset(name for call in calls if _called(call) in REGISTER for name in _texts(call))
    metrics = tuple((name, call.lineno) for call in calls if _called(call) == "load" for name in _texts(call))
    return Module(
        frozenset(names),
        is_open,
        None,
        tuple(own.items()),
        taken,
        registered,
        tuple((name, line) for name, line in metrics if name in EVALUATE_METRICS and _says_evaluate(tree)),
    )


def _says_evaluate(tree: ast.Module) -> bool:
    return any("evaluate" in _imported(node) for node in ast.walk(tree) if isinstance(node, ast.stmt))


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", None) or getattr(call.func, "id", "")


def _texts(call: ast.Call) -> Iterator[str]:
    """The first argument of a call, or its keyword ``metric``, where it is a text."""
    given = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "metric")]
    yield from (node.value for node in given if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _taken(statement: ast.stmt) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """What a statement imports from ``lm_eval``."""
    if isinstance(statement, ast.Import):
        modules = [(alias.name, ()) for alias in statement.names]
    elif isinstance(statement, ast.ImportFrom) and statement.level == 0 and statement.module:
        modules = [(statement.module, tuple(alias.name for alias in statement.names if alias.name != "*"))]
    else:
        return
    yield from ((name, wanted, statement.lineno) for name, wanted in modules if name.partition(".")[0] == PEER)


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
        # Package by package, by the path finder: importlib.util.find_spec would import the packages on the way.
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
