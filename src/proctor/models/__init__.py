"""Where models live: a table of kinds (:mod:`proctor.models.kinds`) and one door, :func:`open_model`.

A model takes requests and yields responses (:class:`proctor.models.protocols.Model`); it knows
nothing of tasks or results. This module stays light, so that asking for a name costs
nothing: a kind's own module is imported when it is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from proctor.errors import ModelError
from proctor.foreign import ForeignExitError, no_exit
from proctor.lazy import load_attribute
from proctor.models.kinds import MODELS, ModelKind, Opener, declared_kind, model_kind
from proctor.models.pool.arguments import split_pool, without_pool
from proctor.models.protocols import Model

if TYPE_CHECKING:
    from proctor.models.tokens.tokenizer import Tokens

__all__ = ["MODELS", "ModelKind", "Opener", "declared_kind", "model_kind", "open_model", "open_tokenizer"]


def open_model(
    name: str,
    args: Mapping[str, Any],
    *,
    batch_size: int | str | None = 1,
    max_batch_size: int | None = None,
    device: str | None = None,
    threads: int | None = None,
    lazily: bool = False,
) -> Model:
    """Open a model.

    Args:
        name: A kind of models.
        args: Its ``--model_args``. ``batch_size``, ``max_batch_size`` and ``device`` may stand in them too: there they
            win over a keyword left at its default, and lose against one that is not.
        batch_size: Rows of a batch, ``auto`` or ``auto:N``; None: 1.
        max_batch_size: The most rows of ``auto``.
        device: ``cpu``, ``cuda``, ``cuda:1`` ...; None: the kind chooses.
        threads: Threads for computing on a CPU; None: the kind chooses.
        lazily: Read weights when the model is first asked, where the kind can do that; a pool of models
            (``pool=`` in ``args``) always does.

    Raises:
        UnknownNameError: There is no such kind.
        UsageError: An argument is wrong.
        ModelError: The model cannot be opened.
    """
    try:
        with no_exit():
            kind = model_kind(name)
            pool, args = split_pool(kind, args)
            settings = {
                "batch_size": batch_size,
                "max_batch_size": max_batch_size,
                "device": device,
                "threads": threads,
            }
            if pool is None:
                return kind.opener(lazily=lazily)(args, **settings)
            from proctor.models.pool.ray_pool import open_ray_pool

            return open_ray_pool(name, kind, args, pool, **settings)
    except ForeignExitError as error:
        raise ModelError(f"The model '{name}' cannot be opened: its code {error}.") from error


def open_tokenizer(name: str, args: Mapping[str, Any]) -> Tokens | None:
    """The tokenizer of a model, without its weights.

    Args:
        name: A kind of models.
        args: Its ``--model_args``.

    Returns:
        The tokenizer; None where the kind has none apart from a model, or ``args`` name no model.

    Raises:
        UnknownNameError: There is no such kind.
        ModelError: The tokenizer cannot be loaded.
    """
    kind = model_kind(name)
    if kind.open_tokenizer is None or not all(args.get(key) for key in kind.required):
        return None
    return cast(Any, load_attribute(kind.open_tokenizer))(without_pool(kind, args))
