"""A task's keys become a frozen value, or all their errors at once."""

from __future__ import annotations

from proctor.tasks.build_spec import build_task


def test_defaults_are_lm_evals(spec):
    built = spec(output_type="generate_until", doc_to_choice=None, fewshot_split=None)
    assert built.generation == {"temperature": 0.0, "do_sample": False, "max_gen_toks": 256, "until": ["\n\n"]}
    assert list(built.generation) == ["temperature", "do_sample", "max_gen_toks", "until"]
    assert (built.prompt.target_delimiter, built.prompt.fewshot_delimiter) == (" ", "\n\n")
    assert (built.version, built.repeats, built.n_shot, built.fewshot.n) == ("Yaml", 1, 0, None)


def test_fewshot_inherits_what_it_does_not_say(spec):
    built = spec(fewshot_config={"sampler": "first_n", "doc_to_target": "", "target_delimiter": "|"}, gen_prefix="So")
    shots = built.fewshot
    assert (shots.sampler, shots.split, shots.prompt.text) == ("first_n", "train", "Q: {{question}}\nA:")
    assert (shots.prompt.target, shots.prompt.target_delimiter, shots.prompt.gen_prefix) == ("", "|", "So")
    assert built.prompt.target_delimiter == " "


def test_metadata_merges_the_runs_own_over_the_files(node):
    built = build_task(node(metadata={"version": 2.0, "a": 1}), {"a": 2, "pretrained": "m"})
    assert (built.version, built.metadata["a"], built.metadata["pretrained"]) == (2.0, 2, "m")
    assert built.metadata["config_source"].endswith("sums.yaml")
    assert build_task(node(metadata="notes")).metadata["_metadata"] == "notes"
