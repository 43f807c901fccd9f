"""Which documents belong together: by a column, a column within one, a template."""

from __future__ import annotations

import pytest

from proctor.analysis.clusters import column_value, declared_cluster
from proctor.errors import UsageError

DOC = {"passage": "P1", "meta": {"id": 7}, "choices": ["a", "b"]}


def test_by_column_path_and_template():
    assert column_value(DOC, "passage", "t") == "P1"
    assert column_value(DOC, "meta.id", "t") == "7"
    assert column_value(DOC, "{{passage}}-{{ meta.id }}", "t") == "P1-7"
    assert column_value(DOC, "choices", "t") == "['a', 'b']"


def test_a_passage_with_braces_is_no_template():
    assert column_value({"passage": "{{x}} \\1"}, "{{passage}}", "t") == "{{x}} \\1"


def test_a_column_that_is_not_there_is_named_with_what_is():
    with pytest.raises(UsageError, match="a document of 't' has no column 'pasage'") as error:
        column_value(DOC, "pasage", "t")
    assert "passage" in str(error.value.hint)
    with pytest.raises(UsageError, match="--by id: a document of 't' has no column 'id'"):
        column_value(["no mapping"], "id", "t", "--by")


@pytest.mark.parametrize("template", ["{{ passage | upper }}", "{{passage}} {{"])
def test_a_template_holds_names_of_columns_alone(template):
    with pytest.raises(UsageError, match="only names of columns"):
        column_value(DOC, template, "t")


def test_what_a_task_declares():
    assert declared_cluster({"version": 1, "cluster": "passage"}) == "passage"
    assert [declared_cluster(one) for one in (None, 3, {}, {"cluster": ""}, {"cluster": 7})] == [None] * 5
