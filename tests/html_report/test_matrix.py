from __future__ import annotations

from report_pages import Page, facts_of, stored

from proctor.html_report.language import language_of
from proctor.html_report.markup import joined
from proctor.html_report.matrix import matrices


def test_a_cell_is_row_minus_column_and_says_how_sure_it_is(tmp_path):
    patterns = {"a": "1100", "b": "1110", "c": "1100"}
    runs = [stored(tmp_path, name, {"exam": pattern * 20}) for name, pattern in patterns.items()]
    comparison = facts_of(*runs).comparison
    assert comparison is not None
    page = Page(joined(*matrices(comparison, language_of("en"))))
    cells = [one for one in page.all("td") if (one.get("class") or "").startswith("cell")]
    kinds = [(one["class"] or "").split()[1] for one in cells]
    assert kinds == ["worse", "unresolved", "better", "better", "unresolved", "worse"]
    assert "▼ −25.0" in page.text
    assert "▲ +25.0" in page.text
    assert "0.0" in page.text
    assert all("R2 is better than R1" in (one["title"] or "") for one in (cells[0], cells[2]))


def test_tasks_of_one_alias_have_a_matrix_each(tmp_path):
    tasks = {"letter": "1100" * 20, "text": "1110" * 20}
    runs = [stored(tmp_path, name, tasks) for name in "abc"]
    for run in runs:
        for task in tasks:
            run.document["results"][task]["alias"] = "folk"
    comparison = facts_of(*runs).comparison
    assert comparison is not None
    page = Page(joined(*matrices(comparison, language_of("en"))))
    assert len(page.all("table")) == 2
    assert all(f">{task}<" in str(joined(*matrices(comparison, language_of("en")))) for task in tasks)
