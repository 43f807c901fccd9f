"""A group's keys become a frozen value, or all their errors at once; what is a group's own stays there."""

from __future__ import annotations

from pathlib import Path

import pytest

from proctor.errors import TaskError
from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.settings.config import build_config
from proctor.tasks.groups import build_group


def test_a_group_weighs_by_truth_and_says_its_errors(node):
    group = node(
        "g",
        group_alias="G",
        metadata={"version": 1},
        aggregate_metric_list=[{"metric": "acc", "weight_by_size": "truez"}],
    )
    built = build_group(group)
    assert (built.alias, built.version, built.aggregates[0].weight_by_size, built.aggregates[0].filters) == (
        "G",
        "1",
        True,
        None,
    )
    broken = node("g", aggregate_metric_list=[{"metric": "acc", "wieght_by_size": True}, {}])
    with pytest.raises(TaskError) as caught:
        build_group(broken)
    assert "'weight_by_size'" in str(caught.value)
    assert len(caught.value.errors) == 2


@pytest.mark.parametrize(
    "member",
    [
        "{task: inner, group_alias: Sums}",
        "{group: inner, group_alias: Sums, task: [sums]}",
    ],
)
def test_a_groups_own_keys_given_to_a_member_that_is_a_group_reach_no_task_below(
    tmp_path: Path, write_exam, member: str
):
    """A name for a group in the tables is none for the tasks below it, and no unknown key of theirs."""
    write_exam(tmp_path, "sums")
    (tmp_path / "inner.yaml").write_text("group: inner\ntask: [sums]\naggregate_metric_list: [{metric: acc}]\n")
    if "group: inner" in member:
        (tmp_path / "inner.yaml").unlink()
    (tmp_path / "outer.yaml").write_text(f"group: outer\ntask:\n  - {member}\n")
    config = build_config({"model": "dummy", "tasks": ["outer"], "include_path": [str(tmp_path)]})
    result = evaluate(config, progress=Quiet, bootstrap_iters=0)
    [task] = result.tasks
    assert (task.name, task.alias) == ("sums", "sums")
    assert not {"group_alias", "aggregate_metric_list"} & set(task.config)
    aliases = {group.name.rpartition("::")[2]: group.alias for group in result.groups}
    assert aliases["outer"] == "outer"
    if "inner" in member:
        assert aliases["inner"] == "Sums"


@pytest.mark.parametrize("key", ["group_alias: Sums", "aggregate_metric_list: [{metric: acc}]"])
def test_a_groups_own_keys_given_to_a_task_are_errors_with_their_line(tmp_path: Path, write_exam, key: str):
    write_exam(tmp_path, "sums")
    (tmp_path / "outer.yaml").write_text(f"group: outer\ntask:\n  - task: sums\n    {key}\n")
    config = build_config({"model": "dummy", "tasks": ["outer"], "include_path": [str(tmp_path)]})
    with pytest.raises(TaskError, match=f"there is no key '{key.partition(':')[0]}'") as caught:
        evaluate(config, progress=Quiet, bootstrap_iters=0)
    [finding] = caught.value.errors
    assert (finding.file, finding.line) == (str(tmp_path / "outer.yaml"), 4)
