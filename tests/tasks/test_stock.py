"""lm-eval's tasks by name: of lowest rank, read only when they are needed, and working from where they are."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from stock_packages import FILES, VERSION, digest, make_wheel, write_package

from proctor import evaluate
from proctor.alias import NotServedError, import_peer, locate
from proctor.compat.scripts.manager import TaskManager
from proctor.errors import TaskError, UsageError
from proctor.run.progress import Quiet
from proctor.stock.fetch import fetch_file
from proctor.stock.location import downloaded_root, versions_folder
from proctor.tasks import stock
from proctor.tasks.index import BUNDLED, TaskIndex, build_index
from proctor.tasks.select import select
from proctor.tasks.stock import NAMES, StockTasks, read_names, write_names
from proctor.validate import validate

pytestmark = pytest.mark.usefixtures("stock_allowed")


@pytest.fixture
def got(tmp_path) -> Path:
    """lm-eval's tasks as `proctor tasks get` leaves them, but for the names; the folder."""
    path = make_wheel(tmp_path)
    fetched = fetch_file(path, sha256=digest(path))
    return fetched.folder / "lm_eval" / "tasks"


def leaves(index: TaskIndex, *names: str) -> list[str]:
    return [leaf.name for leaf in select(index, names).leaves()]


def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on nobody may read the stock roots."""
    for name in ("read_root", "read_names"):
        monkeypatch.setattr(stock, name, lambda *_, **__: pytest.fail("the stock tasks were read"))


def test_tasks_groups_tags_and_globs_are_found(got, caplog):
    caplog.set_level(logging.INFO, "proctor")
    index = build_index()
    assert leaves(index, "apple") == ["apple"]
    assert leaves(index, "orchard") == ["apple", "pear"]
    assert leaves(index, "sweet") == ["apple", "pear"]
    assert leaves(index, "pea?") == ["pear"]
    messages = [record.getMessage() for record in caplog.records]
    assert messages[0] == f"Tasks that are not bundled come from lm-eval {VERSION} in {got}."
    assert messages[1].startswith(f"proctor is compared with lm-eval 0.4.13, but these tasks are of lm-eval {VERSION}")
    assert len(messages) == 2


def test_a_bundled_name_reads_nothing_and_wins_without_a_word(got, monkeypatch, caplog):
    with monkeypatch.context() as patch:
        unread(patch)
        (node,) = select(build_index(), ["arc_easy"]).nodes
        assert leaves(build_index(), "mmlu_stem")
    assert node.file == str(BUNDLED / "arc" / "arc_easy.yaml")
    assert build_index().whole.entries["arc_easy"].file == node.file
    assert "defined anew" not in caplog.text


def test_a_tag_has_the_tasks_of_both_but_not_those_of_a_folder_that_says_it_anew(got, tmp_path, write_exam):
    assert leaves(build_index(), "glue") == ["apple", *leaves(build_index(), "rte", "sst2")]
    mine = write_exam(tmp_path / "mine", "own", more="tag: [glue, sweet]\n")
    assert leaves(build_index([mine]), "glue") == ["own"]
    assert leaves(build_index([mine]), "sweet") == ["own"]


def test_a_folder_goes_over_both_and_may_lean_on_them(got, tmp_path, write_exam):
    mine = write_exam(tmp_path / "mine", "apple")
    (mine / "basket.yaml").write_text("group: basket\ntask: [apple, pear, {group: orchard}]\n")
    index = build_index([mine])
    assert index.entries["apple"].root == str(mine)
    (node,) = select(index, ["basket"]).nodes
    assert [member.file for member in node.members[:2]] == [str(mine / "apple.yaml"), str(got / "fruit/pear.yaml")]
    assert leaves(build_index(), str(mine / "basket.yaml")) == ["apple", "pear"]


def test_every_list_of_names_has_them(got):
    index = build_index()
    assert {"apple", "orchard", "sweet", "arc_easy"} <= set(index.names)
    assert "apple" in [entry.name for entry in index.of_kind("task")]
    assert "apple" not in build_index(defaults=False).names
    assert "nothing_of_this_name" not in index


def test_the_names_beside_a_folder_are_all_that_is_read(got, monkeypatch):
    place = downloaded_root()
    assert place is not None
    walked = write_names(place)
    monkeypatch.setattr(stock, "read_root", lambda *_, **__: pytest.fail("the folder was walked"))
    root = StockTasks().root
    assert root.entries == walked.entries
    assert {tag: sorted(names) for tag, names in root.tags.items()} == {
        tag: sorted(names) for tag, names in walked.tags.items()
    }


def test_so_it_is_for_a_copy_that_a_team_shares(got, tmp_path, monkeypatch):
    place = downloaded_root()
    assert place is not None
    write_names(place)
    shared = got.parents[1].rename(tmp_path / "shared")
    monkeypatch.setattr(stock, "read_root", lambda *_, **__: pytest.fail("the folder was walked"))
    for named in (shared, shared / "lm_eval" / "tasks"):
        monkeypatch.setenv("PROCTOR_STOCK_TASKS", str(named))
        assert StockTasks().root.entries["apple"].file == str(shared / "lm_eval" / "tasks" / "fruit" / "apple.yaml")


@pytest.mark.parametrize("content", ["", "[]", "{", '{"format": 0}', '{"format": 1, "entries": [[1]], "tags": {}}'])
def test_names_that_cannot_be_used_are_read_from_the_files(content, got):
    place = downloaded_root()
    assert place is not None
    (versions_folder() / VERSION / NAMES).write_text(content)
    assert read_names(place) is None
    assert "apple" in build_index().whole.entries


def test_functions_includes_imports_and_classes_work_from_there(got):
    result = evaluate(model="dummy", tasks=["orchard", "made"], limit=1, no_store=True)
    assert [task.name for task in result.tasks] == ["apple", "pear", "made"]
    assert result.records["apple"][0].arguments[0][0] == "Stock Q0:"


def test_the_results_say_which_tasks_are_lm_evals_and_of_which_version(got):
    result = evaluate(model="dummy", tasks=["apple", "demo_letter_folk"], limit=1, no_store=True)
    assert result.extra["proctor"]["stock_tasks"] == [{"lm_eval": VERSION, "folder": str(got), "tasks": ["apple"]}]
    result = evaluate(model="dummy", tasks="demo_letter_folk", limit=1, no_store=True)
    assert "stock_tasks" not in result.extra["proctor"]


def test_a_folder_of_ones_own_imports_from_them(got, tmp_path):
    near = tmp_path / "mine" / "utils.py"
    assert import_peer("lm_eval.tasks.shared.words", near).ask({"question": "Q"}) == "Stock Q:"
    with pytest.raises(ModuleNotFoundError, match="'proctor tasks get' brings it"):
        import_peer("lm_eval.tasks.ifeval.utils", near)


@pytest.mark.parametrize("name", ["lm_eval.tasks._index", "lm_eval.tasks.manager"])
def test_the_engine_beside_installed_tasks_is_never_run(name, tmp_path, monkeypatch):
    folder = write_package(tmp_path / "site-packages")
    monkeypatch.syspath_prepend(folder)
    near = folder / "lm_eval" / "tasks" / "fruit" / "utils.py"
    try:
        module = import_peer(name, near)
    except NotServedError as error:
        assert "TaskManager" in str(error)  # noqa: PT017
        assert locate(name, near) is None
    else:
        assert "/proctor/compat/" in str(module.__file__)


def test_an_installed_one_is_as_good(tmp_path, monkeypatch):
    folder = write_package(tmp_path / "site-packages", "0.4.13")
    monkeypatch.syspath_prepend(folder)
    result = evaluate(model="dummy", tasks="apple", limit=1, no_store=True)
    assert result.records["apple"][0].arguments[0][0] == "Stock Q0:"


def test_a_folder_that_leans_on_tasks_that_are_absent_is_told_how_to_get_them(tmp_path, write_exam):
    """FAULTS D8: a group that names stock tasks, and Python that imports from a stock folder."""
    mine = write_exam(tmp_path / "mine", "own", more="process_results: !function u.measure\n")
    (mine / "u.py").write_text("from lm_eval.tasks.ifeval.utils import process_results as measure\n")
    (mine / "g.yaml").write_text("group: g\ntask: [belebele_kor_Hang, own]\n")
    found = {
        finding.message: finding.hint for finding in validate((), [str(mine)], with_data=False, progress=Quiet).errors
    }
    brings = "'proctor tasks get' brings it."
    assert found == {
        "the group 'g' names 'belebele_kor_Hang', which is no task, group or tag.": (
            f"'belebele_kor_Hang' is a task of lm-eval 0.4.13: {brings}"
        ),
        "imports 'lm_eval.tasks.ifeval.utils', which is in no task folder that is known.": (
            f"'lm_eval.tasks.ifeval' is a folder of lm-eval 0.4.13's tasks: {brings}"
        ),
    }
    with pytest.raises(TaskError, match="which is no task, group or tag") as caught:
        select(build_index([mine]), ["g"])
    assert brings in str(caught.value)


def test_scripts_see_them_too(got):
    manager = TaskManager()
    assert {"apple", "orchard", "sweet", "arc_easy"} <= set(manager.all_tasks)
    assert "sweet" in manager.all_tags
    assert manager.task_index["apple"].yaml_path == got / "fruit" / "apple.yaml"
    assert set(manager.load(["orchard"])["tasks"]) == {"apple", "pear"}


def test_what_is_absent_is_said(caplog):
    with pytest.raises(UsageError, match="Tasks not found: 'social_iqa', 'belebele_\\*', 'social_iqq'") as caught:
        select(build_index(), ["social_iqa", "belebele_*", "arc_easy", "social_iqq"])
    hint = caught.value.hint or ""
    assert "'social_iqa' is a task of lm-eval 0.4.13: 'proctor tasks get' brings it." in hint
    assert "'belebele_*' matches 284 names of lm-eval 0.4.13" in hint
    assert "'social_iqq': Did you mean 'social_iqa'" in hint


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "glue",
            "Of what 'glue' names in lm-eval 0.4.13, 7 are not here, and left out: 'proctor tasks get' brings them.",
        ),
        (
            "lambada",
            "Of what 'lambada' names in lm-eval 0.4.13, 1 is not here, and left out: 'proctor tasks get' brings it.",
        ),
        (
            "wino*",
            "Of what 'wino*' names in lm-eval 0.4.13, 8 are not here, and left out: 'proctor tasks get' brings them.",
        ),
        ("arc_easy", None),
        ("mmlu", None),
        ("ai2_arc", None),
        ("hellaswa?", None),
    ],
)
def test_a_tag_or_a_pattern_that_names_more_to_lm_eval_says_so(name, said, caplog, monkeypatch):
    select(build_index(), [name])
    assert caplog.messages == ([] if said is None else [said])


def test_with_the_stock_tasks_nothing_is_left_out(got, caplog):
    select(build_index(), ["wino*", "sweet"])
    assert "left out" not in caplog.text


def test_the_names_are_written_as_text_that_every_reader_knows(got):
    place = downloaded_root()
    assert place is not None
    write_names(place)
    document = json.loads((versions_folder() / VERSION / NAMES).read_text())
    assert ["apple", "task", "fruit/apple.yaml", ["sweet", "glue"], "multiple_choice", False] in document["entries"]
    assert FILES.keys() >= {f"lm_eval/tasks/{row[2]}" for row in document["entries"]}
