"""The usual slips in YAML: the line to change, and how."""

from __future__ import annotations

import pytest
from yaml_files import error_of, write


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        ("doc_to_text: {{question}}", 2, 'A template needs quotes: doc_to_text: "{{question}}"'),
        ("doc_to_text: {{question}} Answer:", 2, 'A template needs quotes: doc_to_text: "{{question}} Answer:"'),
        ("doc_to_text: Question: {{문제}}", 2, 'A template needs quotes: doc_to_text: "Question: {{문제}}"'),
        ('doc_to_text: Q: {{q}} "a"', 2, "A template needs quotes: doc_to_text: 'Q: {{q}} \"a\"'"),
        ("doc_to_text: {% if x %}a{% endif %}", 2, 'A template needs quotes: doc_to_text: "{% if x %}a{% endif %}"'),
        ("doc_to_choice: [{{a}}, {{b}}]", 2, "A template needs quotes: doc_to_choice: '{{ [a, b] }}'"),
        ("description: Read this: then answer\nx: 1", 2, 'needs quotes: description: "Read this: then answer"'),
        ("kwargs:\n\tdata_files: 1", 3, "YAML indents with spaces, not with tabs."),
        ("doc_to_choice choices\nx: 1", 2, "Is a colon missing, or the space after it? Write 'key: value'."),
        ("x: 1\ndoc_to_choice:choices\ny: 1", 3, "Is a colon missing, or the space after it? Write 'key: value'."),
        ('x: "a\ny: 1', 2, "The quote that opens on this line is not closed."),
        ("x: [1, 2\ny: 3", 2, "The bracket that opens on this line is not closed"),
        ("x: {a: 1\ny: 2", 2, "The bracket that opens on this line is not closed"),
        ("x: 'it's'", 2, 'The quote closes within the text: begin and end it with " instead.'),
        ('x: "(\\d+)"', 2, "Within double quotes a backslash begins an escape: use single quotes"),
        ("x: @name", 2, "A value that begins with '%', '@' or '`' needs quotes."),
        ("x:\n  - metric: acc\n   aggregation: mean", 4, "Lines of one level are indented alike."),
        ("x:\n  - metric: acc\n     aggregation: mean", 4, "Lines of one level are indented alike."),
    ],
)
def test_a_slip_in_yaml_has_its_line_and_what_mends_it(tmp_path, text, line, hint):
    path = write(tmp_path, "slip.yaml", f"task: t\n{text}\n")
    said = error_of(path)
    assert said.startswith(f"{path}:{line}: this is not valid YAML")
    assert hint in said.partition("\n")[2]
