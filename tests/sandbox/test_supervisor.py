"""How a program's end is judged, and what is left of it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from sandboxed import LINUX, one

from proctor.sandbox.run import run_programs
from proctor.sandbox.supervisor import remove


@LINUX
def test_its_own_folder_can_be_written_and_is_gone_afterwards():
    program = "import os\nopen('a', 'w').write('x')\nassert open('a').read() == 'x'\nraise KeyError(os.getcwd())"
    for skip in ((), ("namespaces",)):
        folder = (one(program, skip=skip).text or "").strip("'")
        assert folder
        assert not os.path.exists(os.path.join(folder, "a"))
        assert one("import os\nassert os.listdir() == []", skip=skip).passed


@LINUX
def test_a_deep_tree_of_folders_without_rights_is_removed():
    program = "import os\nfor _ in range(1500):\n    os.mkdir('d')\n    os.chdir('d')\nos.mkdir('e', 0)"
    assert one(program, skip=("namespaces",), seconds=10).passed
    assert one("import os\nassert os.listdir() == []", skip=("namespaces",)).passed


@LINUX
def test_an_endless_loop_is_stopped():
    assert one("while True:\n    pass", seconds=0.5).status == "timed out"
    stubborn = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    assert one(stubborn, seconds=0.5).status == "timed out"


@LINUX
def test_closing_every_line_and_sleeping_is_a_timeout():
    assert one("import os, time\nos.closerange(0, 64)\ntime.sleep(60)", seconds=0.5).status == "timed out"


@LINUX
@pytest.mark.parametrize(
    "program",
    [
        "import sys\nsys.exit(0)",
        "import os\nos._exit(0)",
        "raise SystemExit",
        "import os\nos.abort()",
        "import os\nos.write(3, b'passed\\n')\nos._exit(0)",
        'import os\nos.write(3, b\'{"token": "x"}\\n\')\nos._exit(0)',
        'import os\nos.write(3, b\'{"status": "passed"}\\n\')\nos._exit(0)',
        "import os\nos.write(3, b'[]\\n')\nos._exit(0)",
        "import os\nos.closerange(0, 64)",
        "import os, sys\nos.closerange(0, 64)\nos._exit(0)",
    ],
)
def test_ending_early_is_not_passing(program):
    assert not one(program + "\nassert False").passed


@LINUX
def test_one_program_knows_nothing_of_another():
    first, second = run_programs(
        [
            "import builtins, math\nbuiltins.x = 1\nmath.pi = 3\nopen('a', 'w')",
            "import math, os\nassert math.pi > 3.1 and not os.path.exists('a')\nx",
        ],
        workers=1,
    )
    assert first.passed
    assert second.detail == "NameError: name 'x' is not defined"


MOVED = """
import os
os.makedirs(".moved-1/deep/er")
open(".moved-1/deep/file", "w").write("x")
os.makedirs("a/.moved-1/b")
os.makedirs("a/.moved-2")
"""
SEARCH = """
needle = b"erofeb-fo-eldeen"  # backwards: it must not find itself
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        area, rights = line.split()[:2]
        start, end = (int(part, 16) for part in area.split("-"))
        if rights.startswith("rw"):
            try:
                memory.seek(start)
                assert needle not in memory.read(end - start)[::-1], "the program before is in memory"
            except (OSError, ValueError, OverflowError):
                pass
"""


def test_a_folder_that_is_named_like_ours_is_removed(tmp_path):
    folder = tmp_path / "program"
    folder.mkdir()
    done = subprocess.run([sys.executable, "-c", MOVED], cwd=folder, check=False)
    assert done.returncode == 0
    remove(str(folder))
    assert not folder.exists()


@LINUX
def test_a_program_finds_nothing_of_the_one_before():
    needle = "needle-of" + "-before"
    before = "x = 1\n" + f"# {needle}\n" * 3000
    # Without Landlock a program may read its own memory; the one after runs in the same warden.
    outcomes = [run_programs([program], skip=("landlock",), seconds=20.0)[0] for program in (before, before, SEARCH)]
    assert [outcome.status for outcome in outcomes] == ["passed"] * 3, outcomes
