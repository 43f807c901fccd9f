"""``!function module.name`` as a value: it can be compared, hashed, shown and resolved.

Resolving follows lm-eval: ``module.name`` is first a file beside the YAML that says it
(dots become folders), then an import, in which ``lm_eval...`` means what it means to task files
(:mod:`proctor.alias`).
"""

from __future__ import annotations

import importlib.util
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor.alias import Importer, NotServedError, load_file
from proctor.encodings import PYTHON_REMEDY, is_encoding_error
from proctor.errors import Finding, TaskError, did_you_mean, error_line
from proctor.foreign import no_exit
from proctor.lazy import remedy

NO_PATHS = (
    "names a path, and functions are those of files beside the task file, or below it.",
    "Write it as '!function module.function', or '!function folder.module.function'.",
)


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
    def is_path(self) -> bool:
        """Whether it tries to name a file elsewhere: ``../../module.function``, ``..module.function``."""
        return self.name.startswith(".") or any(mark in self.name for mark in "/\\\0")

    @property
    def module_file(self) -> Path | None:
        """The Python file beside the YAML, or None if the module is imported by name."""
        if self.is_path:
            return None
        module, _, _ = self.name.rpartition(".")
        # lm-eval: the file beside the YAML comes before an installed module of that name.
        path = Path(self.folder, *module.split(".")).with_suffix(".py")
        return path if path.is_file() else None

    def resolve(self) -> Any:
        """Load the module and return the object, or raise :class:`TaskError` with the place."""
        module_name, _, attribute = self.name.rpartition(".")
        if not module_name:
            raise self._error(f"'!function {self.name}' names no module.", "Write it as '!function module.function'.")
        if self.is_path:
            raise self._error(f"'!function {self.name}': {NO_PATHS[0]}", NO_PATHS[1])
        path = self.module_file
        try:
            with no_exit():
                module = load_file(path) if path else self._importer.import_module(module_name)
        except NotServedError as error:
            file, line = _place_of(error) or (self.file, self.line)
            raise TaskError(Finding(f"'!function {self.name}': {error}", file, line)) from error
        except ModuleNotFoundError as error:
            # The module itself is missing; else it is there, and something that it imports is missing.
            if path is None and module_name.startswith(error.name or "\0"):
                looked = Path(self.folder, *module_name.split(".")).with_suffix(".py")
                message = f"'!function {self.name}': there is no file {looked} and no module '{module_name}'."
                raise self._error(message, meant_module(self.folder, module_name, attribute)) from error
            if error.name is None:
                raise self._broken(path or module_name, error) from error
            top = error.name.partition(".")[0]
            # A package may be there and have moved a module in a later version.
            there = top != error.name and importlib.util.find_spec(top) is not None
            raise self._error(
                f"'!function {self.name}': importing {path or module_name} needs the module "
                f"'{error.name}', which is not installed.",
                f"The installed {top} has no such module: another version may." if there else remedy(top),
            ) from error
        except TaskError:
            raise
        except Exception as error:
            raise self._broken(path or module_name, error) from error
        if not hasattr(module, attribute):
            public = [name for name in vars(module) if not name.startswith("_")]
            raise self._error(
                f"'!function {self.name}': {path or module_name} has no '{attribute}'.", did_you_mean(attribute, public)
            )
        return getattr(module, attribute)

    @property
    def _importer(self) -> Importer:
        return Importer(Path(self.file or Path(self.folder, "_")).resolve())

    def _broken(self, what: Path | str, error: Exception) -> TaskError:
        message = f"'!function {self.name}': importing {what} failed: {error_line(error)}"
        return self._error(message, PYTHON_REMEDY if is_encoding_error(error) else None)

    def _error(self, message: str, hint: str | None = None) -> TaskError:
        return TaskError(Finding(message, self.file, self.line, hint))

    def __str__(self) -> str:
        return f"!function {self.name}"


def meant_module(folder: str, module: str, attribute: str) -> str | None:
    """The file beside a task file that a module's name was probably meant to be."""
    if module.endswith(".py") and Path(folder, *module.removesuffix(".py").split(".")).with_suffix(".py").is_file():
        return f"Leave out '.py': '!function {module.removesuffix('.py')}.{attribute}'."
    looked = Path(folder, *module.split("."))
    near = [file.stem for file in looked.parent.glob("*.py")] if looked.parent.is_dir() else []
    return did_you_mean(looked.name, near)


def _place_of(error: BaseException) -> tuple[str, int] | None:
    """The line of a task file that raised ``error``: the innermost one outside of proctor and the standard library."""
    own = str(Path(__file__).parent / "alias.py")
    # The innermost line that is a task's own: that of the import, and not the importer's.
    frames = traceback.extract_tb(error.__traceback__)
    own_frames = [
        frame for frame in frames if frame.filename not in (own, __file__) and not frame.filename.startswith("<")
    ]
    return (own_frames[-1].filename, own_frames[-1].lineno or 1) if own_frames else None
