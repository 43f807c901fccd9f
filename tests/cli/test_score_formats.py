"""Tables of scores as text."""

from proctor.analysis.score_table import ScoreCell, ScoreRow, ScoreTable
from proctor.cli.score_formats import FORMATS, formatted
from proctor.results.stored_run import StoredRun


def table(rows):
    cells = (ScoreCell(0.5, (0.4, 0.6), 1200), None)
    made = tuple(ScoreRow(f"t{n}", f"t{n}<&>", n % 2, "task", ("acc", "none"), cells, f"t{n}<&>") for n in range(rows))
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
    stopped = ScoreTable(
        made.models, made.runs, (ScoreRow(row.name, row.alias, 0, "task", row.metric, cells, "t"),), ()
    )
    assert "~0.5000 ± 0.1000" in formatted(stopped, "md")


def test_latex_has_the_minus_of_mathematics():
    made = table(1)
    cells = (ScoreCell(-0.0132, (-0.03, 0.01), 1200), None)
    corrected = ScoreTable(made.models, made.runs, (ScoreRow("t", "t", 0, "task", ("acc", "none"), cells, "t"),), ())
    # pdfLaTeX has no letter U+2212 in most fonts.
    assert r"$-$0.0132 $\pm$ 0.0200" in formatted(corrected, "latex")


def test_latex_takes_no_name_for_a_command():
    names = ("[2cm]", "*", r"a_b%#&{}~^\\$", "a|b\n\nc")
    cells = (ScoreCell(0.5, None, 12), None)
    rows = tuple(ScoreRow(name, name, 0, "task", ("acc", "none"), cells, name) for name in names)
    made = ScoreTable(("m", "n"), table(1).runs, rows, ("A note\n\\end{document}",))
    lines = formatted(made, "latex", "tasks").splitlines()
    assert [line.split(" & ")[0] for line in lines[5:9]] == [
        "{}[2cm]", "{}*", r"a\_b\%\#\&\{\}\textasciitilde{}\textasciicircum{}" + 2 * r"\textbackslash{}" + r"\$",
        r"a\textbar{}b  c",
    ]  # fmt: skip
    assert lines[-1].startswith("% ")


def test_a_tree_has_aliases_and_a_list_labels():
    made = table(1)
    rows = [ScoreRow("g", "g", 0, "group", ("acc", "none"), made.rows[0].cells, "g")]
    rows += [ScoreRow("g_t", "t", 1, "task", ("acc", "none"), made.rows[0].cells, "t (g)")]
    table_ = ScoreTable(made.models, made.runs, tuple(rows), ())
    assert "|\u00a0\u00a0t " in formatted(table_, "md", "tasks")
    assert "~~t & acc" in formatted(table_, "latex", "tasks")
    assert "|  t (g) (acc)  |" in formatted(table_, "md", "models")
    assert formatted(table_, "csv", "tasks").splitlines()[2].startswith("t (g),acc,1200,0.5000,0.1000,,")


def test_a_score_without_an_interval_has_an_empty_cell_in_csv():
    made = table(1)
    rows = (ScoreRow("t", "t", 0, "task", ("acc", "none"), (ScoreCell(0.5, None, 12), None), "t"),)
    lines = formatted(ScoreTable(made.models, made.runs, rows, ()), "csv", "tasks").splitlines()
    assert lines[1] == "t,acc,12,0.5000,,,"


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
