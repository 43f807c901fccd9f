"""The settings of a run as keywords of Python, for type checkers: they know no way to derive them.

A test compares them with the declarations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict


class TaskSettings(TypedDict, total=False):
    """What makes a task another one. Units, defaults and meanings: ``docs/python.md``."""

    num_fewshot: int | None
    include_path: str | Path | Sequence[str | Path]
    gen_kwargs: Mapping[str, Any] | str
    fewshot_exclude: Literal["lm_eval", "always"]
    seed: int | str | Sequence[int | None]
    metadata: Mapping[str, Any] | str
    confirm_run_unsafe_code: bool
    strict_lm_eval: bool


class RunSettings(TaskSettings, total=False):
    """What is asked of the tasks, how the model is asked, and where results go."""

    limit: float | None
    limit_order: Literal["first", "random"]
    samples: Mapping[str, Sequence[int]] | None
    early_stop: str | Mapping[str, Any] | None
    fewshot_seeds: int | None
    system_instruction: str | None
    apply_chat_template: bool | str
    fewshot_as_multiturn: bool | None
    predict_only: bool
    batch_size: int | str
    max_batch_size: int | None
    device: str | None
    threads: int | None
    ray: bool | str
    mc: Literal["auto", "letters", "constrained", "text", "off"]
    choice_orders: str
    choice_orders_keep: str
    exclude: str | Path | None
    cluster: str | None
    formulations: str | Sequence[str]
    choices_only: bool
    batch_invariant: bool
    trust_remote_code: bool
    batch: bool
    max_errors: float | str
    prices: str | Path | None
    max_cost: float | None
    store: str | None
    no_store: bool
    use_cache: str | None
    write_out: bool
    output_path: str | Path | None
    log_samples: bool | str
    fail_fast: bool
