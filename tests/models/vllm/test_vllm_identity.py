"""What responses of vLLM depend on: never mixed with those of another engine, release or dtype."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
from fake_vllm import FakeLLM, fake_module

from proctor.models import open_model
from proctor.models.vllm.identity import engine_release, steering_variables


@pytest.fixture(autouse=True)
def package(monkeypatch):
    """A package ``vllm`` of release 0.0, whose engine nobody starts here."""
    for name, module in fake_module(FakeLLM).items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr("proctor.models.vllm.identity.engine_release", lambda: "vllm 0.0")


def identity(folder, **args):
    return open_model("vllm", {"pretrained": str(folder), "dtype": "float32", **args}, lazily=True).identity


def digest(*args, **kwargs) -> str:
    return json.dumps(identity(*args, **kwargs), sort_keys=True)


def test_copies_of_a_model_are_one_and_the_folder_does_not_count(checkpoints, tmp_path):
    shutil.copytree(checkpoints / "llama", tmp_path / "copy")
    assert digest(checkpoints / "llama") == digest(tmp_path / "copy")
    assert digest(checkpoints / "llama") != digest(checkpoints / "sp")


def test_engines_are_never_mixed(checkpoints):
    # In a process of its own: a real vLLM that ran in this one has replaced functions of torch, and hf has no
    # identity then.
    code = "import json, sys, tiny_models; print(json.dumps(tiny_models.identity(sys.argv[1])))"
    command, paths = [sys.executable, "-c", code, str(checkpoints / "llama")], os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, check=True)
    own, other = identity(checkpoints / "llama"), json.loads(done.stdout)
    assert own["weights"] == other["weights"]
    assert (own["kind"], other["kind"]) == ("vllm", "hf")


def test_another_release_is_another_engine(checkpoints, monkeypatch):
    before = digest(checkpoints / "llama")
    monkeypatch.setattr("proctor.models.vllm.identity.engine_release", lambda: "vllm 0.1")
    assert digest(checkpoints / "llama") != before


@pytest.mark.parametrize(
    "args",
    [
        {"dtype": "bfloat16"},
        {"quantization": "fp8"},
        {"max_model_len": 32},
        {"kv_cache_dtype": "fp8"},
        {"add_bos_token": False},
        {"hf_overrides": {"rope_theta": 3}},
    ],
)
def test_what_changes_responses_counts(checkpoints, args):
    assert digest(checkpoints / "llama", **args) != digest(checkpoints / "llama")


@pytest.mark.parametrize(
    "args",
    [
        {"tensor_parallel_size": 2},
        {"gpu_memory_utilization": 0.5},
        {"max_num_seqs": 4, "block_size": 16, "enforce_eager": True},
        {"hf_token": "hf_secretsecretsecret"},
        {"dtype": "float"},
        {"tokenizer_mode": "auto"},
        {"chat_template_args": {"style": 1}},
        {"scoring": "plain"},
    ],
)
def test_what_changes_nothing_but_rounding_does_not(checkpoints, args):
    assert digest(checkpoints / "llama", **args) == digest(checkpoints / "llama")


def test_arguments_of_texts_leave_scores_alone(checkpoints):
    one, other = identity(checkpoints / "llama"), identity(checkpoints / "llama", max_gen_toks=9, seed=3)
    assert one["generation"] != other["generation"]
    assert {**one, "generation": 0} == {**other, "generation": 0}


def test_in_reduced_precision_ways_of_scoring_are_apart(checkpoints):
    ways = [identity(checkpoints / "llama", dtype="bfloat16", scoring=one) for one in ("auto", "plain", "named")]
    assert [way["scoring"]["route"] for way in ways] == ["auto", "plain", "named"]
    # Where rows are named nothing is known of which token is likeliest.
    assert identity(checkpoints / "llama", scoring="named")["scoring"] != identity(checkpoints / "llama")["scoring"]


def test_the_engines_choice_of_a_dtype_depends_on_the_device(checkpoints):
    chosen = identity(checkpoints / "llama", dtype="auto")["dtype"]
    assert chosen == {"auto": "float32", "device": ["bfloat16", "float32"]}


def test_an_adapter_counts_by_its_files(checkpoints, tmp_path):
    for name, rank in (("one", 1), ("two", 2), ("three", 1)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "adapter_config.json").write_text(json.dumps({"r": rank}), encoding="utf-8")
    one, two, three = (
        digest(checkpoints / "llama", lora_local_path=str(tmp_path / n)) for n in ("one", "two", "three")
    )
    assert one == three != two
    assert one != digest(checkpoints / "llama")


def test_random_weights_have_no_identity(checkpoints):
    assert identity(checkpoints / "llama", load_format="dummy") is None


def test_variables_count_but_those_for_places_and_secrets(monkeypatch):
    for name in ("VLLM_CACHE_ROOT", "VLLM_LOGGING_LEVEL", "VLLM_API_KEY", "VLLM_CPU_KVCACHE_SPACE", "VLLM_PORT"):
        monkeypatch.setenv(name, "1")
    before = steering_variables()
    monkeypatch.setenv("VLLM_BATCH_INVARIANT", "1")
    assert steering_variables() == {**before, "VLLM_BATCH_INVARIANT": "1"}
    assert not {"VLLM_CACHE_ROOT", "VLLM_API_KEY", "VLLM_CPU_KVCACHE_SPACE"} & before.keys()


def test_the_release_is_that_of_whatever_package_brings_it(monkeypatch):
    import importlib.metadata as metadata

    def version(name):
        if name not in known:
            raise metadata.PackageNotFoundError(name)
        return known[name]

    monkeypatch.setattr(metadata, "version", version)
    known = {"vllm-cpu": "0.32.0"}
    assert engine_release() == "vllm-cpu 0.32.0"
    known = {"vllm": "0.31.0", "vllm-cpu": "0.32.0"}
    assert engine_release() == "vllm 0.31.0"
    known = {"vllm-rocm": "0.30.0"}
    monkeypatch.setattr(metadata, "packages_distributions", lambda: {"vllm": ["vllm-rocm"]})
    assert engine_release() == "vllm-rocm 0.30.0"
    monkeypatch.setattr(metadata, "packages_distributions", dict)
    with pytest.raises(ValueError, match="not known"):
        engine_release()
