"""Asks a server a few small questions before the first document, and believes only what it has shown."""

# What is proven, and against what
# --------------------------------
#   names       the model is one of those that the server lists; its limit in tokens
#   tokenizer   /tokenize gives the ids of the local tokenizer (Korean, blanks, digits, an emoji, a written-out BOS)
#   ids         a prompt of ids is taken, and nothing is put before it (usage counts as many tokens)
#   texts       where ids are refused: a text is read as its tokens, with or without BOS before them
#   presence    log-probabilities come, below 0, the sampled token's is the largest
#   stability   the same values for 1, 5 and 20 of them: they are not normalised over those that are shown
#   repeat      the same request again: how far values vary by themselves
#   echo        the prompt comes back with values; those of generated tokens equal what was said when they were
#               generated, at their own place and not one place off; the last one is no first choice
#   prompt      the same for prompt_logprobs
#   named ids   the value of the fifth-best token by its id equals what the list of five said
#   forced      the same by logit_bias: the raw value, not that after the bias
#
# Servers that name tokens by their text alone (OpenAI's older models, llama-cpp-python) score by echo, where a value is
# found by its place: two tokens can have one text, and then one of the two values is lost.
#
# The values of ``ids`` are the measure of all others: each route must give the same within ``TOLERANCE``. A route that
# differs is not corrected ("off by one"), it is not used: whoever is wrong in one place is not trusted in another.
#
# Costs about 12 requests of 8 tokens, once per run.
#
# Invariant: a route is used only if its probe passed; where none did, nothing of a scoring task is sent.

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from proctor.models.http.completions import Route
from proctor.models.http.text_prompts import TextPrompts
from proctor.models.protocols import Check

TOLERANCE = 1e-3
HALF_TOLERANCE = 0.05
"""The same where the server's own values vary, as those of half precision do."""

REMEDIES = {
    "ids": "Scoring needs a server that takes token ids and returns log-probabilities by id; vLLM does.",
    "stability": "The server normalises over the values that it shows: its log-probabilities cannot be compared.",
    "repeat": "Equal requests give other values: batches change them. Set VLLM_BATCH_INVARIANT=1, or float32.",
}
"""What helps where a probe failed; a route that another one stands in for needs nothing."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a server has shown.

    Attributes:
        probes: In their order.
        routes: The proven ones, best first.
        max_length: The server's limit in tokens; None: it does not say.
        top: How many of the largest values it gives at most.
        spread: The largest difference of a value among equal requests, in nats.
        prompts: How it takes prompts as texts; None: it takes ids.
    """

    probes: tuple[Check, ...]
    routes: tuple[Route, ...]
    max_length: int | None
    top: int
    spread: float
    prompts: TextPrompts | None = None

    def facts(self) -> dict[str, Any]:
        """For the results file."""
        return {
            "probes": {probe.name: f"{probe.state}: {probe.detail}".removesuffix(": ") for probe in self.probes},
            "routes": [str(route) for route in self.routes],
            "spread": self.spread,
        }
