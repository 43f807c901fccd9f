"""Several filters in a row over instances."""

from __future__ import annotations

import pytest

from proctor.compat.tasks.filters import FilterEnsemble, build_filter_ensemble
from proctor.compat.tasks.instance import Instance


def answered(*responses):
    return Instance("generate_until", {}, ("a", {}), 0, resps=list(responses))


def test_an_ensemble_filters_instances():
    instances = [answered("x 1", "y 2"), answered("z", "3")]
    build_filter_ensemble("p", [("regex", {"regex_pattern": r"(\d)"}), ("take_first", None)]).apply(instances)
    assert [one.filtered_resps for one in instances] == [{"p": "1"}, {"p": "[invalid]"}]


def test_a_filter_sees_all_responses_and_documents_together():
    class Count:
        def apply(self, resps, docs):
            return [(len(resps), len(docs), repeats) for repeats in resps]

    instances = [answered("a", "b"), answered("c")]
    FilterEnsemble("count", [Count]).apply(instances)
    assert [one.filtered_resps for one in instances] == [{"count": (2, 2, ["a", "b"])}, {"count": (2, 2, ["c"])}]


def test_two_ensembles_stand_beside_each_other():
    instances = [answered("a", "b")]
    for name in ("one", "two"):
        build_filter_ensemble(name, [("take_first", {})]).apply(instances)
    assert instances[0].filtered_resps == {"one": "a", "two": "a"}


def test_a_filter_that_there_is_not():
    with pytest.raises(KeyError, match="Did you mean"):
        build_filter_ensemble("p", [("take_frist", None)])
