from __future__ import annotations

from stored_runs import right_and_wrong, write_run

from proctor.cli.main import main


def test_a_file_is_written_and_its_size_said(tmp_path, capsys):
    results = write_run(tmp_path / "run", {"exam": right_and_wrong("1101" * 5)})
    out = tmp_path / "page.html"
    assert main(["report", str(results), "-o", str(out), "--language", "ko", "--canary", "abc"]) == 0
    assert capsys.readouterr().out == f"{out}: {out.stat().st_size / 1e6:.2f} MB\n"
    assert "<html lang=ko>" in out.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_as_small_as_was_asked_is_a_warning(tmp_path, capsys):
    results = write_run(tmp_path / "run", {"exam": right_and_wrong("1101" * 5)})
    out = str(tmp_path / "page.html")
    assert main(["report", str(results), "-o", out, "--max_size", "0.01"]) == 0
    assert "page.html is larger than --max_size 0.01" in capsys.readouterr().err
    assert main(["report", str(results), "-o", out]) == 0
    assert "larger" not in capsys.readouterr().err


def test_all_runs_of_a_folder_are_compared(tmp_path, capsys):
    for name in "ab":
        write_run(tmp_path / name, {"exam": right_and_wrong("1101" * 5)}, model_name=f"org/{name}")
    out = tmp_path / "page.html"
    assert main(["report", str(tmp_path), "-o", str(out)]) == 0
    assert "org/b" in out.read_text(encoding="utf-8")


def test_mistakes_are_sentences(tmp_path, capsys):
    results = write_run(tmp_path / "run", {"exam": right_and_wrong("1101" * 5)})
    assert main(["report", str(results), "-o", str(tmp_path / "no" / "x.html")]) == 2
    assert "cannot be written: No such file or directory." in capsys.readouterr().err
    assert main(["report", str(tmp_path / "nothing")]) == 2
    assert main(["report", str(results), "-o", " "]) == 2
    assert "--output is empty" in capsys.readouterr().err


def test_damaged_samples_are_said_in_the_terminal_and_on_the_page(tmp_path, capsys):
    results = write_run(tmp_path / "run", {"exam": right_and_wrong("1101" * 5), "other": right_and_wrong("11")})
    (samples,) = results.parent.glob("samples_exam_*")
    samples.write_text(samples.read_text(encoding="utf-8") + "{", encoding="utf-8")
    out = tmp_path / "page.html"
    assert main(["report", str(results), "-o", str(out), "--language", "en"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(str(out))
    assert "The samples of 1 task cannot be read, and the page has their scores alone: Line 21 of " in said.err
    page = out.read_text(encoding="utf-8")
    assert (
        "The samples of 1 task cannot be read: its score and those of its groups are those of the results file" in page
    )
