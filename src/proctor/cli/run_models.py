"""Runs of several models, one after the other, and one table of them all."""

# What is lost when one of them fails
# -----------------------------------
# Nothing of the others. An error of a model (it cannot be loaded, its server is gone, its package is missing) or of its
# files is printed where it happens, and the next model is run; the exit code says that one failed. A mistake in tasks,
# data or settings is one of all runs: it ends the list at the first of them.

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from proctor.errors import MissingExtraError, ModelError, OutputError

if TYPE_CHECKING:
    from proctor.run.finish import FinishedRun
    from proctor.settings.config import RunConfig

logger = logging.getLogger("proctor")

OF_ONE_MODEL = (ModelError, MissingExtraError, OutputError)


def run_models(configs: Sequence[RunConfig], run: Callable[[RunConfig], tuple[FinishedRun, int]]) -> int:
    """Run each configuration and print a table of all.

    Args:
        configs: One for each model.
        run: Runs one, prints its tables, and returns what came out with its exit code.

    Returns:
        The largest exit code; 1 where a model failed.
    """
    names = model_labels(configs)
    documents = dict[str, Any]()
    code = 0
    for number, (name, config) in enumerate(zip(names, configs, strict=True), 1):
        logger.info("Model %d of %d: %s", number, len(configs), name)
        try:
            finished, exit_code = run(config)
        except OF_ONE_MODEL as error:
            logger.error("%s: %s", name, error)
            code = max(code, 1)
            continue
        documents[name] = finished.document
        code = max(code, exit_code)
        del finished
        # The last model's weights are gone only when what refers to them in a circle is.
        gc.collect()
    _print_end(names, documents, configs[0])
    return code


def _print_end(names: Sequence[str], documents: Mapping[str, Any], config: RunConfig) -> None:
    """One table of all models, and which of them failed."""
    if documents:
        from proctor.cli.model_table import models_table

        print(models_table(documents, config), end="")
    if len(documents) < len(names):
        failed = [name for name in names if name not in documents]
        print(f"{len(failed)} of {len(names)} models failed: {', '.join(failed)}. The same command runs them again.")


def model_labels(configs: Sequence[RunConfig]) -> list[str]:
    """A name for each model, with what differs in its settings where several have one name.

    Args:
        configs: One for each model.
    """
    names = [_name(config) for config in configs]
    labels = list[str]()
    for name, config in zip(names, configs, strict=True):
        alike = [other for other, its_name in zip(configs, names, strict=True) if its_name == name]
        differing = _differing(config, alike)
        labels.append(f"{name} ({differing})" if differing else name)
    return labels


def _name(config: RunConfig) -> str:
    from proctor.results.schema import experiment_facts

    return str(experiment_facts(config.model, config.model_args)["model_name"] or config.model)


def _differing(config: RunConfig, alike: Sequence[RunConfig]) -> str:
    values = [_settings(one) for one in alike]
    own = _settings(config)
    names = dict.fromkeys(key for one in values for key in one)
    keys = [key for key in names if any(one.get(key) != own.get(key) for one in values)]
    return ", ".join(f"{key}={own[key]}" if key in own else f"no {key}" for key in keys)


def _settings(config: RunConfig) -> dict[str, str]:
    from proctor.results.redact import redact
    from proctor.settings.model_list import PER_MODEL

    rest = {key: getattr(config, key) for key in PER_MODEL if key != "model_args"}
    given = {**rest, **redact(config.model_args)}
    return {key: str(value) for key, value in given.items() if value is not None}
