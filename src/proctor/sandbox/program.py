"""The process of one program: confined, then the program itself, and a line on how it ended."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

from proctor.sandbox import kernel
from proctor.sandbox.confine import Bounds, confine

_OUTPUT = 1 << 20
"""Characters that a program may print."""


class _Sink(io.StringIO):
    """What a program prints goes nowhere after the first megabyte, and cannot be read from."""

    def write(self, text: str) -> int:
        return super().write(text) if self.tell() + len(text) <= _OUTPUT else len(text)

    def read(self, *_: Any) -> str:
        raise OSError("there is no input")

    readline = readlines = read  # type: ignore[assignment]

    def readable(self) -> bool:
        return False


def run_program(
    writer: int,
    token: str,
    folder: str,
    bounds: Bounds,
    source: str,
    settings: Mapping[str, Any],
    missing: Mapping[str, str],
) -> NoReturn:
    """Shut this process in, run the program, and say how it went. Nothing returns from here."""
    write, leave, dumps = os.write, os._exit, json.dumps
    try:
        os.setsid()
        if sys.platform == "linux":
            kernel.die_with_parent()
        os.dup2(writer, 3)
        os.closerange(4, 4096)
        os.chdir(folder)
        os.environ.update({"HOME": folder, "TMPDIR": folder})
        try:
            lacking = {**confine(folder, bounds, settings["skip"]), **missing}
        except OSError as error:
            write(3, dumps({"refused": str(error)}).encode() + b"\n")
            leave(1)
        write(3, dumps({"missing": lacking}).encode() + b"\n")
        said = _run(source) or {"token": token}
        write(3, dumps(said).encode() + b"\n")
    finally:
        leave(0)


def _run(source: str) -> dict[str, str] | None:
    """Run the program as a module without a name, as Hugging Face's ``code_eval`` does; None if all went well."""
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(), _Sink(), _Sink()
    sys.stdin = sys.stdout
    for name in [name for name in sys.modules if name.partition(".")[0] == "proctor"]:
        del sys.modules[name]
    try:
        exec(compile(source, "<string>", "exec", dont_inherit=True), {})
    except BaseException as error:  # noqa: BLE001 - whatever a program raises
        return _described(error)
    return None


def _described(error: BaseException) -> dict[str, str]:
    kind = type(error).__name__
    try:
        text = str(error)[:1000]
    except BaseException:  # noqa: BLE001 - the program wrote this class
        text = ""
    return {"failed": f"{kind}: {text}" if text else kind, "text": text}
