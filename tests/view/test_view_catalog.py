"""The runs of folders, found again when files change, and pages that are kept until they do."""

from __future__ import annotations

import pytest
from stored_runs import right_and_wrong, write_run

from proctor.errors import UsageError
from proctor.view import catalog as module
from proctor.view.catalog import MOST_REPORTS, Catalog


@pytest.fixture
def made(monkeypatch):
    """The pages that were made."""
    calls = []
    make = module.make_report

    def counted(runs, options):
        calls.append([run.source for run in runs])
        return make(runs, options)

    monkeypatch.setattr(module, "make_report", counted)
    return calls


def ids(catalog):
    return [entry.id for entry in catalog.entries()]


def test_a_folder_that_is_empty_may_have_its_first_run_later(tmp_path):
    catalog = Catalog([str(tmp_path / "results")])
    assert catalog.entries() == ()
    assert "There is nothing at" in catalog.unread[0].reason
    write_run(tmp_path / "results" / "a", {"t": right_and_wrong("10")})
    assert len(catalog.entries()) == 1
    assert catalog.unread == ()


@pytest.mark.parametrize("name", ["results.json", "mine_2026-03-02T03-04-05.678901.json"])
def test_a_run_with_an_earlier_or_a_chosen_name_is_found_later_too(tmp_path, name):
    catalog = Catalog([str(tmp_path)])
    file = write_run(tmp_path / "a", {"t": right_and_wrong("10")})
    assert len(catalog.entries()) == 1
    file.with_name(name).write_bytes(file.read_bytes())
    assert len(catalog.entries()) == 2


def test_a_run_that_two_paths_hold_is_listed_once(tmp_path):
    folder = write_run(tmp_path / "a", {"t": right_and_wrong("10")})
    assert len(Catalog([str(tmp_path), str(folder)]).entries()) == 1


def test_a_page_is_made_once_until_a_file_changes(tmp_path, made):
    write_run(tmp_path / "a", {"t": right_and_wrong("10")})
    catalog = Catalog([str(tmp_path)])
    [one] = ids(catalog)
    assert catalog.report([one], "en") == catalog.report([one, one], "en")
    assert len(made) == 1
    assert catalog.report([one], "ko") != catalog.report([one], "en")
    [samples] = tmp_path.rglob("samples_*")
    samples.write_bytes(samples.read_bytes().replace(b"Question 0?", b"Another one"))
    assert len(made) == 2
    catalog.report([one], "en")
    assert len(made) == 3


def test_few_pages_are_kept(tmp_path, made):
    for number in range(MOST_REPORTS + 2):
        write_run(tmp_path / str(number), {"t": right_and_wrong("10")})
    catalog = Catalog([str(tmp_path)])
    for one in ids(catalog):
        catalog.report([one], "en")
    assert len(catalog._reports) == MOST_REPORTS
    catalog.report(ids(catalog)[:1], "en")
    assert len(made) == MOST_REPORTS + 3


def test_a_run_that_is_not_there(tmp_path):
    catalog = Catalog([str(tmp_path)])
    with pytest.raises(UsageError, match="There is no run 'x'"):
        catalog.chosen(["x"])
    with pytest.raises(UsageError, match="no run that is chosen"):
        catalog.chosen([])
