"""Client programs in the style of public ones give lm-eval's numbers: each was run with lm-eval 0.4.13.

``clients/run_clients.py`` runs them in either program; ``goldens/clients.json`` holds what lm-eval's runs gave, on the
bundled model and exam.
"""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from proctor.tasks.index import BUNDLED

CLIENTS = Path(__file__).parent / "clients"
GOLDENS = json.loads((Path(__file__).parent / "goldens" / "clients.json").read_text(encoding="utf-8"))
CLOSE = 2e-5
"""Absolute and relative: log-probabilities in float32, computed in another order (observed: up to 1e-5)."""


def differences(there, here, place=""):
    """The places where two JSON values differ."""
    if isinstance(there, dict) and isinstance(here, dict):
        for key in {**there, **here}:
            if key in there and key in here:
                yield from differences(there[key], here[key], f"{place}/{key}")
            else:
                yield f"{place}/{key} is on one side only"
    elif isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        for number, (one, other) in enumerate(zip(there, here, strict=True)):
            yield from differences(one, other, f"{place}/{number}")
    elif isinstance(there, float) and isinstance(here, int | float):
        if not math.isclose(there, here, rel_tol=CLOSE, abs_tol=CLOSE):
            yield f"{place}: {there} there, {here} here"
    elif isinstance(there, str) and there.startswith("raises ") and isinstance(here, str):
        # What is caught there is caught here; it may be caught as something else, too.
        if not {*there.split()} <= {*here.split()}:
            yield f"{place}: {there} there, {here} here"
    elif there != here:
        yield f"{place}: {there!r} there, {here!r} here"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """All clients on proctor, in one process: their files by name, and what was printed."""
    out = tmp_path_factory.mktemp("clients")
    words = ["-m", "proctor.compat", str(CLIENTS / "run_clients.py"), str(BUNDLED / "demo" / "model"), str(out)]
    done = subprocess.run(
        [sys.executable, *words],
        cwd=BUNDLED / "demo",
        env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return out, done.stdout + done.stderr


OURS = "/config/metadata/choices "
"""Bundled tasks declare the columns of their options, which lm-eval does not know."""


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(GOLDENS))
def test_a_client_gives_the_numbers_of_lm_eval(run, name):
    out, said = run
    log = (out / f"{name}.log").read_text(encoding="utf-8") if (out / f"{name}.log").exists() else said
    assert (out / f"{name}.json").exists(), log[-2000:]
    here = json.loads((out / f"{name}.json").read_text(encoding="utf-8"))
    found = [one for one in differences(GOLDENS[name], here) if not one.startswith(OURS)]
    assert found == []


def test_each_client_has_a_golden():
    assert sorted(GOLDENS) == sorted(
        file.stem for file in CLIENTS.glob("*.py") if file.stem[:1] not in "_" and file.stem != "run_clients"
    )


@pytest.mark.parametrize("here", [{"a": [1.0, "x"]}, {"a": [1.1, "y"]}, {"a": [1.1]}, {"b": 1}, {"a": [None, "x"]}])
def test_a_difference_is_seen(here):
    assert list(differences({"a": [1.1, "x"]}, here))
    assert not list(differences(here, here))
