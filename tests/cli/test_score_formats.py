"""Tables of scores as text."""

from proctor.analysis.score_table import ScoreCell, ScoreRow, ScoreTable
from proctor.cli.score_formats import FORMATS, formatted
from proctor.results.stored_run import StoredRun


def table(rows):
    cells = (ScoreCell(0.5, (0.4, 0.6), 1200), None)
    made = tuple(ScoreRow(f"t{n}", f"t{n}<&>", n % 2, "task", ("acc", "none"), cells) for n in range(rows))
    runs = tuple(StoredRun(name, f"{name}.json", "", {}, {}) for name in ("a|b", "$c"))
    return ScoreTable(("a|b", "$c"), runs, made, ("A note.",))


def test_models_have_the_lines_where_there_are_few_rows():
    assert formatted(table(2), "md").startswith("|Model|")
    assert "Task" in formatted(table(9), "md").splitlines()[0]
    assert "1,200" in formatted(table(9), "md")


def test_a_score_of_a_run_that_stopped_early_is_marked():
    made = table(1)
    row = made.rows[0]
    cells = (ScoreCell(0.5, (0.4, 0.6), 1200, "~"), None)
    stopped = ScoreTable(made.models, made.runs, (ScoreRow(row.name, row.alias, 0, "task", row.metric, cells),), ())
    assert "~0.5000 ± 0.1000" in formatted(stopped, "md")


def test_latex_has_the_minus_of_mathematics():
    made = table(1)
    cells = (ScoreCell(-0.0132, (-0.03, 0.01), 1200), None)
    corrected = ScoreTable(made.models, made.runs, (ScoreRow("t", "t", 0, "task", ("acc", "none"), cells),), ())
    # pdfLaTeX has no letter U+2212 in most fonts.
    assert r"$-$0.0132 $\pm$ 0.0200" in formatted(corrected, "latex")


def test_hostile_names_stay_in_their_cells():
    assert "t0&lt;&amp;&gt;" in formatted(table(1), "html")
    assert r"\$c" in formatted(table(1), "latex")
    for line in formatted(table(9), "md", "tasks").splitlines()[:11]:
        assert line.replace("\\|", "").count("|") == 6


def test_every_form_says_what_is_not_there():
    for form in FORMATS:
        text = formatted(table(1), form, "tasks")
        assert "0.5" in text
        assert ("A note." in text) == (form in ("md", "latex", "html", "json"))


def test_notes_show_what_turns_the_writing_around(tmp_path, capsys):
    from stored_runs import right_and_wrong, write_run

    from proctor.cli.main import main

    runs = [str(write_run(tmp_path / name, {name: right_and_wrong("10")})) for name in ("a", "b")]
    text = (tmp_path / "b").glob("results_*").__next__()
    text.write_text(text.read_text().replace('"b"', '"b\\u202e"'))
    assert main(["table", *runs]) == 0
    assert "\u202e" not in capsys.readouterr().out
