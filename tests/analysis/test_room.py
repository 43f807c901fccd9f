"""The room as a whole: light, and the same digits with and without numpy."""

from __future__ import annotations

import json
import subprocess
import sys

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


def test_no_module_loads_what_is_heavy():
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=True)
    names, loaded = json.loads(done.stdout)
    assert "paired" in names
    assert HEAVY.isdisjoint(loaded)


def test_the_room_says_what_it_is():
    assert "neither numpy nor a model" in proctor.analysis.__doc__
