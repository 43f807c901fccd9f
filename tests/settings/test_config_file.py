"""The file of ``--config``."""

from __future__ import annotations

import pytest

from proctor.errors import UsageError
from proctor.settings.config_file import read_config_file


def write(folder, text):
    file = folder / "c.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_values_and_where_they_stand(tmp_path):
    file = write(tmp_path, "model: hf\n\n# a comment\ntasks: [a, b]\nmodel_args:\n  pretrained: x\n")
    read = read_config_file(file)
    assert read.values == {"model": "hf", "tasks": ["a", "b"], "model_args": {"pretrained": "x"}}
    assert read.places == {"model": f"{file}:1", "tasks": f"{file}:4", "model_args": f"{file}:5"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [\n", "c.yaml:2: this is not valid YAML"),
        ("a: 1\nb: }\n", "c.yaml:2: this is not valid YAML"),
        ("", "holds nothing"),
        ("- a\n", "holds something else"),
        ("a: 1\nb: 2\na: 3\n", r"c.yaml:3: 'a' is there twice \(first at .*c.yaml:1\)"),
        ("a: !function utils.f\n", "c.yaml:1: this is not valid YAML"),
        ("a: 1\n---\nb: 2\n", "not valid YAML"),
        ("a: 1\n? [b]\n: 2\n", r"c.yaml:2: the name of a setting is a word, not a sequence"),
        ("a: 2001-99-99\n", "a value is not valid YAML: month must be"),
        ("a: " + "9" * 5000 + "\n", "a value is not valid YAML: Exceeds the limit"),
        ("a: !!bool x\n", "a value is not valid YAML"),
        ("a: " + "[" * 200_000, "nests more than 200 levels deep"),
        ("a: 1\nb: &x {c: [*x]}\n", "the value that begins on line 2 contains itself"),
    ],
)
def test_what_is_wrong_is_a_sentence_with_its_line(tmp_path, text, sentence):
    with pytest.raises(UsageError, match=sentence):
        read_config_file(write(tmp_path, text))


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(UsageError, match="There is no configuration file"):
        read_config_file(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="cannot be read"):
        read_config_file(tmp_path)
    (tmp_path / "c.yaml").write_bytes("model: dummy\n# Äpfel\n".encode("cp1252"))
    with pytest.raises(UsageError, match=r"c.yaml, line 2, cannot be read: it is not UTF-8 text.*\n.*Save it as UTF-8"):
        read_config_file(tmp_path / "c.yaml")


@pytest.mark.parametrize("encoding", ["cp949", "utf-16", "utf-8-sig"])
def test_a_file_as_korean_windows_saves_it(tmp_path, encoding):
    text = "model: dummy\n# 다음 중 옳은 것을 고르시오.\nsystem_instruction: 한국의 수도는 서울이다.\n"
    (tmp_path / "c.yaml").write_bytes(text.encode(encoding))
    values = read_config_file(tmp_path / "c.yaml").values
    assert values == {"model": "dummy", "system_instruction": "한국의 수도는 서울이다."}
