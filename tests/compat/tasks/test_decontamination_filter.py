"""A filter of which lm-eval has only the name."""

from __future__ import annotations

import pytest

from proctor.compat.tasks.decontamination_filter import DecontaminationFilter
from proctor.compat.tasks.filters import build_filter_ensemble
from proctor.compat.tasks.instance import Instance
from proctor.errors import UsageError


def test_the_filter_that_does_nothing_says_so():
    ensemble = build_filter_ensemble("p", [(DecontaminationFilter, {"path": "x"})])
    with pytest.raises(Exception, match="only its name"):
        ensemble.apply([Instance("generate_until", {}, ("a", {}), 0, resps=["a"])])


def test_it_is_found_by_its_name_and_refused_when_it_is_used():
    ensemble = build_filter_ensemble("p", [("decontaminate", {"path": "x"})])
    with pytest.raises(UsageError, match="tells no contaminated documents apart"):
        ensemble.apply([])
