"""What task files see when they say ``import lm_eval``: proctor's own faces, and each other.

A Python file of a task folder is loaded with an ``__import__`` of its own, kept in the
``__builtins__`` of that one module. It serves ``lm_eval.*`` from the table in ``proctor.compat.names``,
``lm_eval.tasks.<folder>`` from the known task roots and ``evaluate`` from proctor's metrics, at
whatever time the import runs. The rest of the process is left alone: a real lm_eval, installed or
even imported already, is neither used nor changed.
"""

# Who gets what for ``import lm_eval.x``
# --------------------------------------
#   a file of a task folder   __import__ of its own (Importer)       proctor's face, or a folder of tasks
#   everybody else            Python's import                        the installed lm_eval, or ModuleNotFoundError
#
# Why not sys.modules: an entry is there for the whole process, and in a notebook the real lm_eval may be in use, too.
# Why not a finder on sys.meta_path: it cannot know who imports. (``python -m proctor.compat`` uses one; there the whole
# process is the script's.)
#
# Task modules have names made of path and content, so that two ``utils.py`` never meet in sys.modules, and fingerprints
# that ``datasets`` makes of a function change with its file.

from __future__ import annotations

import builtins
import hashlib
import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterator, Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from proctor.errors import did_you_mean
from proctor.files import read_bytes
from proctor.stock.location import stock_roots
from proctor.stock.names import stock_module_hint

PEER = "lm_eval"
FACE = "proctor.compat"
TASKS = f"{PEER}.tasks"
EVALUATE = f"{FACE}.tasks.hf_evaluate"
"""The module that stands for the package ``evaluate``."""
SQUAD = f"{FACE}.tasks.squad_metrics"
"""The module that stands for ``transformers.data.metrics``, where transformers has none."""


class NotServedError(ModuleNotFoundError):
    """Task code asks for a module or name of lm_eval that proctor does not serve."""


# ---------------------------------------------------------------- task roots

_ROOTS: list[Path] = []


def add_task_root(path: str | Path) -> None:
    """Make the folders below ``path`` importable as ``lm_eval.tasks.<folder>``; the latest root goes first."""
    root = Path(path).expanduser().resolve()
    if root in _ROOTS:
        _ROOTS.remove(root)
    _ROOTS.insert(0, root)


def task_roots(near: Path | None = None) -> list[Path]:
    """Where ``lm_eval.tasks`` is looked for: around the file ``near``, in the known roots, in lm-eval's own folder."""
    lowest = [place.path.resolve() for place in reversed(stock_roots())]
    if near is None:
        return list(dict.fromkeys([*_ROOTS, *lowest]))
    stock = _stock_root(near)
    if stock is not None and stock not in _ROOTS:
        _ROOTS.append(stock)
    own = [root for root in _ROOTS if near.is_relative_to(root)]
    return list(dict.fromkeys([*([stock] if stock else []), *own, *_ROOTS, *lowest]))


def _stock_root(near: Path) -> Path | None:
    """The folder ``lm_eval/tasks`` that a file lies in."""
    for folder in near.parents:
        if folder.name == "tasks" and folder.parent.name == PEER:
            return folder
    return None


def locate(name: str, near: Path | None = None) -> Path | None:
    """The file or folder behind ``lm_eval...``, without importing anything; None if there is none."""
    face = _faces().file_of_face(name)
    if face is not None:
        return Path(face)
    _, *parts = name.split(".")
    return next(_places(parts[1:], near), None) if parts[:1] == ["tasks"] and why_not(name) is None else None


def face_names(name: str) -> frozenset[str]:
    """Names that ``lm_eval...`` offers and that the file which :func:`locate` finds does not define."""
    return _faces().names_elsewhere(name)


def _file_of(path: Path) -> Path | None:
    for file in (path / "__init__.py", path.with_name(f"{path.name}.py")):
        if file.is_file():
            return file
    return None


def _places(parts: Sequence[str], near: Path | None) -> Iterator[Path]:
    """Files, then folders, that ``lm_eval.tasks.<parts>`` may mean, the nearest root first."""
    candidates = [root.joinpath(*parts) for root in task_roots(near)]
    # A copy of a stock folder, placed anywhere, finds itself under its own name.
    candidates += [
        folder.parent.joinpath(*parts) for folder in (near.parents if near else ()) if folder.name == parts[0]
    ]
    yield from filter(None, map(_file_of, candidates))
    yield from (folder for folder in candidates if folder.is_dir())


