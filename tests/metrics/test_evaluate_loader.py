"""Metrics by their names in the library ``evaluate``: proctor's own, else the library's."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from proctor.errors import MissingExtraError, UsageError
from proctor.metrics.evaluate_loader import EVALUATE_METRICS, OWN, load_external, load_object, own_metric
from proctor.sandbox.consent import code_consent


def test_the_names_are_the_librarys():
    for name in ("squad", "squad_v2", "wer", "cer", "code_eval"):
        assert callable(own_metric(name)), name


def test_every_name_of_ours_is_one_of_the_library():
    assert set(OWN) <= EVALUATE_METRICS
    assert own_metric("bertscore") is None
    assert own_metric("somebody/wer") is None


def test_what_is_ours_needs_no_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "evaluate", None)
    assert load_external("wer")(predictions=["a b"], references=["a c"]) == 0.5


@pytest.fixture
def library(monkeypatch):
    """A package ``evaluate``; ``loaded`` has what was asked of it."""
    loaded = []

    def load(name, *args, **options):
        loaded.append((name, args, options))
        if name == "broken":
            raise OSError("not found")
        if name == "leaves":
            raise SystemExit(3)
        return SimpleNamespace(compute=len)

    monkeypatch.setitem(sys.modules, "evaluate", SimpleNamespace(load=load))
    return loaded


def test_what_is_not_ours_is_the_librarys_where_the_user_trusts_it(library):
    with code_consent(False, remote=True):
        assert load_external("bertscore") is len
        load_object("glue", "mrpc", experiment_id=1)
    assert library == [("bertscore", (), {}), ("glue", ("mrpc",), {"experiment_id": 1})]


def test_a_script_of_the_library_is_not_loaded_without_the_users_word(library):
    with code_consent(False), pytest.raises(UsageError, match="'bertscore'"):
        load_external("bertscore")
    assert library == []


@pytest.mark.parametrize(
    ("name", "known", "said", "hint"),
    [
        ("broken", (), "cannot load the metric 'broken': OSError: not found", "https://huggingface.co/evaluate-metric"),
        ("broken", ("brokem",), "cannot load the metric 'broken'", "Did you mean 'brokem'?"),
        ("leaves", (), "cannot load the metric 'leaves'", "https://huggingface.co/evaluate-metric"),
    ],
)
def test_a_metric_that_the_library_cannot_load_is_a_sentence(library, name, known, said, hint):
    with code_consent(False, remote=True), pytest.raises(UsageError, match=said) as caught:
        load_external(name, known)
    assert hint in (caught.value.hint or "")


def test_without_the_package_the_way_to_get_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "evaluate", None)
    with code_consent(False, remote=True), pytest.raises(MissingExtraError, match="'evaluate', which is not inst") as e:
        load_external("bertscor", ("bertscore",))
    assert "Did you mean 'bertscore'?" in (e.value.hint or "")
