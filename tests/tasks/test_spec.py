"""A task's keys become a frozen value, or all their errors at once."""

from __future__ import annotations

import pytest

from proctor.errors import TaskError
from proctor.tasks.build_spec import build_task
from proctor.tasks.override import override


def errors(node) -> list[str]:
    with pytest.raises(TaskError) as caught:
        build_task(node)
    return [str(finding) for finding in caught.value.errors]


def test_defaults_are_lm_evals(spec):
    built = spec(output_type="generate_until", doc_to_choice=None, fewshot_split=None)
    assert built.generation == {"temperature": 0.0, "do_sample": False, "max_gen_toks": 256, "until": ["\n\n"]}
    assert list(built.generation) == ["temperature", "do_sample", "max_gen_toks", "until"]
    assert (built.prompt.target_delimiter, built.prompt.fewshot_delimiter) == (" ", "\n\n")
    assert (built.version, built.repeats, built.n_shot, built.fewshot.n) == ("Yaml", 1, 0, None)


def test_all_errors_at_once_each_with_its_line(node):
    found = errors(node(doc_to_txt="x", output_type="multiple_chioce", num_fewshot=-1, repeats=0, metric_list=[{}]))
    assert len(found) == 5
    assert all(".yaml:" in finding for finding in found)
    assert any("'doc_to_txt'" in finding and "Did you mean 'doc_to_text'" in finding for finding in found)
    assert any("'multiple_chioce'" in finding and "'multiple_choice'" in finding for finding in found)
    assert any("num_fewshot must be 0 or more" in finding for finding in found)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"doc_to_choice": None}, "doc_to_choice is missing"),
        ({"doc_to_choice": []}, "doc_to_choice is empty"),
        ({"test_split": None}, "nothing to evaluate"),
        ({"dataset_path": None}, "dataset_path is missing"),
        ({"doc_to_text": ["a"]}, "doc_to_text must be"),
        ({"description": 3}, "description must be text"),
        ({"fewshot_config": {"sampler": "frist_n"}}, "'first_n'"),
        ({"fewshot_config": {"splitt": "x"}}, "'split'"),
        ({"filter_list": [{"name": "x"}]}, "needs 'name' and a list 'filter'"),
        ({"filter_list": [{"name": "x", "filter": [{}]}]}, "names no 'function'"),
        ({"generation_kwargs": {"temperature": "hot"}}, "temperature must be a number"),
        ({"use_prompt": "qa-basic:x", "doc_to_choice": None}, "doc_to_choice is missing"),
        ({"class": "task.Mine"}, "class must be a !function"),
    ],
)
def test_bad_keys_are_sentences(node, changes, said):
    assert any(said in finding for finding in errors(node(**changes)))


def test_fewshot_inherits_what_it_does_not_say(spec):
    built = spec(fewshot_config={"sampler": "first_n", "doc_to_target": "", "target_delimiter": "|"}, gen_prefix="So")
    shots = built.fewshot
    assert (shots.sampler, shots.split, shots.prompt.text) == ("first_n", "train", "Q: {{question}}\nA:")
    assert (shots.prompt.target, shots.prompt.target_delimiter, shots.prompt.gen_prefix) == ("", "|", "So")
    assert built.prompt.target_delimiter == " "


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


def test_metadata_merges_the_runs_own_over_the_files(node):
    built = build_task(node(metadata={"version": 2.0, "a": 1}), {"a": 2, "pretrained": "m"})
    assert (built.version, built.metadata["a"], built.metadata["pretrained"]) == (2.0, 2, "m")
    assert built.metadata["config_source"].endswith("sums.yaml")
    assert build_task(node(metadata="notes")).metadata["_metadata"] == "notes"
