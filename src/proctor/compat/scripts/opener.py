"""How a class that a script registers or has changed is opened by its name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proctor.compat.scripts.lm_model import as_model
from proctor.compat.scripts.model import LM
from proctor.errors import UsageError
from proctor.models.protocols import Model

RUN_KEYS = ("batch_size", "max_batch_size", "device")


@dataclass(frozen=True, slots=True)
class Opener:
    """How ``--model NAME`` opens a class that a script has registered: a row of :data:`proctor.models.MODELS`."""

    lm_class: type[LM]

    def __call__(self, args: Mapping[str, Any], **run: Any) -> Model:
        """The model of these arguments."""
        return as_model(self.lm_class.create_from_arg_obj(dict(args), _accepted(self.lm_class, args, run)))


def _accepted(cls: type[LM], args: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, Any]:
    """The run's settings that the class takes.

    lm-eval gives batch_size and device to every class, and one that does not take them fails; here
    it is a mistake only if somebody asked for one of them.
    """
    own = inspect.getattr_static(cls, "create_from_arg_obj")
    given = {key: run.get(key) for key in RUN_KEYS if run.get(key) is not None and key not in args}
    # A factory of the class's own may take anything: it is called as lm-eval calls it.
    if own is not inspect.getattr_static(LM, "create_from_arg_obj"):
        return given
    parameters = inspect.signature(cls).parameters
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return given
    refused = [key for key in given if key not in parameters and (key, given[key]) != ("batch_size", 1)]
    if refused:
        raise UsageError(f"The model class {cls.__name__} takes no {' and no '.join(refused)}.")
    return {key: value for key, value in given.items() if key in parameters}
