"""``proctor export``."""

import csv
import json
import subprocess
import sys

import pytest
from stored_runs import right_and_wrong, write_run

from proctor.cli.main import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        write_run(tmp_path / "runs" / name, {"한국사": right_and_wrong("10")}, model_name=f"org/{name}")
    return tmp_path


def test_all_runs_of_a_folder_are_one_table(folder, capsys):
    assert main(["export", "runs", "--to", "t.csv", "--columns", "model,doc_id,score.acc"]) == 0
    assert capsys.readouterr().out == "t.csv: 4 rows, 3 columns\n"
    with open("t.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["model", "doc_id", "score.acc"]
    assert sorted(map(tuple, rows[1:])) == [
        ("org/a", "0", "1.0"),
        ("org/a", "1", "0.0"),
        ("org/b", "0", "1.0"),
        ("org/b", "1", "0.0"),
    ]


def test_a_csv_that_excel_would_misread_says_so(folder, capsys):
    hint = "It has letters beyond ASCII: --excel writes the mark by which Excel knows UTF-8.\n"
    for words, is_hinted in ((["t.csv"], True), (["t.csv", "--excel"], False), (["t.jsonl"], False)):
        assert main(["export", "runs", "--columns", "task", "--to", *words]) == 0
        assert (hint in capsys.readouterr().out) is is_hinted


@pytest.mark.parametrize("name", ["t.jsonl", "t.xlsx", "t.parquet", "T.CSV"])
def test_every_format(folder, name, capsys):
    pytest.importorskip("openpyxl")
    assert main(["export", "runs", "--to", name]) == 0
    assert (folder / name).stat().st_size > 0


def test_mistakes_are_sentences(folder, capsys):
    assert main(["export", "runs"]) == 2
    assert "--to" in capsys.readouterr().err
    assert main(["export", "runs", "--to", "t.ods"]) == 2
    assert "A name ends in .csv, .jsonl, .xlsx, .parquet." in capsys.readouterr().err
    assert main(["export", "runs", "--to", "t.csv", "--columns", "modle"]) == 2
    assert "Did you mean 'model'" in capsys.readouterr().err


def test_nothing_heavy_is_imported(folder):
    code = (
        "import sys; from proctor.cli.main import main; code = main(['export', 'runs', '--to', 't.csv']);"
        "sys.exit(code or any(name in sys.modules for name in ('datasets', 'torch', 'transformers', 'numpy')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", ["export", "report", "items", "gate"])
def test_no_file_of_a_run_is_written_over(folder, command, capsys):
    run = folder / "runs" / "a"
    samples, results = next(run.rglob("samples_*.jsonl")), next(run.rglob("results_*.json"))
    before = samples.read_bytes(), results.read_bytes()
    for file in (samples, results) if command != "export" else (samples,):
        flags = ["--baseline", str(run), "--junit", str(file)] if command == "gate" else ["-o", str(file)]
        assert main([command, str(run), *flags]) == 2
        assert "is a file of the run that is read" in capsys.readouterr().err
    assert (samples.read_bytes(), results.read_bytes()) == before


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx", "t.jsonl", "t.parquet"])
def test_half_a_character_in_the_name_of_a_column(tmp_path, monkeypatch, name):
    pytest.importorskip("openpyxl")
    monkeypatch.chdir(tmp_path)
    lines = [{**line, "doc": {"question": "Q?", "qHALF": "HALF"}} for line in right_and_wrong("10")]
    write_run(tmp_path / "runs", {"t": lines})
    samples = next((tmp_path / "runs").rglob("samples_*"))
    samples.write_text(samples.read_text().replace("HALF", "\\ud800"))  # as JSON writes it in ASCII
    assert main(["export", "runs", "--to", name]) == 0


def test_a_workbook_says_which_texts_it_cuts(tmp_path, monkeypatch, capsys):
    pytest.importorskip("openpyxl")
    monkeypatch.chdir(tmp_path)
    lines = [{**line, "doc": {"question": "가" * 40_000}} for line in right_and_wrong("10")]
    write_run(tmp_path / "runs", {"t": lines})
    assert main(["export", "runs", "--to", "t.xlsx"]) == 0
    assert "Excel holds 32,767 letters in a cell: cut are 2 of 'question'" in capsys.readouterr().err


def test_a_workbook_of_a_broken_file_leaves_no_traceback(folder):
    pytest.importorskip("openpyxl")
    samples = next((folder / "runs").rglob("samples_*.jsonl"))
    samples.write_bytes(samples.read_bytes()[:-20])
    done = subprocess.run(
        [sys.executable, "-m", "proctor", "export", "runs", "--to", "t.xlsx"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "is not JSON" in done.stderr


TEXTS = [
    *(
        "=HYPERLINK(1)",
        "+1",
        "-2",
        "@S",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        "'=1",
        "nul\0bell\a",
        "half HALF",
        "서울 ㉠ 가나다",
    ),
    *("x" * 40_000, "😀" * 20_000, "_x0041_", "a\r\nb", "\ufeffBOM", "NA", "007", "1e5", "TRUE", "\x85\u2028"),
]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Four tables of one run, with texts that spreadsheets and readers stumble over."""
    pytest.importorskip("openpyxl")
    folder = tmp_path_factory.mktemp("hostile")
    lines = right_and_wrong("10" * (len(TEXTS) // 2))
    lines = [{**line, "doc": {"question": f"[{text}]", "s": text}} for line, text in zip(lines, TEXTS, strict=True)]
    write_run(folder / "runs", {"퀴즈": lines})
    samples = next((folder / "runs").rglob("samples_*"))
    samples.write_text(samples.read_text(encoding="utf-8").replace("HALF", "\\ud800"), encoding="utf-8")
    for name in ("t.csv", "t.xlsx", "t.jsonl", "t.parquet"):
        assert main(["export", str(folder / "runs"), "-o", str(folder / name)]) == 0
    return folder


def read_back(folder):
    pandas = pytest.importorskip("pandas")
    texts = {"keep_default_na": False, "dtype": str}
    return {
        "csv": pandas.read_csv(folder / "t.csv", **texts),
        "xlsx": pandas.read_excel(folder / "t.xlsx", **texts),
        "jsonl": pandas.DataFrame(
            json.loads(line) for line in (folder / "t.jsonl").read_text("utf-8").split("\n")[:-1]
        ),
        "parquet": pandas.read_parquet(folder / "t.parquet"),
    }


def test_all_formats_give_the_same_numbers(hostile):
    tables = read_back(hostile)
    for column in ("score.acc", "p", "p_gold", "margin", "doc_id", "picked"):
        wanted = [float(value) for value in tables["jsonl"][column]]
        assert len(wanted) == len(TEXTS)
        for name, table in tables.items():
            # openpyxl writes 16 digits.
            assert [float(value) for value in table[column]] == pytest.approx(wanted, rel=1e-15), (name, column)


def test_texts_arrive_as_they_are_and_no_cell_is_a_formula(hostile):
    import openpyxl

    tables = read_back(hostile)
    wanted = [f"[{text}]".replace("HALF", "\\ud800") for text in TEXTS]
    for name in ("jsonl", "parquet"):
        assert list(tables[name]["question"]) == wanted
    assert list(tables["csv"]["question"]) == [text.replace("\0", "\ufffd") for text in wanted]
    short = {text: cell for text, cell in zip(TEXTS, tables["csv"]["doc.s"], strict=True) if len(text) <= 60}
    assert {text for text, cell in short.items() if cell == f"'{text}"} == set(TEXTS[:8])
    for row in openpyxl.load_workbook(hostile / "t.xlsx").active.iter_rows():
        for cell in row:
            assert cell.data_type != "f"
            assert len(str(cell.value or "").encode("utf-16-le")) // 2 <= 32_767


def test_samples_without_documents_and_runs_without_samples_are_counted(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lines = right_and_wrong("101")
    del lines[0]["doc"]
    write_run(tmp_path / "runs" / "a", {"t": lines})
    write_run(tmp_path / "runs" / "b", {"t": []})
    for file in (tmp_path / "runs" / "b").rglob("samples_*"):
        file.unlink()
    assert main(["export", "runs", "-o", "t.csv"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("t.csv: 3 rows")
    assert "Samples without their documents: 1 of 't'. Their questions are the ends of prompts" in said
    assert "1 run without samples left out" in said
