"""The last layer's feed-forward part on the rows whose logits are needed, and on no others."""

# Below the last layer every token counts: others attend to it. In the last one, keys and values of all tokens are
# needed once more, but what its feed-forward part gives goes to the final norm and the output head alone, and these
# look at the tokens whose logits somebody wants: one of a prompt, one of a question with letters as options. The part
# works on each token by itself. So a hook takes the wanted rows out before it and puts its results back into a block of
# zeros behind it, at the places where they were; the rest of the module sees the shapes that it expects. With 4 d²
# weights of attention and 8 d² of the feed-forward part in a layer of width d, that is up to 8 / 12 of one layer's
# operations.
#
# What was weighed
#   - Queries and the output of attention of these rows alone: another 2 / 12 of the layer and its attention. The names
#     of these parts differ by architecture, and missing rows change shapes that the layer's own code uses.
#   - To call the last layer's parts from here: wrong for whatever a layer does between them (norms, scales, branches).
#
# Invariants
#   - Only models whose code is transformers' own, with one list of layers as long as the config says, and a part that
#     is in that last layer alone.
#   - A form with it (:class:`proctor.models.hf.call_form.CallForm`) is probed like any other; the next one is without.

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch

from proctor.models.hf.attention import text_config
from proctor.models.hf.hooks import is_known

NAME = "mlp"
"""What transformers' decoder layers call their feed-forward part."""


def last_feed_forward(module: Any) -> torch.nn.Module | None:
    """The feed-forward part of a model's last layer; None where it is not certain which one that is.

    Args:
        module: The model.
    """
    if not is_known(module):
        return None
    count = getattr(text_config(module), "num_hidden_layers", None)
    lists = [part for part in module.modules() if isinstance(part, torch.nn.ModuleList) and len(part) == count]
    if len(lists) != 1:
        return None
    found = getattr(lists[0][-1], NAME, None)
    alone = sum(getattr(layer, NAME, None) is found for layer in lists[0]) == 1
    return found if alone and isinstance(found, torch.nn.Module) else None


@contextlib.contextmanager
def only_rows(part: torch.nn.Module | None, shape: torch.Size, rows: torch.Tensor) -> Iterator[None]:
    """Within, a part of a model computes some rows of its input, and gives zeros for the others.

    Args:
        part: The part, which works on each row by itself; None: nothing happens.
        shape: The token ids' shape, (batch, tokens).
        rows: The rows that are needed, counted over the whole batch, shape (needed,).
    """
    # A part of several experts need not take an empty batch.
    rows = rows if len(rows) else rows.new_zeros(1)
    if part is None or len(rows) >= shape.numel():
        yield
        return

    def take(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if len(args) != 1 or kwargs or args[0].shape[:-1] != shape:
            raise TypeError("The last feed-forward part takes something else than one row per token.")
        hidden = args[0].flatten(0, 1)
        return (hidden.index_select(0, rows.to(hidden.device))[None],), kwargs

    def put(_: Any, args: tuple[Any, ...], output: Any) -> Any:
        values, *more = output if isinstance(output, tuple) else (output,)
        values = values.reshape(len(rows), -1)
        block = values.new_zeros((shape.numel(), values.shape[-1]))
        block = block.index_copy_(0, rows.to(values.device), values).unflatten(0, shape)
        return (block, *more) if isinstance(output, tuple) else block

    with part.register_forward_pre_hook(take, with_kwargs=True), part.register_forward_hook(put):
        yield
