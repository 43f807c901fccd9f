"""Names that YAML reads as another kind of value: the same sentence from the index, for a file and for a folder."""

from __future__ import annotations

import pytest

from proctor.cli.main import main


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2020-01-01", "YAML reads this one as a date: 2020-01-01"),
        ("2020-01-01 10:00:00", "YAML reads this one as a date and time"),
        ("1.0", "YAML reads this one as a number: 1.0"),
        ("12:30:45", "YAML reads this one as a number: 45045"),
        ("true", "YAML reads this one as true or false"),
        ("on", "YAML reads this one as true or false"),
        ("null", "YAML reads null and ~ as nothing"),
        ("{a: b}", "but it is a mapping"),
        ("[a]", "no 'group' says which group it makes"),
    ],
)
@pytest.mark.parametrize("words", [["run", "--model", "dummy", "--no_store"], ["validate"]])
def test_a_name_that_is_no_text(tmp_path, capsys, written, said, words):
    file = tmp_path / "t.yaml"
    file.write_text(f"dataset_path: json\ntask: {written}\n")
    assert main([*words, "--tasks", str(file)]) in (1, 2)
    shown = "".join(capsys.readouterr())
    assert f"{file}:2: 'task'" in shown
    assert said in shown
    assert main(["validate", "--include_path", str(tmp_path)]) == 1
    assert said in "".join(capsys.readouterr())


def test_a_long_number_is_not_printed_whole(tmp_path, capsys):
    (tmp_path / "t.yaml").write_text(f"task: t\nmetadata: {{v: {'9' * 5000}}}\n")
    assert main(["validate", "--tasks", str(tmp_path / "t.yaml")]) in (1, 2)
    shown = "".join(capsys.readouterr())
    assert "5,000 letters" in shown
    assert "9" * 100 not in shown


def test_a_device_is_no_misspelt_include(tmp_path, capsys):
    (tmp_path / "t.yaml").write_text("include: /dev/urandom\ntask: t\n")
    assert main(["validate", "--tasks", str(tmp_path / "t.yaml")]) in (1, 2)
    shown = "".join(capsys.readouterr())
    assert "is a device" in shown
    assert "Did you mean" not in shown
