"""An error of a task file as a line: place, sentence, remedy, and only what is known of them."""

from __future__ import annotations

import pytest

from proctor.findings import Finding


@pytest.mark.parametrize(
    ("finding", "text"),
    [
        (Finding("it is wrong."), "it is wrong."),
        (Finding("it is wrong.", "a.yaml"), "a.yaml: it is wrong."),
        (Finding("it is wrong.", "a.yaml", 3), "a.yaml:3: it is wrong."),
        (Finding("it is wrong.", "a.yaml", 3, "Mend it."), "a.yaml:3: it is wrong.\n  Mend it."),
        (Finding("it is wrong.", None, 3), "it is wrong."),
    ],
)
def test_a_finding_is_a_line(finding, text):
    assert str(finding) == text
