"""``lm_eval`` for a whole process: what is found, and what is not touched."""

from __future__ import annotations

import sys
from importlib.metadata import Distribution
from types import ModuleType

import pytest

from proctor.compat.serving import Finder, serve


def test_only_lm_eval_is_found_as_a_package():
    class Context:
        name = "numpy"

    assert list(Finder.find_distributions(Context())) == []
    Context.name = "lm-eval"
    (found,) = Finder.find_distributions(Context())
    assert isinstance(found, Distribution)
    assert (found.version, found.metadata["Name"]) == ("0.4.13", "lm_eval")


@pytest.mark.parametrize("name", ["numpy", "lm_evaluation", "proctor.lm_eval", "lm_eval_extra.x"])
def test_other_packages_are_left_to_others(name):
    assert Finder().find_spec(name) is None


@pytest.mark.parametrize(("name", "package"), [("lm_eval", True), ("lm_eval.api", False), ("lm_eval.nothing", False)])
def test_every_name_below_lm_eval_is_answered_so_that_nothing_else_looks_for_it(name, package):
    spec = Finder().find_spec(name)
    assert spec is not None
    assert (spec.name, spec.submodule_search_locations is not None) == (name, package)


def test_a_real_lm_eval_that_is_imported_already_is_not_replaced(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setitem(sys.modules, "lm_eval", ModuleType("lm_eval"))
    with pytest.raises(RuntimeError, match="lm_eval is imported in this process already"):
        serve()
    assert not any(isinstance(finder, Finder) for finder in sys.meta_path)


def test_serving_twice_is_serving_once(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr("proctor.alias._ROOTS", [])
    monkeypatch.delitem(sys.modules, "lm_eval", raising=False)
    serve()
    serve()
    assert sum(isinstance(finder, Finder) for finder in sys.meta_path) == 1
    assert isinstance(sys.meta_path[0], Finder)
