"""Loading without torch's compiler: only meta tensors are left alone, all others get the numbers they always got."""

from __future__ import annotations

import subprocess
import sys

import torch

from proctor.models.hf.light_loading import LightMeta, light_loading


def test_tensors_with_storage_are_initialised_as_always():
    def drawn():
        torch.manual_seed(3)
        tensor = torch.empty(5)
        torch.nn.init.normal_(tensor)
        return torch.cat([tensor, torch.empty(2).normal_(), torch.nn.init.trunc_normal_(torch.empty(2))])

    expected = drawn()
    with LightMeta():
        assert torch.equal(drawn(), expected)
        assert torch.arange(4).tolist() == [0, 1, 2, 3]


def test_meta_tensors_stay_as_they_are():
    with LightMeta():
        tensor = torch.empty(3, device="meta")
        assert torch.nn.init.normal_(tensor) is tensor
        assert torch.nn.init.trunc_normal_(tensor=torch.empty(2, device="meta")).is_meta
        assert tensor.normal_() is tensor
        assert torch.arange(3, device="meta").tolist() == [0, 1, 2]


def test_among_several_processes_nothing_is_left_out():
    with light_loading(alone=False):
        assert torch.arange(3, device="meta").is_meta
    with light_loading(alone=True):
        assert not torch.arange(3, device="meta").is_meta
    assert torch.arange(3, device="meta").is_meta


def test_the_compiler_is_not_imported():
    code = """
import sys, torch
from proctor.models.hf.light_loading import light_loading
with light_loading(alone=True), torch.device("meta"):
    layer = torch.nn.Linear(4, 4)
    torch.nn.init.normal_(layer.weight)
    1.0 / 10 ** torch.arange(0, 8, 2, device="meta").float()
print([name for name in ("torch._dynamo", "sympy") if name in sys.modules])
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
