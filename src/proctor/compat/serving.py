"""``lm_eval`` for a whole process: what ``python -m proctor.compat`` installs before it runs a script.

A script's ``import lm_eval.x`` gives the module that task files see under this name.
It is meant for a process of its own: a real lm_eval that is installed is hidden in it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution
from pathlib import Path
from types import ModuleType
from typing import Any

from proctor.alias import PEER, NotServedError, add_task_root, import_peer


class Finder(MetaPathFinder):
    """Finds ``lm_eval`` and everything below it in proctor."""

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: Any = None) -> ModuleSpec | None:
        """A spec for every name of lm_eval, so that nothing else looks for it."""
        # Everything below lm_eval, served or not: else Python would go on to an installed lm_eval for what is not
        # served.
        if fullname.partition(".")[0] != PEER:
            return None
        return ModuleSpec(fullname, _Faces(), is_package=fullname == PEER)

    @staticmethod
    def find_distributions(context: Any = None) -> Iterator[Distribution]:
        """The release whose behaviour is served, for ``importlib.metadata.version("lm-eval")``."""
        name = getattr(context, "name", None)
        if name is None or str(name).lower().replace("-", "_") == PEER:
            yield _Release()


class _Release(Distribution):
    """lm_eval as an installed package, with a name and a version and no files."""

    def read_text(self, filename: str) -> str | None:
        """The text of a metadata file."""
        if filename != "METADATA":
            return None
        from proctor.compat import __version__

        return f"Metadata-Version: 2.1\nName: {PEER}\nVersion: {__version__}\n"

    def locate_file(self, path: Any) -> Any:
        """Where a file of the package would be."""
        return Path(__file__).parent / path


class _Faces(Loader):
    """Hands out a module that is there already, and leaves it as it is."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        self._module = import_peer(spec.name)
        # The import system writes its spec into the module; the module's own is put back after that.
        self._own = self._module.__spec__
        return self._module

    def get_code(self, fullname: str) -> Any:
        """What ``python -m lm_eval`` runs: proctor's own command line."""
        command = "from proctor.compat.__main__ import cli_evaluate; cli_evaluate()"
        return compile(command if fullname == f"{PEER}.__main__" else "", f"<{fullname}>", "exec")

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._own


def serve() -> None:
    """Serve ``lm_eval`` to this process from now on; RuntimeError if the real one is imported already."""
    if any(isinstance(finder, Finder) for finder in sys.meta_path):
        return
    if PEER in sys.modules:
        raise RuntimeError("lm_eval is imported in this process already; proctor cannot take its place.")
    sys.meta_path.insert(0, Finder())
    add_task_root(Path(__file__).parents[1] / "benchmarks")


__all__ = ["Finder", "NotServedError", "serve"]
