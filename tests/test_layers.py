"""The house stands: imports go down only, the entrance is light, no function is a hall."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"torch", "datasets", "transformers", "numpy", "jinja2", "rich", "pandas", "pyarrow", "sklearn", "sacrebleu"}
LONGEST_FUNCTION = 100
LONGEST_FILE = 400


def python_files(repository: Path) -> list[Path]:
    source = repository / "src" / "proctor"
    return [path for path in sorted(source.rglob("*.py")) if "benchmarks" not in path.parts]


@pytest.mark.parametrize(
    "words",
    [["--help"], ["run", "--help"], ["ls", "--help"], ["ls", "tags"], ["--tasks", "x", "--model", "nope"]],
    ids=" ".join,
)
def test_the_entrance_is_light(words):
    program = (
        "import json, sys, io, contextlib\n"
        "from proctor.cli.main import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):\n"
        f"    code = main({words!r})\n"
        "print(json.dumps([code, sorted(name for name in sys.modules if '.' not in name)]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    code, loaded = json.loads(done.stdout)
    assert code in (0, 2)
    assert HEAVY.isdisjoint(loaded)


def test_imports_go_down_only(repository):
    if importlib.util.find_spec("importlinter") is None:
        pytest.skip("import-linter is not installed; `make lint` has it")
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", program], cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_functions_and_files_stay_readable(repository):
    long = []
    for path in python_files(repository):
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > LONGEST_FILE:
            long.append(f"{path.name}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > LONGEST_FUNCTION:
                    long.append(f"{path.name}: {node.name} {size} lines")
    assert long == []


def test_no_room_is_called_utils_and_no_class_manager(repository):
    for path in python_files(repository):
        assert path.stem != "utils", path
        if "compat" in path.parts:
            continue  # the classes there have lm-eval's names
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.ClassDef) and node.name.endswith("Manager")), path


def test_every_room_says_why_it_exists(repository):
    silent = [
        str(path) for path in python_files(repository) if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


def test_no_test_asserts_how_long_something_took(repository):
    """A busy machine fails such a test. What guards against a hang (``< limit``) is no such assertion."""
    clocks = ("perf_counter", "monotonic", "time.time(", "process_time")
    found = [
        f"{path.name}:{number}"
        for path in (repository / "tests").rglob("*.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if line.strip().startswith("assert ") and any(clock in line for clock in clocks) and "< limit" not in line
    ]
    assert found == []
