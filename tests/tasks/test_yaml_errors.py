"""What the parser and the file system complain of, as sentences with a place."""

from __future__ import annotations

import pytest
import yaml

from proctor.errors import Finding
from proctor.tasks.yaml_errors import UnusableYamlError, first_lines, yaml_error


@pytest.mark.parametrize(
    ("error", "message", "line"),
    [
        (
            FileNotFoundError(2, "No such file or directory"),
            "the file cannot be read: No such file or directory.",
            None,
        ),
        (UnusableYamlError("the file is empty."), "the file is empty.", 1),
        (RecursionError(), "the file cannot be read: RecursionError.", None),
        (ValueError("odd"), "the file cannot be read: odd.", None),
    ],
)
def test_errors_without_a_mark(error, message, line):
    assert yaml_error(error, "t.yaml") == Finding(message, "t.yaml", line)


LOADERS = [getattr(yaml, name) for name in ("SafeLoader", "CSafeLoader") if hasattr(yaml, name)]


def error_of(tmp_path, content, loader=yaml.SafeLoader):
    file = tmp_path / "t.yaml"
    file.write_bytes(content)
    with pytest.raises(yaml.YAMLError) as caught:
        yaml.load(content, loader)
    return yaml_error(caught.value, str(file))


def test_a_tag_that_there_is_not(tmp_path):
    found = error_of(tmp_path, b"task: t\nx: !func a.b\n")
    assert (found.message, found.line, found.hint) == ("there is no tag '!func'.", 2, "Did you mean '!function'?")
    assert error_of(tmp_path, b"x: !other a\n").hint == "The only tag is !function module.name."


def test_an_error_of_syntax_has_its_line_and_what_mends_it(tmp_path):
    found = error_of(tmp_path, b"task: t\nx: {{question}} x\n")
    assert found.line == 2
    assert found.message.startswith("this is not valid YAML: ")
    assert found.hint == 'A template needs quotes: x: "{{question}} x"'


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"task: t\nx: caf\xe9\n", "the file is not UTF-8 text: "),
        (b"task: t\nx: a\x01\n", "the file holds a control character, which YAML does not allow."),
    ],
)
def test_bytes_that_are_no_text_have_their_line(tmp_path, loader, content, message):
    found = error_of(tmp_path, content, loader)
    assert message in found.message
    assert found.line == 2


def test_a_few_errors_one_line_each_and_the_number_of_the_others():
    errors = [Finding(f"error {letter}.", f"{letter}.yaml", 1, "A hint.") for letter in "abcde"]
    assert first_lines(errors[:2]).split("\n  ") == ["a.yaml:1: error a.", "b.yaml:1: error b."]
    assert first_lines(errors).split("\n  ")[-1] == "... and 2 more"
    assert len(first_lines(errors, limit=1).split("\n  ")) == 2
