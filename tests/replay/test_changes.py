"""What is different when a run is graded again, and what stays as it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from proctor.replay.changes import Changes
from proctor.settings.config import RunConfig

EARLIER = RunConfig(
    model="dummy", tasks=("one", "two"), include_path=("then",), num_fewshot=3, output_path="out", log_samples=True,
    store="old.sqlite", use_cache="prefix", limit=7, predict_only=True, write_out=True, batch=True,
    prices="prices.yaml", max_cost=2.0, fail_fast=True, confirm_run_unsafe_code=True,
)  # fmt: skip


def test_what_is_not_changed_stays_and_nothing_is_sent_or_written():
    again = Changes().apply_to(EARLIER)
    assert again == replace(
        EARLIER, output_path=None, log_samples=False, predict_only=False, write_out=False, store=None, use_cache=None,
        batch=False, prices=None, max_cost=None, fail_fast=False, confirm_run_unsafe_code=False,
    )  # fmt: skip
    assert (again.limit, again.tasks, again.num_fewshot) == (7, ("one", "two"), 3)


def test_later_folders_of_tasks_come_after_those_of_the_run():
    assert Changes(include_path=("now",)).apply_to(EARLIER).include_path == ("then", "now")


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("tasks", ("three",)),
        ("num_fewshot", 0),
        ("output_path", "other"),
        ("log_samples", True),
        ("store", "new.sqlite"),
        ("no_store", True),
        ("confirm_run_unsafe_code", True),
        ("fail_fast", True),
        ("show_config", True),
    ],
)
def test_a_change_is_that_of_its_setting(change, value):
    unchanged = Changes().apply_to(EARLIER)
    assert Changes(**{change: value}).apply_to(EARLIER) == replace(unchanged, **{change: value})


@pytest.mark.parametrize(("then", "now", "strict"), [(False, False, False), (True, False, True), (False, True, True)])
def test_a_run_that_was_strict_stays_strict(then, now, strict):
    earlier = replace(EARLIER, strict_lm_eval=then)
    assert Changes(strict_lm_eval=now).apply_to(earlier).strict_lm_eval is strict
