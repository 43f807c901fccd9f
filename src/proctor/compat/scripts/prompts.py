"""``lm_eval.prompts``: prompts that have a name (``use_prompt`` of a task file) for code that asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proctor.compat.tasks.helpers import apply_template
from proctor.tasks.use_prompt import BUILT_IN, PromptsourceTemplate, VerbatimTemplate, named_prompt
from proctor.types import Doc

PROMPT_REGISTRY: dict[str, dict[str, str]] = {category: dict(prompts) for category, prompts in BUILT_IN.items()}


class PromptString:
    """A prompt of a file: templates of the question and its answer."""

    def __init__(self, prompt_string: Mapping[str, str]) -> None:
        self.prompt_string = prompt_string

    def apply(self, doc: Doc) -> list[str]:
        """Question and answer of a document."""
        if "doc_to_choice" in self.prompt_string:
            raise NotImplementedError("a prompt with doc_to_choice gives no text and target")
        return [apply_template(self.prompt_string[key], doc) for key in ("doc_to_text", "doc_to_target")]


def get_prompt(prompt_id: str, dataset_name: str | None = None, subset_name: str | None = None) -> Any:
    """What ``CATEGORY:NAME`` stands for: a template, a :class:`PromptString`, or promptsource's own object."""
    found = named_prompt(prompt_id, dataset_name, subset_name, None)
    if isinstance(found.text, PromptsourceTemplate):
        return found.text.template
    if isinstance(found.text, VerbatimTemplate):
        return PromptString({"doc_to_text": found.text.source, "doc_to_target": found.target.source})
    return found.text