# ---------------------------------------------------------------- modules


class TaskModule(ModuleType):
    """A file or folder of tasks as a module; what lies in its folder is loaded when it is asked for."""

    def __getattr__(self, name: str) -> Any:
        for folder in () if name.startswith("__") else self.__dict__.get("__path__", ()):
            path = Path(folder, name)
            file = _file_of(path)
            if file is not None:
                return load_file(file)
            if path.is_dir():
                return _folder_module([path])
        raise AttributeError(f"{self.__dict__.get('__file__') or self.__name__} has no '{name}'")

    def __reduce__(self) -> tuple[Any, ...]:
        # The name has a digest of the source in it: a fingerprint changes when the code does.
        return restore_module, (self.__dict__.get("__file__"), list(self.__dict__.get("__path__", ())), self.__name__)


def restore_module(file: str | None, folders: Sequence[str], name: str) -> ModuleType:
    """The module that was pickled under ``name``."""
    return load_file(Path(file)) if file else _folder_module([Path(folder) for folder in folders])


_LOADED: dict[Path, tuple[int, ModuleType]] = {}
_FOLDERS: dict[tuple[Path, ...], ModuleType] = {}
_LOCK = threading.RLock()


def load_file(path: Path) -> ModuleType:
    """Load a Python file of a task folder once; load it again if it has changed on disk.

    There is one module per file, whichever way it is reached, under a name of its own in
    ``sys.modules``: two ``utils.py`` of two folders never meet.
    """
    path = path.resolve()
    with _LOCK:
        # In a notebook, a task file is edited and run again in one process.
        stamp = path.stat().st_mtime_ns
        known = _LOADED.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        module = _new_module(path)
        _LOADED[path] = (stamp, module)
        # Before it runs, as Python does: pickle, dataclasses and files that import each other look it up there.
        sys.modules[module.__name__] = module
        try:
            module.__loader__.exec_module(module)  # type: ignore[union-attr]
        except BaseException:
            sys.modules.pop(module.__name__, None)
            del _LOADED[path]
            raise
        return module


def _new_module(path: Path) -> ModuleType:
    package = path.name == "__init__.py"
    name = _module_name(path.parent.name if package else path.stem, str(path).encode(), read_bytes(path))
    loader = SourceFileLoader(name, str(path))
    folders = [str(path.parent)] if package else None
    spec = importlib.util.spec_from_file_location(name, path, loader=loader, submodule_search_locations=folders)
    if spec is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    module.__class__ = TaskModule
    module.__dict__["__builtins__"] = {**vars(builtins), "__import__": Importer(path)}
    return module


def _folder_module(folders: Sequence[Path]) -> ModuleType:
    """A folder without ``__init__.py``, or the folders of one name in several roots, as a package."""
    key = tuple(folder.resolve() for folder in folders)
    if key not in _FOLDERS:
        module = TaskModule(_module_name(key[0].name, *(str(folder).encode() for folder in key)))
        module.__path__ = [str(folder) for folder in key]
        _FOLDERS[key] = sys.modules[module.__name__] = module
    return _FOLDERS[key]


def _module_name(label: str, *content: bytes) -> str:
    digest = hashlib.sha256(b"\0".join(content)).hexdigest()[:16]
    return f"proctor_task_{digest}_{label}"


# ---------------------------------------------------------------- imports


def import_peer(name: str, near: Path | None = None) -> ModuleType:
    """The module that stands for ``lm_eval...`` in the file ``near``, or :class:`NotServedError`."""
    face = _faces().load_face(name)
    if face is not None:
        return face
    known = why_not(name)
    # The peer's own modules beside its task folders (`_index.py`) are never run, though the folder is a task root.
    if known is not None:
        raise NotServedError(known, name=name)
    if not name.startswith(f"{TASKS}."):
        above = name.rpartition(".")[0]
        beside = [known for known in _faces().served_modules() if known.rpartition(".")[0] == above]
        raise NotServedError(f"proctor serves no module '{name}'.{_hint(name, beside)}", name=name)
    places = list(_places(name.split(".")[2:], near))
    if not places:
        raise NotServedError(_no_folder(name, near), name=name)
    return load_file(places[0]) if places[0].is_file() else _folder_module(places)


