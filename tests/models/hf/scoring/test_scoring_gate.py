"""``scoring=auto`` gives the scores of one request at a time, on every architecture; and by which mode.

The gate must see where sharing is wrong: most architectures are silently wrong, not loudly.
"""

from __future__ import annotations

import copy
import functools
import logging
import random
import re
from collections.abc import Sequence

import architectures as zoo
import pytest
import torch
from tiny_texts import cache_name, scored, words

from proctor.models.generation import plan_generation
from proctor.models.hf.call_form import call_forms
from proctor.models.hf.decoding.decoding_gate import objection
from proctor.models.hf.scoring import scoring_gate, tree
from proctor.models.hf.scoring.row_scorer import RowScorer
from proctor.models.prefix.rows import make_rows, make_span
from proctor.types import Loglikelihood, Request, Scores

TOLERANCE = 1e-4

PLAIN = zoo.SCORED_PLAIN

EXPECTED: dict[str, str] = zoo.SCORING
"""The mode for inputs that no window cuts."""

BEYOND_WINDOW: dict[str, str] = {name: EXPECTED[name] for name, found in zoo.BY_NAME.items() if found.window}
"""The mode for inputs longer than the shortest window."""


def few_shot(shots: int, length: int, documents: int, seed: int = 1) -> list[Request]:
    """Documents that share their examples; four letters each, then four texts of several lengths."""
    chance = random.Random(seed)
    prefix = " . ".join(f"{words(chance, length)} Answer : {letter}" for letter in "ABCD"[:shots])
    requests: list[Request] = []
    for _ in range(documents):
        context = f"{prefix} . {words(chance, chance.randint(1, length))} Answer :"
        requests.append(Loglikelihood(context, (" A", " B", " C", " D")))
        requests.append(Loglikelihood(context, tuple(f" {words(chance, count)}" for count in (1, 2, 5, 9))))
    return requests


def one_token() -> list[Request]:
    """Continuations of one token: one row of logits answers them all."""
    return [Loglikelihood("w1 w2 w3", tuple(f" {word}" for word in zoo.WORDS[:12]))]


def odd_choices() -> list[Request]:
    """Equal choices, one the beginning of another, one alone, a hundred, contexts that contain one another."""
    chance = random.Random(2)
    context = words(chance, 6)
    hundred = tuple(f" {words(chance, chance.randint(1, 3))}" for _ in range(100))
    return [
        Loglikelihood(context, (" w1 w2", " w1 w2", " w1 w2")),
        Loglikelihood(context, (" w1", " w1 w2", " w1 w2 w3", " w1 w9")),
        Loglikelihood(context, (" w5",)),
        Loglikelihood(f"{context} w1", (" w2 w3", " w2", " A")),
        Loglikelihood(words(chance, 3), hundred),
        Loglikelihood(words(chance, 1), (" A", " B")),
        # Twice the same document, as tasks that overlap have it.
        Loglikelihood(context, (" w5",)),
    ]


def empty_contexts() -> list[Request]:
    """No context: the BOS token stands for it, and what all share is that token alone."""
    return [
        Loglikelihood("", ("w1 w2 w3", "w1 w2", "A")),
        Loglikelihood("", ("A",)),
        Loglikelihood(" ", ("w7", "w7 w8")),
        Loglikelihood("<s> w1", (" w2 w3", " B")),
    ]


Battery = tuple[list[Request], int | None]

SHORT: dict[str, Battery] = {
    "few-shot": (few_shot(2, 2, 2), None),
    "one-token": (one_token(), None),
    "odd-choices": (odd_choices(), None),
    "empty-contexts": (empty_contexts(), None),
    "cut-on-the-left": (few_shot(4, 6, 3), 12),
}
"""Name -> requests and ``max_length``; no input is longer than the window once it is cut."""

LONG: dict[str, Battery] = {
    "many-shot": (few_shot(4, 12, 6), None),
    "long-and-short": (few_shot(4, 9, 3) + odd_choices() + empty_contexts(), None),
    "long-and-cut": (few_shot(4, 12, 4), 40),
}
"""The same with inputs longer than the window."""


@functools.cache
def module(name: str):
    return zoo.build(zoo.BY_NAME[name])


def answers(name: str, requests: Sequence[Request], max_length: int | None, **arguments):
    """The answers by position, and what the model reports of its scoring."""
    # A copy: whatever scoring does to a module, the reference stays untouched.
    opened = zoo.open_architecture(
        copy.deepcopy(module(name)), max_length=max_length or zoo.ROOM, softmax_dtype="float32", **arguments
    )
    found = dict(opened.respond(requests))
    assert sorted(found) == list(range(len(requests)))
    return found, opened.report()["scoring"]


def assert_equal(found: dict[int, Scores], expected: dict[int, Scores], note: object) -> None:
    for index, scores in expected.items():
        for (one, greedy), (other, also) in zip(found[index].values, scores.values, strict=True):
            assert one == pytest.approx(other, abs=TOLERANCE), (index, note)
            assert greedy is also, (index, note)


def check(name: str, requests: Sequence[Request], max_length: int | None, mode: str) -> None:
    one_by_one, reference = answers(name, requests, max_length, scoring="plain", batch_size=1)
    assert reference["mode"] == "plain"
    found, scoring = answers(name, requests, max_length, scoring="auto", batch_size=16)
    assert_equal(found, one_by_one, scoring)
    expected = zoo.scored_as_expected(name, scoring["mode"]) if mode == zoo.SCORING[name] else scoring["mode"] == mode
    assert expected, scoring


@pytest.mark.parametrize("case", SHORT)
@pytest.mark.parametrize("name", sorted(zoo.BY_NAME))
def test_auto_equals_one_by_one(name, case):
    check(name, *SHORT[case], EXPECTED[name])


