"""One request as lm-eval's classes pass it around."""

from __future__ import annotations

from proctor.compat.tasks.instance import Instance


def test_an_instance_knows_where_it_comes_from():
    one = Instance("generate_until", {}, ("a", {}), 0, metadata=("task", 3, 2))
    assert (one.task_name, one.doc_id, one.repeats, one.args) == ("task", 3, 2, ("a", {}))
    assert Instance("loglikelihood_rolling", {}, "text", 0).args == ("text",)  # type: ignore[arg-type]
    other = Instance("loglikelihood", {}, (), 0)
    other.resps.append(1)
    assert Instance("loglikelihood", {}, (), 0).resps == []
