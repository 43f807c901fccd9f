"""``--batch_invariant``: what a document gets does not depend on the documents beside it, to the last bit."""

from __future__ import annotations

import json

import pytest

from proctor.errors import UsageError
from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.settings.config import build_config

HEAD = """\
task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: test.jsonl, shots: shots.jsonl}}}}
test_split: test
fewshot_split: shots
fewshot_config: {{sampler: first_n}}
num_fewshot: 2
doc_to_target: "{{{{choices[answer]}}}}"
"""
KINDS = {
    "scored": 'output_type: multiple_choice\ndoc_to_text: "Q: {{question}}?\\nA:"\ndoc_to_choice: choices\n',
    "generated": 'output_type: generate_until\ndoc_to_text: "Q: {{question}}?\\nA:"\n'
    "generation_kwargs: {max_gen_toks: 6, until: []}\n",
}


def write(folder, rows):
    folder.mkdir()
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "test.jsonl").write_text(text, "utf-8")
    shots = [{"question": "who", "choices": ["me", "you"], "answer": 1}] * 2
    (folder / "shots.jsonl").write_text("".join(json.dumps(row) + "\n" for row in shots), "utf-8")
    for name, kind in KINDS.items():
        (folder / f"{name}.yaml").write_text(HEAD.format(name=name) + kind, "utf-8")
    return folder


def responses(folder, model, **options):
    """What each question of each task got."""
    config = build_config(
        {
            "tasks": [str(folder / f"{name}.yaml") for name in KINDS],
            "model_args": {"pretrained": str(model)},
            "device": "cpu",
            "threads": 1,
            **options,
        }
    )
    result = evaluate(config, progress=Quiet, bootstrap_iters=0, keep_records=True)
    found = {
        (task, record.doc["question"]): record.responses
        for task, records in result.records.items()
        for record in records
    }
    return found, result


@pytest.mark.parametrize("name", ["llama-bos", "neox"])
def test_a_documents_scores_do_not_depend_on_the_others(tmp_path, shared_models, name):
    rows = [
        {"question": "why " * (1 + 5 * one % 7) + str(one), "choices": [f" {one} it is", " no", " never"], "answer": 0}
        for one in range(12)
    ]
    forth, back = write(tmp_path / "forth", rows), write(tmp_path / "back", rows[::-1])
    every, result = responses(forth, shared_models / name, batch_invariant=True)
    assert len(every) == 24
    assert result.config["model_args"]["batch_invariant"] is True
    assert result.extra["proctor"]["scoring"]["mode"] == "context"
    assert responses(back, shared_models / name, batch_invariant=True)[0] == every
    few, _ = responses(forth, shared_models / name, batch_invariant=True, limit=3, batch_size=8)
    assert len(few) == 6
    assert few == {key: every[key] for key in few}


def test_other_kinds_of_models_have_no_such_way():
    with pytest.raises(UsageError, match="--batch_invariant belongs to --model hf; --model dummy has no such way"):
        build_config({"tasks": ["x"], "model": "dummy", "batch_invariant": True})


def test_tasks_do_not_see_it_and_a_file_may_say_it():
    config = build_config({"tasks": ["x"], "model_args": {"pretrained": "x"}}, {"batch_invariant": True})
    assert config.model_args == {"pretrained": "x", "batch_invariant": True}
    assert config.metadata == {"pretrained": "x"}
    assert "batch_invariant" not in build_config({"tasks": ["x"]}).model_args
