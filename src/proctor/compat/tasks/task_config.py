"""``lm_eval.config.task``: a task's configuration, filled in with defaults, its keys as attributes.

The defaults are proctor's own (:mod:`proctor.tasks.spec`); nothing is checked here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from proctor.results.encode import source_text
from proctor.tasks.generation_kwargs import fill_generation

log = logging.getLogger("proctor")

_INHERITED = {
    "split": "fewshot_split",
    **{key: key for key in ("process_docs", "fewshot_delimiter", "target_delimiter", "gen_prefix")},
    **{key: key for key in ("doc_to_text", "doc_to_choice", "doc_to_target")},
}


@dataclass
class FewshotConfig:
    """How few-shot examples are chosen and written."""

    sampler: Any = "default"
    split: str | None = None
    process_docs: Callable[..., Any] | None = None
    fewshot_indices: list[int] | None = None
    samples: list[dict[str, Any]] | Callable[[], list[dict[str, Any]]] | None = None
    doc_to_text: Any = None
    doc_to_choice: Any = None
    doc_to_target: Any = None
    gen_prefix: str | None = None
    fewshot_delimiter: str | None = None
    target_delimiter: str | None = None

    def __post_init__(self) -> None:
        if self.split is not None and self.samples is not None:
            log.warning("fewshot_config has both split and samples: the split is used.")

    @classmethod
    def from_dict(cls, cfg: Mapping[str, Any], **inherited: Any) -> FewshotConfig:
        """``cfg`` over what it inherits; ``fewshot_split`` is what ``split`` inherits."""
        named = {"split" if key == "fewshot_split" else key: value for key, value in inherited.items()}
        return cls(**{**named, **cfg})


@dataclass(eq=False)
class TaskConfig(dict[str, Any]):
    """A task's keys, with a value or without: one storage, read as attributes and as a ``dict``."""

    task: str | None = None
    task_alias: str | None = None
    tag: str | list[str] | None = None
    custom_dataset: Callable[..., Any] | None = None
    dataset_path: str | None = None
    dataset_name: str | None = None
    dataset_kwargs: dict[str, Any] | None = None
    training_split: str | None = None
    validation_split: str | None = None
    test_split: str | None = None
    fewshot_split: str | None = None
    process_docs: Callable[..., Any] | None = None
    doc_to_text: Any = None
    doc_to_target: Any = None
    doc_to_image: Any = None
    doc_to_audio: Any = None
    unsafe_code: bool = False
    doc_to_choice: Any = None
    process_results: Callable[..., Any] | str | None = None
    use_prompt: str | None = None
    description: str = ""
    target_delimiter: str = " "
    fewshot_delimiter: str = "\n\n"
    fewshot_config: Any = None
    num_fewshot: int | None = None
    metric_list: list[Any] | None = None
    output_type: Any = "generate_until"
    generation_kwargs: dict[str, Any] | None = None
    repeats: int = 1
    filter_list: list[Any] | None = None
    should_decontaminate: bool = False
    doc_to_decontamination_query: Any = None
    gen_prefix: str | None = None
    metadata: Any = None

    def __new__(cls, *args: Any, **kwargs: Any) -> TaskConfig:
        """The object whose attributes are its items, before any is set."""
        made = super().__new__(cls)
        # Attributes and items are one dictionary: task code uses config.task, config["task"], vars(config) and **config
        # alike.
        made.__dict__ = made
        return made

    def __post_init__(self) -> None:
        # lm-eval: ``until`` defaults to the few-shot delimiter.
        filled = fill_generation(self, self.fewshot_delimiter)
        self.generation_kwargs = None if filled is None else dict(filled)
        if self.fewshot_config is None or isinstance(self.fewshot_config, Mapping):
            inherited = {own: getattr(self, key) for own, key in _INHERITED.items()}
            self.fewshot_config = FewshotConfig.from_dict(self.fewshot_config or {}, **inherited)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of ``key``, or ``default`` where there is none or it is None."""
        value = getattr(self, key, None)
        return default if value is None else value

    def to_dict(self, keep_callable: bool = False) -> dict[str, Any]:
        """The keys that have a value; functions as their source unless ``keep_callable``."""
        return {key: plain(value, keep_callable) for key, value in self.items() if value is not None}


def plain(value: Any, keep_callable: bool) -> Any:
    """A value without functions, which become their source unless ``keep_callable``."""
    if isinstance(value, FewshotConfig):
        return plain(vars(value), keep_callable)
    if isinstance(value, Mapping):
        return {key: plain(item, keep_callable) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, keep_callable) for item in value]
    return source_text(value) if callable(value) and not keep_callable else value
