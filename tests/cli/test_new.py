"""The subcommand ``new``, from a table to a folder that is valid."""

import builtins
import json
import subprocess
import sys

import pytest

from proctor.cli.main import main

TABLE = "번호,문제,①,②,③,정답,과목\n1,수도는 어디인가?,서울,부산,대구,①,지리\n2,하나 더하기 둘은?,1,2,3,③,수학\n"


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "exam.csv"
    path.write_bytes(TABLE.encode("cp949"))
    return path


def test_a_table_becomes_a_folder_that_is_valid_and_previewed(table, tmp_path, capsys):
    assert main(["new", "my_exam", "exam.csv"]) == 0
    shown = capsys.readouterr().out
    assert "exam.csv: 2 documents; read as CP949 (Korean Windows)" in shown
    assert "Written: my_exam/ (my_exam.yaml, data/test.jsonl, task.schema.json, data/source.json, README.md)" in shown
    assert "All tasks found and valid" in shown
    assert "수도는 어디인가?\nA. 서울\nB. 부산\nC. 대구\n정답:" in shown
    assert "proctor run --model hf --model_args pretrained=MODEL --include_path my_exam --tasks my_exam" in shown
    assert len((tmp_path / "my_exam/data/test.jsonl").read_text(encoding="utf-8").splitlines()) == 2


def test_a_group_in_all_styles_is_valid(table, capsys):
    assert main(["new", "my_exam", "exam.csv", "--group", "과목", "--style", "all"]) == 0
    shown = capsys.readouterr().out
    assert "0 errors, 0 notes in 8 tasks, 4 groups" in shown


def test_the_folder_runs_and_its_options_can_be_reordered(table, tmp_path, capsys):
    assert main(["new", "my_exam", "exam.csv", "--style", "all", "--shots", "1"]) == 0
    run = [
        "run",
        "--model",
        "dummy",
        "--include_path",
        "my_exam",
        "--no_store",
        "--output_path",
        "out",
        "--log_samples",
    ]
    assert main([*run, "--tasks", "my_exam"]) == 0
    capsys.readouterr()
    assert main([*run, "--tasks", "my_exam_letter,my_exam_text,my_exam_cloze", "--choice_orders", "all"]) == 0
    assert "my_exam_letter" in capsys.readouterr().out
    assert main([*run, "--tasks", "my_exam_letter", "--formulations", "letter,text", "--choices_only"]) == 0


