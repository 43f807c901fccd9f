"""A task under the settings of a run."""

from __future__ import annotations

from proctor.tasks.override import override


def test_zero_shots_in_the_file_win_over_the_user(spec):
    assert override(spec(num_fewshot=0), num_fewshot=5).n_shot == 0
    assert override(spec(num_fewshot=2), num_fewshot=5).n_shot == 5
    assert override(spec(), num_fewshot=5).n_shot == 5


def test_a_token_limit_replaces_the_tasks_under_any_name(spec):
    task = spec(output_type="generate_until", generation_kwargs={"max_gen_toks": 100, "until": ["x"]})
    assert override(task, gen_kwargs={"max_new_tokens": 5}).generation == {"until": ["x"], "max_new_tokens": 5}
    kept = override(task, gen_kwargs={"max_gen_toks": 5}).generation
    assert list(kept) == ["max_gen_toks", "until"]
    assert kept["max_gen_toks"] == 5
    # Weaker names stay: lm-eval's samples have them, and they change nothing.
    weaker = spec(output_type="generate_until", generation_kwargs={"max_new_tokens": 3, "until": ["x"]})
    assert override(weaker, gen_kwargs={"max_gen_toks": 5}).generation == {
        "max_new_tokens": 3,
        "until": ["x"],
        "max_gen_toks": 5,
    }


def test_generation_settings_leave_scored_tasks_alone(spec):
    assert override(spec(), gen_kwargs={"max_gen_toks": 5}).generation is None
