"""``!function module.name`` as a value: it can be compared, hashed, shown and resolved.

Resolving follows lm-eval: ``module.name`` is first a file beside the YAML that says it
(dots become folders), then an ordinary import. A file is loaded once per process under a
module name of its own, so two ``utils.py`` of two folders never meet.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from proctor.errors import Fault, TaskError, did_you_mean


@dataclass(frozen=True, slots=True)
class Ref:
    """A function (or class, or any object) of a Python file beside a task file.

    ``folder``: the folder of the YAML file that names it. ``name``: ``module.path.attribute``.
    ``file`` and ``line``: where it is named, for messages.
    """

    folder: str
    name: str
    file: str | None = None
    line: int | None = None

    @property
    def module_file(self) -> Path | None:
        """The Python file beside the YAML, or None if the module is imported by name."""
        module, _, _ = self.name.rpartition(".")
        path = Path(self.folder, *module.split(".")).with_suffix(".py")
        return path if path.is_file() else None

    def resolve(self) -> Any:
        """Load the module and return the object, or raise :class:`TaskError` with the place."""
        module_name, _, attribute = self.name.rpartition(".")
        if not module_name:
            raise self._fault(f"'!function {self.name}' names no module.", "Write it as '!function module.function'.")
        path = self.module_file
        try:
            module = load_file(path) if path else importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if path is None and module_name.startswith(error.name or "\0"):
                looked = Path(self.folder, *module_name.split(".")).with_suffix(".py")
                raise self._fault(
                    f"'!function {self.name}': there is no file {looked} and no module '{module_name}'."
                ) from error
            raise self._fault(
                f"'!function {self.name}': importing {path or module_name} needs the module "
                f"'{error.name}', which is not installed.",
                f"Install it with: pip install {(error.name or '').partition('.')[0]}",
            ) from error
        except TaskError:
            raise
        except Exception as error:
            raise self._fault(
                f"'!function {self.name}': importing {path or module_name} failed: {type(error).__name__}: {error}"
            ) from error
        if not hasattr(module, attribute):
            public = [name for name in vars(module) if not name.startswith("_")]
            raise self._fault(
                f"'!function {self.name}': {path or module_name} has no '{attribute}'.", did_you_mean(attribute, public)
            )
        return getattr(module, attribute)

    def _fault(self, message: str, hint: str | None = None) -> TaskError:
        return TaskError(Fault(message, self.file, self.line, hint))

    def __str__(self) -> str:
        return f"!function {self.name}"


_LOADED: dict[Path, tuple[int, ModuleType]] = {}


def load_file(path: Path) -> ModuleType:
    """Load a Python file once; load it again if it has changed on disk."""
    path = path.resolve()
    stamp = path.stat().st_mtime_ns
    known = _LOADED.get(path)
    if known is not None and known[0] == stamp:
        return known[1]
    name = f"proctor_task_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    _LOADED[path] = (stamp, module)
    return module
