"""A model behind a chat API as :class:`proctor.models.protocols.Model`: messages in, texts out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from proctor.errors import UsageError
from proctor.messages import Message, Prompt, chat_text
from proctor.models.choices import ChoiceCall
from proctor.models.generation import GenerationPlan, cut_at_stops
from proctor.models.http.arguments import ApiArguments
from proctor.models.http.batch_forms import BatchForm
from proctor.models.http.batch_memory import BatchJob, BatchMemory
from proctor.models.http.batches import Batches, TextCall, note_pending
from proctor.models.http.chooser import Chooser, read_plain
from proctor.models.http.endpoints import Endpoint
from proctor.models.http.runner import Job
from proctor.models.http.sender import Sender
from proctor.models.http.served import Outcome, ServedModel, flat
from proctor.models.protocols import Check
from proctor.types import ChoiceRoute, Choose, Generate, Request, Response, Text

log = logging.getLogger("proctor")


@dataclass(frozen=True, slots=True)
class ChatForm:
    """How an API wants chats.

    Attributes:
        ending: What the endpoint's path ends with.
        payload: From messages, generation arguments and a seed to what is sent beside the model's name.
        read: From a reply's body to the text.
        messages: From messages to the fields that hold them.
        options: From the options of a choice, by OpenAI's names, to those of the API.
        routes: The ways in which it may let options be chosen, best first.
        lists_models: Whether ``/models`` names the models that may be used.
        batches: The form of batch jobs at an endpoint; None: there are none.
    """

    ending: str
    payload: Callable[[Sequence[Message], GenerationPlan, int], dict[str, Any]]
    read: Callable[[Any, GenerationPlan], Text]
    messages: Callable[[Sequence[Message]], dict[str, Any]]
    options: Callable[[Mapping[str, Any]], dict[str, Any]]
    routes: tuple[ChoiceRoute, ...]
    lists_models: bool = True
    batches: Callable[[Endpoint], BatchForm] | None = None


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
        self._chooser = Chooser(self._post_choice, read_plain(self._read), form.routes)
        self._routes: dict[str, ChoiceRoute] = {}
        self._batches: Batches | None = None
        self._jobs_before: Sequence[BatchJob] = ()

    @cached_property
    def identity(self) -> Mapping[str, Any] | None:
        """What its responses depend on."""
        arguments = self.arguments
        return self.identity_of(
            max_gen_toks=arguments.max_gen_toks, eos=arguments.eos_string, think_end_token=arguments.think_end_token
        )

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
        [route] = self.run(iter([lambda sender: self._chooser.find_route(sender, "auto")]))
        checks += [Check(name, "failed", why) for name, why in self._chooser.failures.items()]
        checks.append(Check("options", "passed", f"chosen by the way '{route}' (--mc)"))
        checks += [
            Check("parameters", "passed", f"{name} is {f'sent as {new}' if new else 'left out'}")
            for name, new in self.parameters.changes.items()
        ]
        return checks

    def respond(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Respond to requests for texts and for options.

        Raises:
            UsageError: Something is to be scored.
        """
        chosen = [(index, request) for index, request in enumerate(requests) if isinstance(request, Choose)]
        generated = [(index, request) for index, request in enumerate(requests) if isinstance(request, Generate)]
        if len(chosen) + len(generated) < len(requests):
            raise UsageError(
                f"'{self.kind}' gives no log-probabilities of prompts, so that it cannot score continuations.",
                hint="Use tasks that generate, or the same model's completions endpoint (--model local-completions).",
            )
        if self._form.lists_models:
            self.check_name()
        if self._batches is None:
            yield from flat(self.run(self._text_jobs(generated)))
        else:
            calls = list(self._text_calls(generated))
            yield from self._batches.respond(calls, lambda call: flat(self.run(iter([self._text_job(call)]))))
        # Stopped while texts came: nothing more is sent, not even to find out a route.
        if chosen and not self.is_stopped:
            yield from flat(self.run(self._choice_jobs(chosen)))

    def use_batches(self, folder: Path) -> None:
        """Send texts as batch jobs from now on.

        Args:
            folder: Where jobs are remembered.

        Raises:
            UsageError: The API has none, or there are several servers.
        """
        [server, *others] = self.endpoints
        if self._form.batches is None or others:
            why = f"'{self.kind}' has no batch jobs" if self._form.batches is None else "base_url names several servers"
            raise UsageError(f"--batch cannot be used: {why}.", hint="Leave --batch out.")
        self._batches = Batches(
            self._form.batches(server),
            BatchMemory(folder),
            model=self.name,
            transport=self.transport,
            run=self.run,
            meter=self.meter,
            parameters=self.parameters,
            read=self.read_text,
        )

    def watch_batches(self, folder: Path) -> None:
        """Warn of requests that are in a job already, where texts are not requested by jobs.

        Args:
            folder: Where jobs are remembered.
        """
        self._jobs_before = [job for one in self.endpoints for job in BatchMemory(folder).jobs(one.url, self.name)]

    # -- options

    def _choice_jobs(self, requests: Sequence[tuple[int, Choose]]) -> Iterator[Job[Outcome]]:
        for wanted in dict.fromkeys(request.route for _, request in requests):
            if wanted not in self._routes:
                self._find_route(wanted)
        if self.is_stopped:
            return iter(())
        return (self._chooser.job(index, request, self._routes[request.route]) for index, request in requests)

    def _find_route(self, wanted: str) -> None:
        """Find out the route of a run; none is known afterwards where the run is stopped meanwhile."""
        if self.limits:
            self._chooser.reply_tokens = min(self._chooser.reply_tokens, min(self.limits) // 2)

        async def job(sender: Sender) -> ChoiceRoute:
            return await self._chooser.find_route(sender, wanted)

        for route in self.run(iter([job])):
            self._routes[wanted] = route
            failures = "; ".join(f"{name}: {why}" for name, why in self._chooser.failures.items())
            log.info(
                "Options are chosen by the way '%s'%s; the scores are not lm-eval's log-likelihoods.",
                route, f" ({failures})" if failures else "",
            )  # fmt: skip

    async def _post_choice(self, sender: Sender, call: ChoiceCall) -> Any:
        options = self._form.options(call.options)
        payload = {"model": self.arguments.model, **self._form.messages(call.messages), **options}
        return (await sender.post(self.endpoints[0].url, payload)).body

    def _text_jobs(self, requests: Sequence[tuple[int, Generate]]) -> Iterator[Job[Outcome]]:
        calls = self._text_calls(requests)
        if self._jobs_before:
            # Once: making a call of a sampled request takes a seed.
            made = list(calls)
            note_pending(made, self._jobs_before)
            return map(self._text_job, made)
        return map(self._text_job, calls)

    def _text_job(self, call: TextCall) -> Job[Outcome]:
        return self.text_job(call.index, call.url, call.payload, call.read)

    def _text_calls(self, requests: Sequence[tuple[int, Generate]]) -> Iterator[TextCall]:
        for place, (index, request) in enumerate(requests):
            plan = self.plan(request, self.arguments.eos_string)
            fields = self._form.payload(as_messages(request.prompt), plan, self.seed_of(request))
            server = self.endpoints[place * len(self.endpoints) // len(requests)]
            payload = {"model": self.arguments.model, **fields}
            yield TextCall(index, server.url, payload, lambda body, plan=plan: self._read(body, plan))

    def _read(self, body: Any, plan: GenerationPlan) -> Text:
        """The text of a reply: what follows the last end of reasoning, cut at the first stop string."""
        end = self.arguments.think_end_token
        if end is None:
            return self._form.read(body, plan)
        # Stop strings hold after the reasoning alone, as on models of one's own.
        whole = self._form.read(body, replace(plan, until=()))
        text = whole.text.rsplit(end, 1)[1].lstrip() if end in whole.text else whole.text
        return replace(whole, text=cut_at_stops(text, plan.until))


def as_messages(prompt: Prompt) -> tuple[Message, ...]:
    """A prompt as the messages of a chat; a text is one message of the user.

    Args:
        prompt: The prompt.
    """
    return (Message("user", prompt),) if isinstance(prompt, str) else prompt
