"""The room as a whole: light, and the same digits with and without numpy."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import proctor.analysis

HEAVY = {"torch", "datasets", "transformers", "numpy", "scipy", "statsmodels", "jinja2", "rich", "pandas", "pyarrow"}

IMPORT_ALL = """
import importlib, json, pkgutil, sys
import proctor.analysis
names = [m.name for m in pkgutil.iter_modules(proctor.analysis.__path__)]
for name in names:
    importlib.import_module(f"proctor.analysis.{name}")
print(json.dumps([names, sorted({m.partition(".")[0] for m in sys.modules})]))
"""

AUDIT = """
import random, sys
if "blocked" in sys.argv:
    sys.modules["numpy"] = None
else:
    import numpy
    numpy.random.seed(1)
from proctor.analysis import calibration, calibration_null, intervals, paired, probabilities, resampling, temperature
from proctor.analysis.draws import source_of
random.seed(2)
lls = [[random.gauss(0, 1) for _ in range(4)] for _ in range(300)]
golds = [random.randrange(4) for _ in lls]
p = probabilities.choice_probabilities(lls, [[gold] for gold in golds])
bins = calibration.mass_bins(p.confidence)
other = [c * random.random() for c in p.confidence]
print(calibration.calibration(p.confidence, p.correct, bins))
print(calibration_null.calibration_null(p.confidence, p.correct, bins, source=source_of(0, "t")))
print(temperature.scale_temperature(lls, golds, source=source_of(0, "t")))
print(intervals.clustered_mean(p.correct, [i // 5 for i in range(300)]))
print(paired.paired_difference(p.correct, golds, source=source_of(0, "t")))
print(paired.paired_difference(p.confidence[:100], other[:100], source=source_of(0, "t")))
print(paired.paired_difference(p.confidence, other, source=source_of(0, "t")))
print(resampling.bootstrap(p.correct, sum, source=source_of(0, "t"), draws=50))
"""


def run(program, *words):
    return subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True).stdout


def test_no_module_loads_what_is_heavy():
    names, loaded = json.loads(run(IMPORT_ALL))
    assert "paired" in names
    assert HEAVY.isdisjoint(loaded)


def test_numpy_changes_no_digit():
    outputs = {run(AUDIT), run(AUDIT), run(AUDIT, "blocked")}
    assert len(outputs) == 1
    assert "draws=100000" not in outputs
    assert len(outputs.pop().splitlines()) == 8


STATISTICS = Path(proctor.analysis.__file__).parent


@pytest.mark.parametrize("name", sorted(path.name for path in STATISTICS.glob("*.py")))
def test_public_functions_name_their_parameters(name):
    """A caller reads shapes and units in the docstring, and what is raised."""
    silent = []
    for node in ast.parse((STATISTICS / name).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            text = ast.get_docstring(node) or ""
            parameters = [arg.arg for arg in (*node.args.args, *node.args.kwonlyargs)]
            silent += [f"{node.name}: {one}" for one in parameters if f"{one}:" not in text]
    assert silent == []
