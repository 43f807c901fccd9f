"""Matrix products of linear layers by oneDNN."""

import pytest
import torch
from tiny_models import open_tiny

from proctor.models.hf import products
from proctor.models.hf.products import HEAD_RATIO, LEAST_ROWS, LEAST_WORK, MOST_SUMMANDS, quick_products
from proctor.types import Loglikelihood


@pytest.fixture
def calls(monkeypatch):
    """The rows of each product that oneDNN makes, on any processor."""
    rows = []

    def linear(block, weight, bias, *_):
        rows.append(block.numel() // block.shape[-1])
        return torch.nn.functional.linear(block, weight, bias)

    monkeypatch.setattr(products, "is_amd", lambda: True)
    monkeypatch.setattr(products, "onednn_linear", lambda: linear)
    return rows


def wide(rows, **options):
    """A layer that is large enough for oneDNN with so many rows."""
    return torch.nn.Linear(MOST_SUMMANDS, -(-LEAST_WORK // rows // MOST_SUMMANDS), **options)


def test_a_large_product_is_the_same_but_for_rounding(monkeypatch):
    if products.onednn_linear() is None:
        pytest.skip("this build of torch is without oneDNN")
    monkeypatch.setattr(products, "is_amd", lambda: True)
    layer, block = wide(96), torch.randn(2, 48, MOST_SUMMANDS)
    with torch.no_grad():
        expected = layer(block)
        with quick_products(torch.nn.Sequential(layer)):
            found = layer(block)
    assert found.shape == expected.shape
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_small_products_stay_where_they_were(calls):
    layer = wide(64)
    huge = wide(LEAST_ROWS - 1)
    with torch.no_grad(), quick_products(torch.nn.Sequential(layer, huge)):
        for rows in (0, 1, 63, 64, 65):
            layer(torch.zeros(1, rows, MOST_SUMMANDS))
        huge(torch.zeros(LEAST_ROWS - 1, MOST_SUMMANDS))
    assert calls == [64, 65]


def test_layers_that_are_not_plain_are_left_alone(calls):
    class Own(torch.nn.Linear):
        """A layer of somebody else's."""

    replaced = wide(64)
    replaced.forward = lambda block: block
    layers = [
        Own(MOST_SUMMANDS, MOST_SUMMANDS),
        torch.nn.Linear(MOST_SUMMANDS, MOST_SUMMANDS, dtype=torch.float64),
        torch.nn.Linear(MOST_SUMMANDS, MOST_SUMMANDS, device="meta"),
        replaced,
    ]
    with torch.no_grad(), quick_products(torch.nn.Sequential(*layers)):
        assert [layer for layer in layers if "forward" in vars(layer)] == [replaced]
        assert replaced(block := torch.zeros(64, MOST_SUMMANDS)) is block
        layers[1](torch.zeros(64, MOST_SUMMANDS, dtype=torch.float64))
    assert not calls
    assert "forward" in vars(replaced)


def test_long_sums_are_left_alone_but_for_output_heads(calls):
    inputs = MOST_SUMMANDS + 1
    layer, head = torch.nn.Linear(inputs, HEAD_RATIO * inputs - 1), torch.nn.Linear(inputs, HEAD_RATIO * inputs)
    with torch.no_grad(), quick_products(torch.nn.Sequential(layer, head)):
        for one in (layer, head):
            one(torch.zeros(64, inputs))
    assert calls == [64]


def test_gradients_and_autocast_are_torchs_own(calls):
    layer, block = wide(64), torch.zeros(64, MOST_SUMMANDS)
    with quick_products(layer):
        layer(block).sum().backward()
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            assert layer(block).dtype == torch.bfloat16
    assert not calls
    assert layer.weight.grad is not None


def test_what_torch_has_compiled_stays_so(calls):
    whole, part = wide(64), wide(64)
    part.compile()
    for module in (torch.compile(whole), torch.nn.Sequential(part)):
        with quick_products(module):
            assert "forward" not in vars(whole) | vars(part)


@pytest.mark.parametrize("failing", [False, True])
def test_the_module_is_as_before_afterwards(calls, failing):
    layer = wide(64)
    try:
        with quick_products(layer):
            assert "forward" in vars(layer)
            with quick_products(layer):
                pass
            assert "forward" in vars(layer)  # the outer block's
            if failing:
                raise OSError
    except OSError:
        pass
    assert "forward" not in vars(layer)


def test_other_processors_and_things_without_layers(monkeypatch):
    layer = wide(64)
    monkeypatch.setattr(products, "is_amd", lambda: False)
    with quick_products(layer):
        assert "forward" not in vars(layer)
    monkeypatch.setattr(products, "is_amd", lambda: True)
    with quick_products(object()), torch.backends.mkldnn.flags(enabled=False), quick_products(layer):
        assert "forward" not in vars(layer)


def test_who_made_the_processor(monkeypatch, tmp_path):
    for text, amd in (("vendor_id\t: AuthenticAMD", True), ("vendor_id\t: GenuineIntel", False), (None, True)):
        file = tmp_path / "cpuinfo"
        file.unlink(missing_ok=True)
        if text is not None:
            file.write_text(text, encoding="utf-8")
        monkeypatch.setattr(products, "Path", lambda _, file=file: file)
        monkeypatch.setattr(products.platform, "processor", lambda: "AMD64 Family 23 Model 1, AuthenticAMD")
        products.is_amd.cache_clear()
        assert products.is_amd() is amd
    products.is_amd.cache_clear()


def test_a_model_responds_with_it(calls, checkpoints, monkeypatch):
    monkeypatch.setattr(products, "LEAST_WORK", 1)
    model = open_tiny(checkpoints / "llama", args={"scoring": "plain"})
    request = Loglikelihood("one two three four five six seven eight nine", (" ten", " eleven"))
    scored = dict(model.respond([request]))
    assert calls
    assert not any("forward" in vars(layer) for layer in model.module.modules())
    calls.clear()
    monkeypatch.setattr(products, "is_amd", lambda: False)
    assert dict(model.respond([request])) == scored
    assert not calls
