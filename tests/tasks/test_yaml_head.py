"""The head of a task file: the few keys that finding needs, and no more is constructed."""

from __future__ import annotations

import pytest

from proctor.tasks.yaml_errors import UnusableYamlError
from proctor.tasks.yaml_head import read_head


def test_the_head_is_what_finding_needs():
    names = b"task: [a, b]\ngroup: g\ntag: [x, 5]\n"
    assert read_head(names + b"output_type: multiple_choice\ninclude: _t\nclass: !function a.B\nz: !no 1\n") == {
        "task": True,
        "group": "g",
        "tag": ["x", None],
        "output_type": "multiple_choice",
        "include": "_t",
        "class": True,
    }
    assert read_head(b"b: &b {task: t}\n<<: *b\ntag: x\n") == {"task": "t", "tag": "x"}


@pytest.mark.parametrize(("text", "said"), [(b"", "the file is empty"), (b"- task: t\n", "not a sequence")])
def test_a_file_without_keys_has_no_head(text, said):
    with pytest.raises(UnusableYamlError, match=said):
        read_head(text)


def test_a_name_that_is_a_date_is_there_and_is_no_name():
    assert read_head(b"task: 2024-01-01\n") == {"task": True}