@pytest.mark.parametrize("flags", [[], ["--group", "과목"]])
def test_no_shots_are_no_examples(flags, table, tmp_path):
    assert main(["new", "my_exam", "exam.csv", "--shots", "0", *flags]) == 0
    assert not list((tmp_path / "my_exam").rglob("dev.jsonl"))
    assert "fewshot" not in "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("my_exam/*yaml"))
    assert json.loads((tmp_path / "my_exam/data/source.json").read_text(encoding="utf-8"))["settings"]["shots"] == 0


def test_fewer_examples_than_none_are_refused_before_anything_is_written(table, tmp_path, capsys):
    assert main(["new", "my_exam", "exam.csv", "--shots", "-1"]) == 2
    assert "--shots -1: there is no negative number of examples" in capsys.readouterr().err
    assert not (tmp_path / "my_exam").exists()


def test_a_dry_run_writes_nothing(table, tmp_path, capsys):
    assert main(["new", "my_exam", "exam.csv", "--dry_run"]) == 0
    assert "Nothing is written (--dry_run). Into my_exam/:\n  my_exam.yaml\n" in capsys.readouterr().out
    assert not (tmp_path / "my_exam").exists()


def test_reading_and_checking_a_table_imports_nothing_heavy(table):
    code = (
        "import sys; from proctor.cli.main import main; code = main(['new', 'my_exam', 'exam.csv', '--dry_run']);"
        "sys.exit(code or any(name in sys.modules for name in ('datasets', 'torch', 'numpy', 'jinja2')))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_mistakes_are_sentences(table, tmp_path, capsys):
    assert main(["new", "my_exam"]) == 2
    assert "Name the table as well." in capsys.readouterr().err
    (tmp_path / "there").mkdir()
    (tmp_path / "there/file").write_text("x")
    assert main(["new", "there", "exam.csv"]) == 2
    assert "there is there already." in capsys.readouterr().err
    table.write_text("question,A,B,C,answer\nOne?,x,y,z,1\nTwo?,x,y,z,2\n")
    assert main(["new", "my_exam", "exam.csv"]) == 2
    assert "--answer_base 0|1" in capsys.readouterr().err
    table.write_text("question,A,B,C,answer\nOne?,x,y,z,A\nTwo?,x,y,z,Q\n")
    assert main(["new", "my_exam", "exam.csv"]) == 1
    assert "line 3, column 'answer': 'Q' names none of 3 options" in capsys.readouterr().err


def test_a_terminal_is_asked(table, tmp_path, capsys, monkeypatch):
    table.write_text("question,A,B,C,answer\nOne?,x,y,z,1\nTwo?,x,y,z,2\n")
    words = iter(["7", "1", "n", "1", "y"])
    asked = []
    monkeypatch.setattr(builtins, "input", lambda prompt: (asked.append(prompt), next(words))[1])
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    assert main(["new", "my_exam", "exam.csv"]) == 0
    assert asked == ["--answer_base (0/1): ", "--answer_base (0/1): ", "Write my_exam/? [Y/n] "]
    assert not (tmp_path / "my_exam").exists()
    assert main(["new", "my_exam", "exam.csv"]) == 0
    line = json.loads((tmp_path / "my_exam/data/test.jsonl").read_text().splitlines()[0])
    assert line["answer"] == 0


def test_an_update_shows_the_difference_and_keeps_what_was_changed_by_hand(table, tmp_path, capsys, monkeypatch):
    assert main(["new", "exams/my_exam", "exam.csv"]) == 0
    task = tmp_path / "exams/my_exam/my_exam.yaml"
    task.write_text(task.read_text(encoding="utf-8") + "description: Mine.\n", encoding="utf-8")
    table.write_bytes(TABLE.replace("③,수학", "②,수학").encode("cp949"))
    monkeypatch.chdir(tmp_path / "exams")
    capsys.readouterr()
    assert main(["new", "my_exam", "--update"]) == 0
    shown = capsys.readouterr().out
    assert "0 new, 0 gone, 1 changed, 1 the same\n  changed  data/test.jsonl, id 2: answer 2 -> 1" in shown
    assert "Kept as it is, because it was changed by hand: my_exam.yaml" in shown
    assert "description: Mine." in task.read_text(encoding="utf-8")
    assert main(["new", "my_exam", "--update"]) == 0
    shown = capsys.readouterr().out
    assert shown == (
        "Nothing has changed: my_exam/ is as ../exam.csv makes it.\n"
        "Kept as it is, because it was changed by hand: my_exam.yaml\n"
    )


def test_an_update_writes_only_what_has_changed(table, tmp_path, capsys):
    assert main(["new", "my_exam", "exam.csv"]) == 0
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in (tmp_path / "my_exam").rglob("*.*")}
    capsys.readouterr()
    assert main(["new", "my_exam", "--update"]) == 0
    assert capsys.readouterr().out == "Nothing has changed: my_exam/ is as exam.csv makes it.\n"
    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in before} == before
    (tmp_path / "my_exam/README.md").unlink()
    assert main(["new", "my_exam", "--update"]) == 0
    assert "Written: my_exam/ (README.md)\n" in capsys.readouterr().out
    assert main(["new", "my_exam", "--update", "--style", "chat"]) == 0
    assert "Written: my_exam/ (my_exam.yaml, data/source.json, README.md)\n" in capsys.readouterr().out
