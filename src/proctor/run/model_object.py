"""A model that Python code hands over as an object, instead of the name of a kind."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from proctor.errors import UsageError
from proctor.models.protocols import Model
from proctor.settings.config import RunConfig

log = logging.getLogger("proctor")


def kind_of_object(model: Any) -> str:
    """The kind of a model that is an object: ``hf`` of transformers' own, else the name of its class.

    Args:
        model: The object.
    """
    return "hf" if _is_transformer(model) else type(model).__name__


def _is_transformer(model: Any) -> bool:
    return all(hasattr(model, name) for name in ("forward", "config", "parameters"))


def open_object(
    model: Any, tokenizer: Any, model_args: Mapping[str, Any] | str | None, config: RunConfig
) -> Model | None:
    """A model that is an object, as a run takes it; None for a name.

    Args:
        model: A name, a model of transformers, an object that responds, or one derived from lm-eval's ``LM``.
        tokenizer: Of a model of transformers.
        model_args: Arguments of the engine for it.
        config: The run's settings.

    Raises:
        UsageError: It is none of these, or a tokenizer is given beside a name.
    """
    if isinstance(model, str):
        if tokenizer is not None:
            raise UsageError("A tokenizer object goes with a model object.", hint="Else: model_args tokenizer=NAME.")
        return None
    # Before ``respond``: an lm-eval model knows best whether proctor's engine is underneath it.
    if hasattr(model, "as_proctor_model"):
        return model.as_proctor_model()
    if callable(getattr(model, "respond", None)):
        return model
    if not _is_transformer(model):
        raise UsageError(
            f"model: A {type(model).__name__} is no model.",
            hint="Give a name, a transformers model with its tokenizer, or an object derived from lm-eval's LM.",
        )
    return _open_transformer(model, tokenizer, model_args, config)


def _open_transformer(
    model: Any, tokenizer: Any, model_args: Mapping[str, Any] | str | None, config: RunConfig
) -> Model:
    from proctor.models import open_model
    from proctor.models.hf.hooks import is_patched
    from proctor.settings.values import mapping

    given = mapping(model_args or {})
    if is_patched(model):
        log.warning("The model has hooks or replaced parts: its requests are scored one row each.")
        # Hooks see each forward pass: with shared prefixes they would see other inputs than the requests.
        given.setdefault("scoring", "plain")
    return open_model(
        "hf",
        {**given, "pretrained": model, "tokenizer": tokenizer, "batch_invariant": config.batch_invariant},
        batch_size=config.batch_size,
        max_batch_size=config.max_batch_size,
        threads=config.threads,
    )
