"""A task's whole configuration as results files have it."""

from __future__ import annotations

from proctor.refs import Ref
from proctor.tasks.dump import dump_config, whole_config
from proctor.tasks.override import override


def test_defaults_are_filled_in_and_keys_stand_in_lm_evals_order(spec):
    whole = whole_config(spec(metadata={"version": 2}))
    assert list(whole) == [
        "task", "dataset_path", "dataset_kwargs", "test_split", "fewshot_split", "doc_to_text", "doc_to_target",
        "unsafe_code", "doc_to_choice", "description", "target_delimiter", "fewshot_delimiter", "fewshot_config",
        "num_fewshot", "metric_list", "output_type", "repeats", "should_decontaminate", "metadata",
    ]  # fmt: skip
    assert (whole["description"], whole["target_delimiter"], whole["fewshot_delimiter"]) == ("", " ", "\n\n")
    assert (whole["num_fewshot"], whole["repeats"], whole["unsafe_code"]) == (0, 1, False)
    assert whole["fewshot_config"]["split"] == "train"
    assert whole["fewshot_config"]["doc_to_text"] == whole["doc_to_text"]
    assert whole["metadata"]["version"] == 2


def test_what_a_run_sets_is_what_is_dumped(spec):
    task = spec(output_type="generate_until", generation_kwargs={"until": ["x"], "max_gen_toks": 9})
    whole = whole_config(override(task, num_fewshot=3, gen_kwargs={"max_gen_toks": 2}))
    assert (whole["num_fewshot"], whole["generation_kwargs"]) == (3, {"until": ["x"], "max_gen_toks": 2})
    alone = whole_config(override(task, predict_only=True))
    assert alone["metric_list"] == [{"metric": "bypass"}]
    assert alone["process_results"] == "process_results"


def test_functions_are_references_in_the_whole_and_functions_in_the_dump(spec, exam):
    (exam / "code.py").write_text("def ask(doc):\n    return 'Q'\n", encoding="utf-8")
    ref = Ref(str(exam), "code.ask")
    built = spec(doc_to_text=ref, metadata={"functions": [ref]})
    assert whole_config(built)["doc_to_text"] == ref
    dumped = dump_config(built)
    assert dumped["doc_to_text"]({}) == "Q"
    assert dumped["metadata"]["functions"][0]({}) == "Q"
    assert dumped["fewshot_config"]["doc_to_text"]({}) == "Q"
    assert list(dumped) == list(whole_config(built))
