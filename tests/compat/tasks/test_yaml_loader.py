"""lm-eval's own modules beside its task folders are never run, though its folder is a task root."""

import pytest

from proctor.alias import NotServedError, add_task_root, import_peer, load_file
from proctor.compat.tasks.yaml_loader import load_yaml
from proctor.errors import TaskError, UsageError


@pytest.fixture
def stock(tmp_path):
    folder = tmp_path / "lm_eval" / "tasks"
    (folder / "mine").mkdir(parents=True)
    for name in ("_index", "_yaml_loader", "_factory", "manager", "__init__"):
        (folder / f"{name}.py").write_text("raise SystemExit('the peer runs')")
    add_task_root(folder)
    return folder


@pytest.mark.parametrize("near", [True, False])
def test_they_are_proctors_or_refused(stock, near):
    file = stock / "mine" / "utils.py" if near else None
    for name in ("_index", "_yaml_loader", "manager"):
        assert import_peer(f"lm_eval.tasks.{name}", file) is import_peer(f"lm_eval.tasks.{name}")
    with pytest.raises(NotServedError, match=r"proctor does not serve lm_eval\.tasks\._factory"):
        import_peer("lm_eval.tasks._factory", file)


def test_a_task_file_gets_them_too(stock):
    file = stock / "mine" / "utils.py"
    file.write_text("from lm_eval.tasks._yaml_loader import load_yaml\nfrom lm_eval.tasks._index import Entry, Kind\n")
    assert load_file(file).load_yaml is load_yaml


def test_an_index_is_not_made():
    from proctor.compat.scripts.unsupported import TaskIndex

    with pytest.raises(UsageError, match="TaskIndex is not supported yet"):
        TaskIndex()


def test_a_file_with_what_it_includes(tmp_path):
    (tmp_path / "base.yaml").write_text("task: base\ndoc_to_text: q\nmetric_list: [{metric: acc}]\n")
    (tmp_path / "utils.py").write_text("def f(doc):\n    return 3\n")
    (tmp_path / "own.yaml").write_text("include: base.yaml\ntask: own\nprocess_docs: !function utils.f\n")
    loaded = load_yaml(tmp_path / "own.yaml")
    assert (loaded["task"], loaded["doc_to_text"], loaded["metric_list"]) == ("own", "q", [{"metric": "acc"}])
    assert loaded["process_docs"]({}) == 3
    assert load_yaml(tmp_path / "own.yaml", resolve_func=False)["process_docs"] == "utils.f"
    with pytest.raises((OSError, ValueError)) as caught:
        load_yaml(tmp_path / "none.yaml")
    assert isinstance(caught.value, TaskError)
