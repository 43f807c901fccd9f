"""Whether a class is as it was shipped: any attribute that was set, replaced or removed counts."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from proctor.compat import shipped
from proctor.compat.shipped import is_patched, remember


@pytest.fixture
def classes(monkeypatch):
    """A class with a base of its own, in a module of proctor's, as remembered."""
    monkeypatch.setattr(shipped, "_SHIPPED", {})
    module = ModuleType("proctor.compat.of_this_test")
    monkeypatch.setitem(sys.modules, module.__name__, module)

    class Base:
        __module__ = module.__name__
        limit = 5

    class Model(Base):
        __module__ = module.__name__

        def step(self):
            return 1

    module.Model = Model
    remember(Model)
    return Base, Model


def patched():
    return is_patched("proctor.compat.of_this_test", "Model")


def test_what_was_shipped_is_not_patched(classes):
    assert not patched()
    classes[1]().other = 1
    assert not patched()


@pytest.mark.parametrize("owner", [0, 1])
def test_a_new_attribute_counts_in_the_class_and_its_bases(classes, owner):
    classes[owner].more = 1
    assert patched()
    del classes[owner].more
    assert not patched()


def test_a_replaced_attribute_counts_until_it_is_put_back(classes):
    before = classes[1].step
    classes[1].step = lambda self: 1
    assert patched()
    classes[1].step = before
    assert not patched()


def test_a_removed_attribute_counts(classes):
    del classes[0].limit
    assert patched()


def test_another_class_in_its_place_counts(classes):
    sys.modules["proctor.compat.of_this_test"].Model = type("Model", (classes[1],), {})
    assert patched()


def test_a_module_that_nobody_imported_was_not_patched(classes):
    assert not is_patched("proctor.compat.nothing_of_this_name", "Model")
    assert not is_patched("proctor.compat.of_this_test", "Other")
