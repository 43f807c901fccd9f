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
        measured: Those of which the tokens are known.
        usage: The sum over them.
    """

    texts: int = 0
    at_length: int = 0
    measured: int = 0
    usage: Usage = NO_TOKENS

    def add(self, responses: Iterable[Response]) -> None:
        """Count the texts among responses."""
        for response in responses:
            if not isinstance(response, Text):
                continue
            self.texts += 1
            self.at_length += response.finish == "length"
            if (usage := response.usage) is not None:
                self.measured += 1
                self.usage = self.usage.plus(usage)


def report_texts(counts: Mapping[str, TextCounts]) -> Mapping[str, Any]:
    """Warn of texts that reached their limit; what the results file says of all texts, under ``texts``.

    Args:
        counts: By task.

    Returns:
        Nothing where no text was generated.
    """
    generating = {task: one for task, one in counts.items() if one.texts}
    if not generating:
        return {}
    reached = {task: one for task, one in generating.items() if one.at_length}
    if reached:
        _warn(reached, sum(one.texts for one in generating.values()))
    facts: dict[str, Any] = {
        "generated": sum(one.texts for one in generating.values()),
        "at_length": [{"task": task, "texts": one.at_length, "of": one.texts} for task, one in reached.items()],
    }
    measured = {task: one for task, one in generating.items() if one.measured}
    if measured:
        total = reduce(Usage.plus, (one.usage for one in measured.values()))
        facts["usage"] = {"texts": sum(one.measured for one in measured.values()), **token_facts(total, None)}
        facts["tasks"] = [
            {"task": task, "texts": one.measured, **token_facts(one.usage, None)} for task, one in measured.items()
        ]
    return {"texts": facts}


def _warn(reached: Mapping[str, TextCounts], texts: int) -> None:
    named: Sequence[str] = [f"{task} ({one.at_length:,} of {one.texts:,})" for task, one in reached.items()]
    more = f" and {len(named) - SHOWN} more tasks" if len(named) > SHOWN else ""
    log.warning(
        "%s of %s texts reached max_gen_toks, and may be incomplete: %s%s.",
        f"{sum(one.at_length for one in reached.values()):,}", f"{texts:,}", ", ".join(named[:SHOWN]), more,
    )  # fmt: skip