def _faces() -> Any:
    """What makes the modules of lm_eval, which is on a floor above this one."""
    return importlib.import_module(f"{FACE}.faces")


def _hint(name: str, known: Sequence[str]) -> str:
    """What may have been meant; names with the same beginning are told apart by their ends."""
    close = did_you_mean(name.rpartition(".")[2], [one.rpartition(".")[2] for one in known])
    return f" {close}" if close else ""


def why_not(name: str) -> str | None:
    """Why ``lm_eval...`` has no face, where there is a reason to tell."""
    return importlib.import_module(f"{FACE}.absent").reason(name)


def _no_folder(name: str, near: Path | None) -> str:
    roots = task_roots(near)
    folders = [f"{TASKS}.{entry.name}" for root in roots if root.is_dir() for entry in root.iterdir() if entry.is_dir()]
    where = ", ".join(map(str, roots)) or "no task folder is known"
    remedy = stock_module_hint(name) or f"Name the folder that holds '{name.split('.')[2]}' with --include_path."
    return f"there is no '{name}' among the task folders ({where}).{_hint(name, folders)} {remedy}"


class Importer:
    """The ``__import__`` of one file of a task folder."""

    __slots__ = ("file",)

    def __init__(self, file: Path) -> None:
        self.file = file

    def __call__(
        self,
        name: str,
        globals: Any = None,
        locals: Any = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        """Import as ``__import__`` does: the top package, or with a ``fromlist`` the module itself."""
        top = name.partition(".")[0]
        if level:
            return self._with(self._relative(name, level), fromlist)
        if top == PEER:
            module = import_peer(name, self.file)
            return self._with(module, fromlist, name) if fromlist else import_peer(PEER)
        if name == "evaluate":
            return self._with(importlib.import_module(EVALUATE), fromlist, name)
        try:
            module = builtins.__import__(name, globals, locals, fromlist or (), level)
        except ModuleNotFoundError as error:
            if error.name != "transformers.data.metrics":
                raise
            squad: Any = importlib.import_module(SQUAD)
            return squad.stand_in(name, itself=bool(fromlist))
        return _Importlib(self) if module is importlib else module

    def import_module(self, name: str, package: str | None = None) -> ModuleType:
        """``importlib.import_module`` as this file sees it."""
        bare = name.lstrip(".")
        if len(bare) < len(name):
            return self._relative(bare, len(name) - len(bare))
        if name.partition(".")[0] == PEER:
            return import_peer(name, self.file)
        return importlib.import_module(EVALUATE if name == "evaluate" else name)

    def _relative(self, name: str, level: int) -> ModuleType:
        folder = self.file.parents[level - 1]
        file = _file_of(folder.joinpath(*name.split("."))) if name else folder / "__init__.py"
        if file is not None and file.is_file():
            return load_file(file)
        path = folder.joinpath(*name.split(".")) if name else folder
        if path.is_dir():
            return _folder_module([path])
        raise ImportError(f"there is no {path}.py and no folder {path}", name="." * level + name)

    def _with(self, module: ModuleType, wanted: Sequence[str] | None, name: str = "") -> ModuleType:
        for item in wanted or ():
            if item == "*" or hasattr(module, item):
                continue
            if name.partition(".")[0] == PEER and locate(f"{name}.{item}", self.file):
                import_peer(f"{name}.{item}", self.file)
            elif isinstance(module, TaskModule):
                raise ImportError(f"{module.__dict__.get('__file__') or module.__path__} has no '{item}'", name=name)
            else:
                public = [known for known in dir(module) if not known.startswith("_")]
                said = f"proctor's '{name}' has no '{item}'.{_hint(item, public)}"
                raise NotServedError(why_not(f"{name}.{item}") or said, name=name)
        return module


class _Importlib(ModuleType):
    """``importlib`` as a task file sees it: its ``import_module`` knows the same names as ``import``."""

    def __init__(self, importer: Importer) -> None:
        super().__init__("importlib", importlib.__doc__)
        self.import_module = importer.import_module

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib, name)

    def __reduce__(self) -> tuple[Any, ...]:
        return importlib.import_module, ("importlib",)
