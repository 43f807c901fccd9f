"""A task under the settings of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from proctor.tasks.generation_kwargs import merge_generation
from proctor.tasks.output_types.table import output_type_of
from proctor.tasks.spec import RunOverrides, TaskSpec


def override(
    spec: TaskSpec,
    *,
    num_fewshot: int | None = None,
    gen_kwargs: Mapping[str, Any] | None = None,
    predict_only: bool = False,
    fewshot_exclude: str = "lm_eval",
    strict: bool = False,
) -> TaskSpec:
    """The spec under the run's own settings.

    lm-eval: a task that says ``num_fewshot: 0`` keeps it whatever the user asks. ``strict``: as lm-eval,
    which reads ``fewshot_indices`` and forgets them.
    """
    spec = replace(spec, strict=strict)
    shots = replace(spec.fewshot, exclude=fewshot_exclude, indices=None if strict else spec.fewshot.indices)
    spec = replace(spec, fewshot=shots)
    # A class decides for itself: the settings of the run are carried along until the object is made.
    if spec.made_by is not None:
        overrides = RunOverrides(num_fewshot=num_fewshot, gen_kwargs=gen_kwargs or {})
        return replace(spec, overrides=overrides, predict_only=predict_only)
    if num_fewshot is not None and spec.fewshot.n != 0:
        spec = replace(spec, fewshot=replace(spec.fewshot, n=num_fewshot))
    if gen_kwargs and output_type_of(spec).generates:
        spec = replace(spec, generation=merge_generation(spec.generation, gen_kwargs, strict=strict))
    if predict_only:
        spec = replace(spec, predict_only=True, metrics=({"metric": "bypass"},), process_results=None)
    return spec
