"""The comparison of task folders sees every kind of difference, and tells whose error it is."""

from __future__ import annotations

import copy
import importlib
import os
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
compare_tool = importlib.import_module("compat_compare")
compat = importlib.import_module("compat")
forks = importlib.import_module("compat_forks")

FILES = {
    "a/_base": "dataset_path: org/set\ntest_split: test\ndoc_to_target: answer\n",
    "a/one.yaml": "include: _base\ntask: one\ntag: both\ndoc_to_text: !function helper.text\n"
    "output_type: generate_until\n",
    "a/two.yaml": "include: _base\ntask: two\ntag: [both]\ndoc_to_text: '{{q}}'\n"
    "dataset_kwargs: {data_files: {test: /home/someone/test.csv}}\n",
    "a/two_again.yaml": "include: _base\ntask: two\ndoc_to_text: '{{q}}'\n",
    "a/helper.py": "from lm_eval.api.metrics import mean\n\n\ndef text(doc):\n    return doc['q']\n",
    "b/three.yaml": "task: three\nclass: !function it.Three\n",
    "b/it.py": "from lm_eval.api.task import ConfigurableTask\n\n\nclass Three(ConfigurableTask):\n"
    "    def __init__(self, config=None):\n        super().__init__(config={'task': 'three',\n"
    "            'dataset_path': 'org/set',\n"
    "            'test_split': 'test', 'doc_to_text': '', 'doc_to_target': ''})\n",
    "c/four.yaml": "include: ../a/_base\ntask: four\ndoc_to_text: !function lost.text\n",
    "c/lost.py": "import nothing_of_this_name\n\n\ndef text(doc):\n    return ''\n",
    "group.yaml": "group: all\ntask: [one, {task: two, num_fewshot: 2}]\n"
    "aggregate_metric_list: [{metric: exact_match, weight_by_size: false}]\n",
    "wrong.yaml": "group: wrong\ntask: [{dataset_path: x}]\n",
}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What proctor says of a small folder."""
    root = tmp_path_factory.mktemp("corpus") / "tasks"
    for name, text in FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return compat.Interpreters().own(str(root), tmp_path_factory.mktemp("said"))


@pytest.fixture
def peer(own: dict) -> dict:
    """A stand-in for lm-eval that says the same, and of which a test changes something."""
    said = copy.deepcopy({part: own[part] for part in ("root", "names", "tasks", "groups", "functions", "live")})
    said["names"]["tasks"]["three"]["class"] = True
    lost = {"error": "ModuleNotFoundError: No module named 'nothing_of_this_name'"}
    said["functions"]["c/lost.text"] = said["live"]["four"] = lost
    return said


def differing(peer: dict, own: dict) -> set[tuple[str, str, str]]:
    """What is not equal."""
    return {(one.what, one.name, one.verdict) for one in compare_tool.compare(peer, own) if one.verdict != "equal"}


AT_HOME = {
    ("group trees", "wrong", "corpus"),
    ("errors found by validate", "wrong.yaml:2", "corpus"),
    ("Python files", "c/lost", "corpus"),
    ("functions", "c/lost.text", "corpus"),
    ("metrics and filters", "four", "corpus"),
}


def test_names_are_told_with_their_kind_file_tags_and_members(own):
    assert own["names"] == {
        "tasks": {
            "one": {"file": "a/one.yaml", "tags": ["both"]},
            "two": {"file": "a/two.yaml", "tags": ["both"]},
            "three": {"file": "b/three.yaml", "tags": []},
            "four": {"file": "c/four.yaml", "tags": []},
        },
        "groups": {"all": {"file": "group.yaml"}, "wrong": {"file": "wrong.yaml"}},
        "tags": {"both": ["one", "two"]},
    }
    assert own["twice"] == [["two", "a/two.yaml", "a/two_again.yaml"]]


def test_configurations_are_told_whole_and_functions_by_where_they_are(own):
    one = own["tasks"]["one"]
    assert one["doc_to_text"] == {"!function": "a/helper.text"}
    assert (one["target_delimiter"], one["generation_kwargs"]["until"]) == (" ", ["\n\n"])
    assert own["tasks"]["three"]["class"] == {"!function": "b/it.Three"}
    members = own["groups"]["all"]["members"]
    assert members["one"] is None, "the group does not change it"
    assert members["two"]["num_fewshot"] == 2
    assert own["functions"]["b/it.Three"] == {"kind": "class"}
    assert own["live"]["one"] == {"metrics": {"exact_match": ["mean", True]}}
    assert own["live"]["three"] == {"class": "Three"}


def test_two_sides_that_agree_leave_the_folders_own_errors(peer, own):
    assert differing(peer, own) == AT_HOME


def test_the_exit_code_and_the_table_say_whether_something_is_ours(peer, own, tmp_path, capsys):
    assert compat.report(peer, own, None) == 0
    assert "our error" in capsys.readouterr().out
    peer["names"]["tags"]["both"] = ["one"]
    assert compat.report(peer, own, None) == 1
    assert "tags by name: both\n    lm-eval: ['one']\n    proctor: ['one', 'two']" in capsys.readouterr().out


def test_the_page_lists_the_folders_own_errors_by_file(peer, own, tmp_path):
    page = tmp_path / "page.md"
    assert compat.report(peer, own, page) == 0
    text = page.read_text()
    assert "| tasks by name | 4 | 4 | 0 | 0 | 0 | 0 |" in text
    assert "| `a/two.yaml` | reads the private path /home/someone/test.csv |" in text
    assert "| `a/two_again.yaml` | registers the name 'two' again, which is a/two.yaml's |" in text
    assert "four.yaml" not in text, "it is told of the Python file"
    assert "| `c/lost.py` | needs `nothing_of_this_name` |" in text
    assert "names neither a task nor a group" in text
    assert str(tmp_path.parent) not in text, "nothing of this machine"


def _set(*path: str):
    def change(value: dict, new: object) -> None:
        for key in path[:-1]:
            value = value[key]
        value[path[-1]] = new

    return change


@pytest.mark.parametrize(
    ("path", "new", "found"),
    [
        (("names", "tasks", "one", "file"), "a/other.yaml", ("tasks by name", "one", "ours")),
        (("names", "tasks", "one", "tags"), [], ("tasks by name", "one", "ours")),
        (("names", "groups", "more"), {"file": "more.yaml"}, ("groups by name", "more", "ours")),
        (("names", "tags", "both"), ["one"], ("tags by name", "both", "ours")),
        (("tasks", "one", "target_delimiter"), "", ("task configurations", "one", "ours")),
        (("tasks", "one"), {"error": "TypeError: no", "missing": None}, ("task configurations", "one", "more")),
        (("groups", "all", "members", "two"), None, ("group trees", "all", "ours")),
        (("groups", "all", "aggregates"), [], ("group trees", "all", "ours")),
        (("functions", "a/helper.text"), {"kind": "class"}, ("functions", "a/helper.text", "ours")),
        (("functions", "c/lost.text"), {"kind": "function"}, ("Python files", "c/lost", "ours")),
        (("live", "one", "metrics", "exact_match"), ["mean", False], ("metrics and filters", "one", "ours")),
        (("live", "three", "class"), "Other", ("metrics and filters", "three", "ours")),
        (("live", "one"), {"error": "KeyError: None"}, ("metrics and filters", "one", "more")),
    ],
)
def test_every_kind_of_difference_is_seen(peer, own, path, new, found):
    _set(*path)(peer, new)
    assert found in differing(peer, own)


def test_a_error_that_validate_tells_is_ours_where_lm_eval_has_none(peer, own):
    peer["groups"]["wrong"] = {"alias": "wrong", "version": "N/A", "aggregates": [], "members": {}}
    assert ("errors found by validate", "wrong.yaml:2", "ours") in differing(peer, own)
    own = copy.deepcopy(own)
    own["verdict"]["errors"] = [["group.yaml", 3, "group 'all': no task of the group lists the metric 'exact_match'."]]
    assert ("errors found by validate", "group.yaml:3", "ours") in differing(peer, own), "its tasks measure it"
    for several in ("", " and 1 more group", " and 24 more groups"):
        sentence = f"group 'all'{several}: no task of the group lists the metric 'acc'."
        own["verdict"]["errors"] = [["group.yaml", 3, sentence]]
        assert ("errors found by validate", "group.yaml:3", "corpus") in differing(peer, own)


def test_what_differs_on_purpose_is_known_by_name(peer, own, monkeypatch):
    monkeypatch.setattr(compare_tool, "ON_PURPOSE", {"all": "because"})
    peer["groups"]["all"]["members"]["two"] = None
    assert ("group trees", "all", "purpose") in differing(peer, own)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_job_that_dies_or_hangs_is_an_error_of_its_own():
    done = forks.in_forks(
        {"good": lambda: [1], "dies": lambda: os._exit(3), "late": lambda: time.sleep(30), "raises": lambda: 1 / 0},
        processes=2,
        seconds=1.0,
    )
    assert done == {
        "good": [1],
        "dies": {"error": "the process ended with 3"},
        "late": {"error": "took more than 1 seconds"},
        "raises": {"error": "the process ended with 1"},
    }


def test_a_side_that_fails_ends_the_other(tmp_path, capsys, monkeypatch):
    """The stand-in for lm-eval's interpreter finds a folder, and then cannot say what is in it."""
    peer = tmp_path / "python"
    peer.write_text(f'#!/bin/sh\ncase "$1" in -c) echo {tmp_path};; *) echo no such thing >&2; exit 1;; esac\n')
    peer.chmod(0o755)
    assert compat.main(["--peer_python", str(peer)]) == 2
    assert "ended with 1:\nno such thing" in capsys.readouterr().err


def test_without_a_peer_it_says_what_is_missing(monkeypatch, capsys):
    monkeypatch.delenv("PEER_PYTHON", raising=False)
    with pytest.raises(SystemExit):
        compat.main([])
    assert "PEER_PYTHON" in capsys.readouterr().err
    assert compat.main(["--peer_python", "/nowhere/python"]) == 2
