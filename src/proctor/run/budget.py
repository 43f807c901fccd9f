"""What a run's responses cost: prices and batch jobs before it, the tokens and the cost of each task at its end."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from proctor.errors import UsageError
from proctor.models.prices import Prices, amount_text, token_facts
from proctor.models.protocols import BatchModel, Model, PaidModel
from proctor.run.run_store import path_of
from proctor.run.token_counts import TokenCounts
from proctor.settings.config import RunConfig
from proctor.settings.price_file import read_prices

log = logging.getLogger("proctor")


def set_budget(model: Model, config: RunConfig) -> Prices | None:
    """Hand the prices of a run to its model.

    Args:
        model: The model, before it responds to anything.
        config: The settings.

    Returns:
        Its prices; None: none are given.

    Raises:
        UsageError: The file of prices is wrong or lacks the model, or the model costs nothing.
    """
    if config.prices is None:
        return None
    if not isinstance(model, PaidModel):
        _refuse_pool(config, "--prices and --max_cost")
        raise UsageError(
            f"--prices are of models that are reached over HTTP; --model {config.model} is none.",
            hint="Leave --prices and --max_cost out.",
        )
    prices = read_prices(config.prices, model.name)
    model.set_budget(prices, config.max_cost)
    return prices


def set_batches(model: Model, config: RunConfig) -> None:
    """Have texts come by batch jobs, where that is wanted; where not, jobs of earlier runs are known to the model.

    Args:
        model: The model, before it responds to anything.
        config: The settings.

    Raises:
        UsageError: The model has no batch jobs, or the run no store.
    """
    path = path_of(config)
    folder = None if path is None else path.with_name(f"{path.name}.batches")
    if not config.batch:
        if folder is not None and isinstance(model, BatchModel):
            model.watch_batches(folder)
        return
    if not isinstance(model, BatchModel):
        _refuse_pool(config, "--batch")
        raise UsageError(f"--batch is for chat APIs; --model {config.model} is none.", hint="Leave --batch out.")
    if folder is None:
        raise UsageError(
            "--batch remembers its jobs beside the store, and this run has none.", hint="Name one: --store PATH."
        )
    model.use_batches(folder)


def report_usage(
    report: Mapping[str, Any], paid: Mapping[str, TokenCounts], prices: Prices | None
) -> Mapping[str, Any]:
    """Say what the responses took, and give it task by task for the results file, under ``usage``.

    Args:
        report: The model's; its ``usage`` counts every reply, those of probes and of scores included.
        paid: By task, the texts that were requested in this run.
        prices: What tokens cost, where that is known.

    Returns:
        Nothing where the model counts none.
    """
    usage = report.get("usage")
    if not usage:
        return {}
    known = {task: one for task, one in paid.items() if one.responses}
    _say(usage)
    tasks = [
        {"task": task, "responses": one.responses, **token_facts(one.usage, prices)} for task, one in known.items()
    ]
    return {"usage": {**usage, **({"tasks": tasks} if tasks else {})}}


def _say(usage: Mapping[str, Any]) -> None:
    def count(name: str) -> str:
        return f"{usage.get(name, 0):,}"

    reasoning = f" ({count('reasoning_tokens')} of them reasoning)" if "reasoning_tokens" in usage else ""
    cost = f" They cost {amount_text(usage['cost'])}." if "cost" in usage else ""
    log.info(
        "%s replies took %s tokens of prompts (%s of them cached) and %s new ones%s.%s",
        count("replies"), count("prompt_tokens"), count("cached_tokens"), count("new_tokens"), reasoning, cost,
    )  # fmt: skip


def _refuse_pool(config: RunConfig, flags: str) -> None:
    """Say that it is the pool, and not the model inside, that such flags do not go with."""
    if config.model_args.get("pool"):
        raise UsageError(
            f"{flags}: not with pool={config.model_args['pool']}: each worker would act for itself.",
            hint="Leave the pool out: requests to a server are sent side by side without one.",
        )
