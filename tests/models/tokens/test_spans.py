"""From requests to the tokens that are scored: owners, truncation, windows, and what has no tokens."""

from __future__ import annotations

import architectures as zoo
import pytest

from proctor.errors import ModelError
from proctor.models.base import WarningCounter
from proctor.models.tokens.spans import SpanMaker
from proctor.models.tokens.tokenizer import Tokens
from proctor.types import Loglikelihood, Rolling


def maker(max_length: int = 100, backend: str = "causal") -> tuple[SpanMaker, WarningCounter]:
    tally = WarningCounter()
    return SpanMaker(Tokens(zoo.tokenizer(), max_length=max_length, backend=backend), tally), tally


def ids(text: str) -> list[int]:
    return zoo.tokenizer()(text, add_special_tokens=False)["input_ids"]


def shown(spans):
    return [(span.owner, span.context.tolist(), span.scored.tolist()) for span in spans]


def test_owners_are_numbered_through_and_a_continuation_without_tokens_has_no_span(caplog):
    make, tally = maker()
    requests = [Loglikelihood("w1 w2", (" A", "", " B w3")), Loglikelihood("w4", (" C",))]
    spans, waiting = make.scored(requests)
    context = ids("w1 w2")
    assert shown(spans) == [(0, context, ids("A")), (2, context, ids("B w3")), (3, ids("w4"), ids("C"))]
    assert waiting == [0, 0, 1]
    assert tally.counts == {"empty_continuations": 1}
    assert "its log-likelihood counts as 0" in caplog.text


@pytest.mark.parametrize(("words", "noted"), [(4, {}), (5, {"loglikelihood": 1})])
def test_a_context_beyond_the_limit_is_noted(words, noted):
    """Of context and continuation all but the last token is the input."""
    make, tally = maker(max_length=5)
    spans, _ = make.scored([Loglikelihood(" ".join(zoo.WORDS[:words]), (" A B",))])
    assert [span.count for span in spans] == [2]
    assert tally.counts == noted


def test_an_encoder_decoder_has_the_limit_for_the_context_alone():
    make, tally = maker(max_length=5, backend="seq2seq")
    make.scored([Loglikelihood("w1 w2 w3 w4 w5", (" A B",))])
    assert not tally.counts
    make.scored([Loglikelihood("w1 w2 w3 w4 w5 w6", (" A B",))])
    assert tally.counts == {"loglikelihood": 1}


def test_a_continuation_longer_than_the_limit_is_scored_in_windows():
    make, tally = maker(max_length=3)
    text = " w2 w3 w4 w5 w6"
    spans, waiting = make.scored([Loglikelihood("w0 w1", (text, " A"))])
    long, short = spans[:-1], spans[-1]
    assert {span.owner for span in long} == {0}
    assert short.owner == 1
    assert [token for span in long for token in span.scored.tolist()] == ids(text)
    assert long[0].context.tolist() == ids("w1")
    assert all(len(span.context) + span.count - 1 <= 3 for span in long)
    assert waiting == [0] * len(spans)
    assert tally.counts == {"long_continuations": 1}


def test_an_encoder_decoder_takes_no_continuation_beyond_its_limit():
    make, _ = maker(max_length=3, backend="seq2seq")
    with pytest.raises(ModelError, match="A continuation has 4 tokens; this model's limit is 3"):
        make.scored([Loglikelihood("w0", (" A B C w1",))])


def test_windows_of_whole_texts_are_numbered_through():
    make, _ = maker(max_length=2)
    spans, waiting = make.rolled([Rolling("w1 w2 w3"), Rolling(""), Rolling("w4")])
    assert [span.owner for span in spans] == list(range(len(spans)))
    assert [token for span in spans for token in span.scored.tolist()] == ids("w1 w2 w3 w4")
    assert waiting == [0] * (len(spans) - 1) + [2]