@pytest.mark.parametrize("case", LONG)
@pytest.mark.parametrize("name", sorted(zoo.BY_NAME))
def test_auto_equals_one_by_one_on_long_inputs(name, case):
    check(name, *LONG[case], BEYOND_WINDOW.get(name, EXPECTED[name]))


@pytest.mark.parametrize("name", sorted({*PLAIN, *BEYOND_WINDOW} - {"t5"}))
def test_the_probe_alone_sees_what_the_config_does_not_say(name, monkeypatch):
    """A config that says nothing of windows, ALiBi or states: the scores stay right all the same."""
    monkeypatch.setattr(scoring_gate, "config_objection", lambda *_: None)
    for room in (scoring_gate, tree):
        monkeypatch.setattr(room, "layer_windows", lambda config: dict.fromkeys(kinds_of(config)))
    check(name, *LONG["many-shot"], "plain")


def kinds_of(config) -> set[str]:
    return set(getattr(config, "layer_types", None) or ()) or {"full_attention"}


@pytest.mark.parametrize("name", sorted(BEYOND_WINDOW))
def test_the_window_matters_to_the_long_inputs(name):
    """The cases mean what they say: the input is longer than the window, or no longer than it."""
    tokens = zoo.open_architecture(module(name)).tokens

    def longest(requests: Sequence[Request], max_length: int | None) -> int:
        pairs = [(r.context, text) for r in requests if isinstance(r, Loglikelihood) for text in r.continuations]
        lengths = [len(context) + len(rest) - 1 for context, rest in tokens.encode_pairs(pairs)]
        return min(max(lengths), max_length or zoo.ROOM)

    window = zoo.BY_NAME[name].window
    assert all(longest(*case) <= window for case in SHORT.values())
    assert all(longest(*case) > window for case in LONG.values())


def test_the_zoo_is_large_and_its_members_differ():
    kinds = {architecture.kind for architecture in zoo.ALL}
    assert len(kinds) >= 24
    assert len(zoo.BY_NAME) == len(zoo.ALL)


@pytest.mark.parametrize("name", sorted(zoo.BY_NAME))
def test_attention_matters(name):
    """Scores see each part of the context, so a wrong mask or position cannot hide."""
    context = zoo.WORDS[: zoo.WINDOW - 2]
    first, second, *rest, last = context
    changed = [
        context,
        ["w100", second, *rest, last],
        [first, second, *rest[:-1], "w100", last],
        [second, first, *rest, last],
    ]
    requests = [Loglikelihood(" ".join(text), (" A",)) for text in changed]
    found, _ = answers(name, requests, None, scoring="plain", batch_size=1)
    base, *others = [found[index].values[0][0] for index in range(len(changed))]
    assert all(abs(other - base) > 10 * TOLERANCE for other in others), (base, others)


CPU = torch.device("cpu")


def test_a_cache_that_is_filled_and_not_read_is_seen_by_the_probe():
    module = zoo.build(zoo.BY_NAME["llama"])
    plain, _ = scored(module, scoring="plain")
    name, real = cache_name(module), type(module).forward

    def forward(self, input_ids=None, **kwargs):
        if kwargs.get(name) is not None:
            real(self, input_ids=input_ids, **kwargs)
        return real(self, input_ids=input_ids)

    module.__class__ = type("Amnesiac", (type(module),), {"forward": forward, "__module__": type(module).__module__})
    assert list(call_forms(module, CPU))
    values, scoring = scored(module)
    assert scoring["mode"] == "plain"
    assert values == pytest.approx(plain, abs=1e-4)


def test_models_with_a_state_are_an_objection_of_their_own():
    module = zoo.build(zoo.BY_NAME["llama"])
    module._is_stateful = True
    assert scored(module)[1]["reason"] == "layers with a state instead of keys and values"
    assert objection(module, plan_generation({}), 20) == "layers with a state instead of keys and values"


def test_the_log_says_how_many_tokens_sharing_saved(caplog):
    with caplog.at_level(logging.INFO, logger="proctor"):
        scored(zoo.build(zoo.BY_NAME["llama"]))
    assert "Shared prefixes are computed once (scoring mode: tree; checked against plain scoring)." in caplog.messages
    assert re.search(
        r"Scoring done: \S+ tokens forwarded; one row a context, with nothing shared, would take \S+\.",
        caplog.text,
    )


def probed(module, seed):
    """The difference of a probe on a request of random words, in nats."""
    chance = random.Random(seed)
    scorer = RowScorer(module, CPU, backend="causal", max_length=128)
    tokens = [chance.randrange(module.config.vocab_size) for _ in range(40)]
    (row,) = make_rows([make_span(0, tokens[:30], tokens[30:])], share=True)
    return scoring_gate.probe(scorer, row, 32, "tree", next(iter(call_forms(module, CPU))))


def test_a_probe_in_16_bits_is_not_decided_by_the_rounding_of_a_sum():
    module = zoo.build(zoo.BY_NAME["llama"]).to(torch.bfloat16)
    differences = [probed(module, seed) for seed in range(12)]
    # One step of a sum from -32 to -64 is a quarter in bfloat16, and the differences would be multiples of it.
    assert 0 < max(differences) < 0.1


def test_a_sum_of_32_bits_or_more_stays_as_it_is():
    module = zoo.build(zoo.BY_NAME["llama"])
    for dtype in (torch.float32, torch.float64):
        scorer = RowScorer(module.to(dtype), CPU, backend="causal", max_length=128)
        assert scoring_gate._with_exact_sums(scorer) is scorer
    half = RowScorer(module.to(torch.float16), CPU, backend="causal", max_length=128)
    assert (scoring_gate._with_exact_sums(half).softmax_dtype, half.softmax_dtype) == (torch.float32, None)
