"""The process of one program: what it can print and import, and what is reported of its error."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest
from sandboxed import LINUX, need, one

from proctor.sandbox import run
from proctor.sandbox.run import run_programs


@LINUX
def test_output_goes_nowhere():
    assert one("print('x' * 50_000_000)").passed
    assert one("import os\nfor _ in range(1000):\n    os.write(1, b'x' * 65536)").passed
    assert one("import sys\nsys.stdin.read()").status == "failed"
    assert one("input()").status == "failed"


@LINUX
@pytest.mark.parametrize("skip", [(), ("namespaces",)])
def test_the_harness_cannot_be_imported(bounds, skip):
    need(bounds, "landlock")
    if Path(run.__file__).is_relative_to(sysconfig.get_path("purelib")):
        pytest.skip("proctor is installed among the packages that programs may read")
    assert one("import proctor.store", skip=skip).status == "failed"


@pytest.mark.parametrize(
    ("program", "detail", "text"),
    [
        ("assert 1 == 2", "AssertionError", ""),
        ("assert 1 == 2, 'no'", "AssertionError: no", "no"),
        ("def f(", "SyntaxError: '(' was never closed (<string>, line 1)", "'(' was never closed (<string>, line 1)"),
        ("x = \x00", "SyntaxError: source code string cannot contain null bytes", None),
        ("\udc80", None, None),
        ("class E(Exception):\n    def __str__(self):\n        raise E\nraise E", "E", ""),
        ("f = lambda: f()\nf()", None, None),
    ],
)
def test_the_last_line_of_an_error_is_told(program, detail, text):
    [outcome] = run_programs([program])
    assert outcome.status == "failed"
    assert detail is None or outcome.detail in (detail, detail.replace("SyntaxError", "ValueError"))
    assert text is None or outcome.text == text


@pytest.mark.parametrize(
    "program",
    [
        "assert __name__ == 'builtins'",  # as code_eval runs it: a main guard does not fire
        "import numpy\nassert numpy.arange(3).sum() == 3",
        "import asyncio\nasyncio.run(asyncio.sleep(0))",
        "import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()",
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\nassert A.__annotations__['x'] is int",
        "assert hash('a') == hash('a')\nassert list({'a', 'b', 'c'}) == list({'a', 'b', 'c'})",
        "import tempfile\nwith tempfile.TemporaryFile() as f:\n    f.write(b'x')",
    ],
)
def test_ordinary_programs_pass(program):
    assert run_programs([program])[0].passed
