"""How a run renders prompts: as plain text, with the chat template of a model, or as messages for a model of chats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol

from proctor.models import declared_kind
from proctor.models.protocols import OriginModel
from proctor.settings.config import RunConfig
from proctor.tasks.prompt import PromptStyle


class Renderer(Protocol):
    """What knows a chat template: a model, or a tokenizer alone."""

    def render(
        self, messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool, template: str | None = None
    ) -> str:
        """Apply the chat template, or the one called ``template``, to ``{role, content}`` messages."""
        ...


def model_style(config: RunConfig, renderer: Renderer | None) -> PromptStyle:
    """How prompts are rendered in this run.

    Args:
        config: The settings.
        renderer: Applies a chat template; None: prompts are plain text.
    """
    name, chat = config.apply_chat_template, None
    if name and renderer is not None:
        # lm-eval: a template's name is written down, and prompts are made with the default one.
        template = name if isinstance(name, str) and not config.strict_lm_eval else None
        chat = partial(renderer.render, template=template) if template else renderer.render
    return PromptStyle(
        chat=chat,
        multiturn=config.fewshot_as_multiturn is not False,
        system_instruction=config.system_instruction,
        # lm-eval: the class of a script gets texts, whatever the kind is called in whose place it responds.
        messages=chat is not None and declared_kind(config.model).messages and not isinstance(renderer, OriginModel),
    )
