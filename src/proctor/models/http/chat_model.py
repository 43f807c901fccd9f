"""A model behind a chat API as :class:`proctor.models.protocols.Model`: messages in, texts out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from proctor.errors import UsageError
from proctor.models.base import by_kind
from proctor.models.generation import GenerationPlan
from proctor.models.http.arguments import ApiArguments
from proctor.models.http.runner import Job
from proctor.models.http.served import Outcome, ServedModel, chat_text, flat
from proctor.models.protocols import Check
from proctor.types import Generate, Message, Prompt, Request, Response, Text

log = logging.getLogger("proctor")


@dataclass(frozen=True, slots=True)
class ChatForm:
    """How an API wants chats.

    Attributes:
        ending: What the endpoint's path ends with.
        payload: From messages, generation arguments and a seed to what is sent beside the model's name.
        read: From a reply's body to the text.
        lists_models: Whether ``/models`` names the models that may be used.
    """

    ending: str
    payload: Callable[[Sequence[Message], GenerationPlan, int], dict[str, Any]]
    read: Callable[[Any, GenerationPlan], Text]
    lists_models: bool = True


class ChatModel(ServedModel):
    """A served chat model, which gives texts and no log-probabilities of prompts."""

    def __init__(
        self,
        arguments: ApiArguments,
        form: ChatForm,
        *,
        kind: str,
        headers: Mapping[str, str],
        key_names: Sequence[str] = (),
    ) -> None:
        super().__init__(arguments, kind=kind, ending=form.ending, headers=headers, key_names=key_names)
        self._form = form

    @cached_property
    def identity(self) -> Mapping[str, Any] | None:
        """What its responses depend on."""
        arguments = self.arguments
        return self.identity_of(max_gen_toks=arguments.max_gen_toks, eos=arguments.eos_string)

    def render(
        self, messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool, template: str | None = None
    ) -> str:
        """The messages as JSON: the server applies its own template."""
        return chat_text(messages)

    def chat_template(self, name: str | bool) -> str:
        """The empty string: the server's template is not known."""
        return ""

    def check(self) -> list[Check]:
        """Whether the server is there, knows the model, and says something."""
        checks: list[Check] = []
        if self._form.lists_models:
            self.check_name()
            checks.append(Check("names", "passed", f"the server has '{self.name}'"))
        [(_, response)] = flat(self.run(self._text_jobs([(0, Generate("Say yes.", {"max_gen_toks": 16}))])))
        if isinstance(response, Text):
            checks.append(Check("text", "passed", f"it says {response.text[:40]!r} (finish: {response.finish})"))
        else:
            checks.append(Check("text", "failed", getattr(response, "why", "")))
        checks += [
            Check("parameters", "passed", f"{name} is {f'sent as {new}' if new else 'left out'}")
            for name, new in self.parameters.changes.items()
        ]
        return checks

    def respond(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Respond to requests for texts.

        Raises:
            UsageError: Something is to be scored.
        """
        scored, rolled, generated = by_kind(requests)
        if scored or rolled:
            raise UsageError(
                f"'{self.kind}' gives no log-probabilities of prompts, so that it cannot score continuations.",
                hint="Use tasks that generate, or the same model's completions endpoint (--model local-completions).",
            )
        if self._form.lists_models:
            self.check_name()
        yield from flat(self.run(self._text_jobs(generated)))

    def _text_jobs(self, requests: Sequence[tuple[int, Generate]]) -> Iterator[Job[Outcome]]:
        for place, (index, request) in enumerate(requests):
            plan = self.plan(request, self.arguments.eos_string)
            fields = self._form.payload(as_messages(request.prompt), plan, self.seed_of(request))
            server = self.endpoints[place * len(self.endpoints) // len(requests)]
            payload = {"model": self.arguments.model, **fields}
            yield self.text_job(index, server.url, payload, lambda body, plan=plan: self._read(body, plan))

    def _read(self, body: Any, plan: GenerationPlan) -> Text:
        text = self._form.read(body, plan)
        end = self.arguments.think_end_token
        if end is None or end not in text.text:
            return text
        # lm-eval: what follows the last end of reasoning.
        return Text(text.text.rsplit(end, 1)[1].lstrip(), text.finish, text.usage)


def as_messages(prompt: Prompt) -> tuple[Message, ...]:
    """A prompt as the messages of a chat; a text is one message of the user.

    Args:
        prompt: The prompt.
    """
    return (Message("user", prompt),) if isinstance(prompt, str) else prompt
