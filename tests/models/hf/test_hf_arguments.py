"""``--model_args`` of ``hf``: typed, checked, the rest passed on."""

from __future__ import annotations

import pytest
from tiny_models import open_tiny

from proctor.errors import UsageError
from proctor.models.hf.arguments import read_arguments


@pytest.mark.parametrize("args", [{"scoring": "tre"}, {"scoring": "tree", "batch_invariant": True}])
def test_scoring_modes_are_checked(checkpoints, args):
    with pytest.raises(UsageError):
        open_tiny(checkpoints / "llama", args=args)


def test_arguments_are_typed_and_the_rest_is_passed_on():
    arguments = read_arguments(
        {
            "pretrained": "x",
            "max_length": "32",
            "revision": 7,
            "logits_cache": "false",
            "think_end_token": "12",
            "attn_implementation": "eager",
            "batch_size": 8,
            "device": "cpu",
            "torch_dtype": "float16",
        }
    )
    assert (arguments.max_length, arguments.revision, arguments.logits_cache) == (32, "7", False)
    assert (arguments.think_end_token, arguments.dtype) == (12, "float16")
    assert arguments.extra == {"attn_implementation": "eager"}


def test_thinking_goes_to_the_chat_template():
    args = {"pretrained": "x", "enable_thinking": True, "think_end_token": "T", "chat_template_args": {"a": 1}}
    assert read_arguments(args).template_args == {"a": 1, "enable_thinking": True}


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({}, "needs pretrained"),
        ({"pretraned": "gpt2"}, "needs pretrained"),
        ({"pretrained": "x", "backend": "decoder"}, "backend"),
        ({"pretrained": "x", "max_length": 0}, "max_length"),
        ({"pretrained": "x", "pass_tokens": 0}, "pass_tokens"),
        ({"pretrained": "x", "max_length": "long"}, "max_length"),
        ({"pretrained": "x", "prefix_token_id": -1}, "prefix_token_id"),
        ({"pretrained": "x", "trust_remote_code": "perhaps"}, "trust_remote_code"),
        ({"pretrained": "x", "peft": "a", "delta": "b"}, "peft and delta"),
        ({"pretrained": "x", "autogptq": True, "gptqmodel": True}, "autogptq and gptqmodel"),
        ({"pretrained": "x", "tp_plan": "auto", "parallelize": True}, "tp_plan and parallelize"),
        ({"pretrained": "x", "enable_thinking": True}, "think_end_token"),
        ({"pretrained": "x", "chat_template_args": "a"}, "chat_template_args"),
    ],
)
def test_arguments_that_make_no_sense(args, says):
    with pytest.raises(UsageError, match=says):
        read_arguments(args)
