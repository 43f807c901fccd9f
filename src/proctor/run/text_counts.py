"""How the generated texts of a run ended, and how many tokens they took: for the results file, and one warning.

A text that ends at the limit of ``max_gen_toks`` is often an answer that was not finished, and looks like a weak
model. lm-eval does not say so; here a run says how many there were and where. Responses out of the store count like
new ones, so that a run that went on reports what an undisturbed one would; what no model knows is left out of the sums.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from proctor.models.prices import token_facts
from proctor.plurals import counted
from proctor.types import Response, Text, Usage

log = logging.getLogger("proctor")

NO_TOKENS = Usage(0, 0, 0)
SHOWN = 5
"""Tasks that a warning names; others are counted."""


@dataclass(slots=True)
class TextCounts:
    """What is counted of one task's texts.

    Attributes:
        texts: All of them.
        at_length: Those that ended at their number of tokens.
        withheld: Those that a filter of the API withheld, or that the API calls a refusal.
        empty: Others that are empty.
        measured: Those of which the tokens are known.
        usage: The sum over them.
    """

    texts: int = 0
    at_length: int = 0
    withheld: int = 0
    empty: int = 0
    measured: int = 0
    usage: Usage = NO_TOKENS

    def add(self, responses: Iterable[Response]) -> None:
        """Count the texts among responses."""
        for response in responses:
            if not isinstance(response, Text):
                continue
            self.texts += 1
            self.at_length += response.finish == "length"
            self.withheld += response.finish == "filter"
            self.empty += response.finish != "filter" and not response.text
            if (usage := response.usage) is not None:
                self.measured += 1
                self.usage = self.usage.plus(usage)


def report_texts(counts: Mapping[str, TextCounts]) -> Mapping[str, Any]:
    """Warn of texts that reached their limit or were withheld; what the results file says of all, under ``texts``.

    Args:
        counts: By task.

    Returns:
        Nothing where no text was generated.
    """
    generating = {task: one for task, one in counts.items() if one.texts}
    if not generating:
        return {}
    reached = {task: (one.at_length, one.texts) for task, one in generating.items() if one.at_length}
    withheld = {task: (one.withheld, one.texts) for task, one in generating.items() if one.withheld}
    empty = {task: (one.empty, one.texts) for task, one in generating.items() if one.empty}
    if reached:
        _warn("reached max_gen_toks, and may be incomplete", reached, generating)
    if withheld:
        _warn("were withheld or refused, and are graded as they are", withheld, generating)
    facts: dict[str, Any] = {
        "generated": sum(one.texts for one in generating.values()),
        "at_length": _rows(reached),
        **({"withheld": _rows(withheld)} if withheld else {}),
        **({"empty": _rows(empty)} if empty else {}),
    }
    measured = {task: one for task, one in generating.items() if one.measured}
    if measured:
        total = reduce(Usage.plus, (one.usage for one in measured.values()))
        facts["usage"] = {"texts": sum(one.measured for one in measured.values()), **token_facts(total, None)}
        facts["tasks"] = [
            {"task": task, "texts": one.measured, **token_facts(one.usage, None)} for task, one in measured.items()
        ]
    return {"texts": facts}


def _rows(counts: Mapping[str, tuple[int, int]]) -> list[dict[str, Any]]:
    return [{"task": task, "texts": count, "of": texts} for task, (count, texts) in counts.items()]


def _warn(what: str, counts: Mapping[str, tuple[int, int]], generating: Mapping[str, TextCounts]) -> None:
    named: Sequence[str] = [f"{task} ({count:,} of {texts:,})" for task, (count, texts) in counts.items()]
    more = f" and {counted(len(named) - SHOWN, 'more task')}" if len(named) > SHOWN else ""
    total = sum(one.texts for one in generating.values())
    log.warning(
        "%s of %s texts %s: %s%s.",
        f"{sum(count for count, _ in counts.values()):,}", f"{total:,}", what, ", ".join(named[:SHOWN]), more,
    )  # fmt: skip
