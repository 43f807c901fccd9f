"""The chat template of a tokenizer: its text, and messages rendered with it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from proctor.errors import ModelError
from proctor.models.chat import check_template, name_of, named_template, render_chat

log = logging.getLogger("proctor")


class ChatTemplate:
    """The chat template of one tokenizer, or its several named ones.

    Args:
        tokenizer: An object with transformers' interface.
        arguments: Variables of the template (``enable_thinking`` ...), and ``chat_template`` in place of its own.
    """

    def __init__(self, tokenizer: Any, arguments: Mapping[str, Any]) -> None:
        self._tokenizer = tokenizer
        self._template_args = dict(arguments)
        self._dropped_system = False

    def text(self, name: str | bool = True) -> str:
        """The text of a chat template.

        Args:
            name: Its name; True: the default one.

        Raises:
            UsageError: There is none of that name.
            ModelError: The tokenizer has no chat template.
        """
        template = getattr(self._tokenizer, "chat_template", None)
        if not template:
            raise self._no_template()
        check_template(self._tokenizer)
        if isinstance(template, str):
            if isinstance(name, str):
                log.warning("The tokenizer has one chat template; the name %r is not needed to find it.", name)
            return template
        return named_template(template, name)

    def render(
        self, messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool, template: str | None = None
    ) -> str:
        """Messages through the chat template; without a generation prompt the last one is left open.

        Args:
            messages: ``{role, content}``, in order.
            add_generation_prompt: Whether the assistant's turn is begun.
            template: The name of one of several, as given to ``--apply_chat_template``.

        Raises:
            ModelError: There is no template, or it cannot render these messages.
        """
        from jinja2.exceptions import TemplateError

        if not getattr(self._tokenizer, "chat_template", None) and "chat_template" not in self._template_args:
            raise self._no_template()
        try:
            return self._render(messages, add_generation_prompt, template)
        except TemplateError as error:
            others = [message for message in messages if message["role"] != "system"]
            if len(others) == len(messages):
                raise self._unrendered(error) from error
            if not self._dropped_system:
                self._dropped_system = True
                log.warning(
                    "The chat template takes no system message (%s): system instruction and description are left out.",
                    error,
                )
        try:
            return self._render(others, add_generation_prompt, template)
        except TemplateError as error:
            raise self._unrendered(error) from error

    def _render(self, messages: Sequence[Mapping[str, str]], add_generation_prompt: bool, template: str | None) -> str:
        options = dict(self._template_args)
        if template is not None and isinstance(getattr(self._tokenizer, "chat_template", None), dict):
            options["chat_template"] = self.text(template)
        return render_chat(
            self._tokenizer,
            messages,
            add_generation_prompt=add_generation_prompt,
            continue_final_message=not add_generation_prompt,
            **options,
        )

    def _unrendered(self, error: Exception) -> ModelError:
        return ModelError(f"The chat template of {name_of(self._tokenizer)} cannot render this prompt: {error}")

    def _no_template(self) -> ModelError:
        return ModelError(
            f"The tokenizer of {getattr(self._tokenizer, 'name_or_path', 'this model')} has no chat template.",
            hint="Leave out --apply_chat_template, or name a tokenizer that has one: --model_args tokenizer=NAME.",
        )
