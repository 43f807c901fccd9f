"""A model that is not there: what it answered is known, and nothing else can be asked of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from proctor.errors import DataError, ModelError
from proctor.plurals import counted
from proctor.records import Query
from proctor.types import Request, Response

OpenRenderer = Callable[[], Any]


class ReplayModel:
    """Stands in for the model of an earlier run. ``facts``: what that one said of itself.

    ``open_renderer`` opens what knows its chat template, if prompts need one. ``extra`` goes into the
    results file; ``remedy`` says how the answers that are missing could be had.
    """

    def __init__(
        self,
        name: str,
        *,
        identity: Mapping[str, Any] | None = None,
        facts: Mapping[str, Any] | None = None,
        open_renderer: OpenRenderer | None = None,
        extra: Mapping[str, Any] | None = None,
        remedy: str | None = None,
    ) -> None:
        self.name, self.identity, self.info = name, identity, dict(facts or {})
        self._open_renderer, self._renderer = open_renderer, None
        self._extra, self._remedy = dict(extra or {}), remedy
        self._missing: Counter[str] = Counter()

    def respond(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Nothing can be answered anew."""
        raise ModelError(f"{counted(len(requests), 'request')} without a cached response.")

    def note_missing(self, queries: Sequence[Query]) -> None:
        """Count questions without an answer, by task."""
        self._missing.update(query.task for query in queries)

    def check(self) -> None:
        """Raise if answers were missing: how many, and of which tasks."""
        if not self._missing:
            return
        tasks = [f"{task} ({count})" for task, count in self._missing.most_common(5)]
        more = f" and {counted(len(self._missing) - 5, 'more task')}" if len(self._missing) > 5 else ""
        raise DataError(
            f"{sum(self._missing.values())} responses are missing, of {', '.join(tasks)}{more}: "
            "their prompts have changed, or were never sent to the model.",
            hint=self._remedy,
        )

    def render(
        self, messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool, template: str | None = None
    ) -> str:
        """Apply the chat template of the model that once answered."""
        return self._rendering().render(messages, add_generation_prompt=add_generation_prompt, template=template)

    def chat_template(self, name: str | bool) -> str:
        """The text of that template."""
        return self._rendering().chat_template(name)

    def _rendering(self) -> Any:
        if self._renderer is None:
            self._renderer = None if self._open_renderer is None else self._open_renderer()
        if self._renderer is None:
            raise ModelError(f"The chat template of '{self.name}' is not known without the model.")
        return self._renderer

    def report(self) -> Mapping[str, Any]:
        """Where the answers come from."""
        return {"truncated": {}, "batch_sizes": [], **self._extra}

    def close(self) -> None:
        """Nothing to free."""
