"""What scripts may rely on in lm-eval's small helpers, its registry and the dictionary that a run returns."""

from __future__ import annotations

import threading

import pytest

from proctor.compat.scripts.evaluator import simple_evaluate
from proctor.compat.scripts.helpers import escaped_split, get_rolling_token_windows, make_disjoint_window
from proctor.compat.scripts.manager import TaskManager
from proctor.compat.scripts.proctor_lm import DummyLM
from proctor.compat.scripts.registry import get_model
from proctor.compat.tasks.registry import (
    Registry,
    get_aggregation,
    get_metric_aggregation,
    is_higher_better,
    register_aggregation,
)
from proctor.metrics.tables import AGGREGATIONS

# -- texts and tokens


@pytest.mark.parametrize(
    ("text", "mark", "parts"),
    [
        ("u.v.w", ".", ["u", "v", "w"]),
        ("u|v", "|", ["u", "v"]),
        ("u*v*w", "*", ["u", "v", "w"]),
        (r"u\.v.w", ".", [r"u\.v", "w"]),
    ],
)
def test_marks_that_mean_something_in_a_pattern_are_marks(text, mark, parts):
    assert escaped_split(text, mark) == parts


def test_a_text_is_split_so_often():
    assert escaped_split("u,v,w", ",", maxsplit=1) == ["u", "v,w"]
    assert escaped_split("u,v", ",", maxsplit=0) == "u,v"


@pytest.mark.parametrize(
    ("count", "size", "context", "windows"),
    [
        (0, 3, 1, []),
        (2, 3, 1, [([-1, 0], [0, 1])]),
        (6, 3, 1, [([-1, 0, 1], [0, 1, 2]), ([2, 3, 4], [3, 4, 5])]),
        (7, 3, 1, [([-1, 0, 1], [0, 1, 2]), ([2, 3, 4], [3, 4, 5]), ([3, 4, 5], [6])]),
        (6, 4, 3, [([-1, 0, 1, 2], [0, 1, 2, 3]), ([1, 2, 3, 4], [4, 5])]),
        (5, 3, 3, [([-1, 0, 1], [0, 1, 2]), ([0, 1, 2], [3]), ([1, 2, 3], [4])]),
    ],
)
def test_windows_over_a_text(count, size, context, windows):
    found = list(get_rolling_token_windows(list(range(count)), -1, size, context))
    assert found == windows


def test_a_window_without_what_it_shares_with_the_one_before():
    assert make_disjoint_window(([7, 8, 9], [8, 9, 10])) == ([7], [8, 9, 10])
    assert make_disjoint_window(([7, 8, 9], [10])) == ([7, 8, 9], [10])


# -- the registry


def test_many_threads_may_register_and_ask():
    shapes = Registry("shape")
    found = []

    def work(number):
        shapes.register(f"shape {number}", target="json:dumps")
        found.append(shapes.get(f"shape {number}")([number]))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert sorted(found) == sorted(f"[{number}]" for number in range(40))
    assert len(shapes) == 40
    assert (set(shapes.keys()), len(list(shapes.items()))) == (set(shapes), 40)


def test_a_class_goes_by_its_own_name_where_none_is_given():
    shapes = Registry("shape")

    @shapes.register()
    class Cone:
        pass

    assert shapes["Cone"] is Cone
    assert shapes.register("Cone")(Cone) is Cone
    with pytest.raises(ValueError, match="already registered"):
        shapes.register("Cone")(object)
    assert shapes.get("cube", None) is None
    assert "cube" not in shapes


def test_models_and_metrics_by_name(monkeypatch):
    assert get_model("dummy") is DummyLM
    with pytest.raises(ValueError, match="'dumy': no model for this name found"):
        get_model("dumy")
    list(AGGREGATIONS)
    monkeypatch.setattr(AGGREGATIONS, "_rows", dict(AGGREGATIONS._rows))
    register_aggregation("widest of this test")(max)
    assert get_aggregation("widest of this test") is max
    assert is_higher_better("perplexity") is False
    average = get_metric_aggregation("acc")
    assert average is not None
    assert average([1.0, 0.0]) == 0.5


# -- what a run returns


@pytest.fixture
def exam(write_exam, tmp_path):
    folder = write_exam(tmp_path / "exam", "east", "west", documents=4)
    (folder / "inner.yaml").write_text("group: inner\ntask: [east, west]\naggregate_metric_list: [{metric: acc}]\n")
    (folder / "outer.yaml").write_text("group: outer\ntask: [inner]\n")
    return TaskManager(include_path=str(folder), include_defaults=False)


def run(exam, *names, **given):
    return simple_evaluate("dummy", tasks=list(names), task_manager=exam, **{"bootstrap_iters": 0, **given})


def test_groups_stand_beside_their_tasks(exam):
    found = run(exam, "inner", limit=3)
    east, west, inner = (found["results"][name] for name in ("east", "west", "inner"))
    assert found["groups"] == {"inner": inner}
    assert inner["acc,none"] == pytest.approx((east["acc,none"] + west["acc,none"]) / 2)
    assert (east["sample_len"], inner["sample_len"], inner["sample_count"]) == (3, 6, {"acc,none": 6})
    assert east["alias"] == "east"
    assert found["n-samples"] == {name: {"original": 4, "effective": 3} for name in ("east", "west")}
    assert found["group_subtasks"] == {"inner": ["east", "west"]}
    assert found["higher_is_better"]["inner"]["acc"] is True
    assert list(found["configs"]) == ["east", "west"]
    assert list(found["versions"]) == sorted(found["versions"])


def test_a_group_without_figures_has_its_members_only(exam):
    found = run(exam, "outer")
    assert set(found["groups"]) == {"inner"}
    assert "acc,none" not in found["results"]["outer"]
    assert found["group_subtasks"] == {"outer": ["inner"], "inner": ["east", "west"]}
    assert "groups" not in run(exam, "east")


def test_errors_of_figures_need_draws_and_documents(exam):
    assert run(exam, "east")["results"]["east"]["acc_stderr,none"] == "N/A"
    assert run(exam, "inner", bootstrap_iters=50, limit=1)["results"]["inner"]["acc_stderr,none"] == "N/A"
    several = run(exam, "inner", bootstrap_iters=50)["results"]
    assert isinstance(several["east"]["acc_stderr,none"], float)
    assert isinstance(several["inner"]["acc_stderr,none"], float)


def test_samples_are_there_where_they_are_wanted(exam):
    assert [one["doc_id"] for one in run(exam, "east", limit=2)["samples"]["east"]] == [0, 1]
    assert "samples" not in run(exam, "east", log_samples=False)
