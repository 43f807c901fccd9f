"""What tokens cost."""

from __future__ import annotations

import pytest

from proctor.models.prices import Prices, amount_text, token_facts
from proctor.types import Usage

PRICES = Prices(prompt=2.0, completion=10.0, cached=0.5, written=2.5)


def test_each_token_has_its_own_price():
    usage = Usage(prompt=1_000_000, cached=400_000, new=100_000, written=200_000)
    assert PRICES.cost(usage) == pytest.approx(0.4 * 2.0 + 0.4 * 0.5 + 0.2 * 2.5 + 0.1 * 10.0)


def test_reasoning_is_among_the_new_tokens():
    assert PRICES.cost(Usage(0, 0, 100, reasoning=80)) == PRICES.cost(Usage(0, 0, 100))


def test_a_server_that_counts_more_cached_tokens_than_prompt_tokens_gives_nothing_back():
    assert PRICES.cost(Usage(prompt=10, cached=20, new=0)) == pytest.approx(20 * 0.5e-6)


@pytest.mark.parametrize(
    ("amount", "text"), [(0.0, "0"), (0.000123456, "0.0001235"), (0.5, "0.5"), (1.0, "1.00"), (1234.5, "1,234.50")]
)
def test_amounts_for_people(amount, text):
    assert amount_text(amount) == text


def test_facts_name_what_is_counted():
    assert token_facts(Usage(3, 1, 2), None) == {"prompt_tokens": 3, "cached_tokens": 1, "new_tokens": 2}
    assert token_facts(Usage(3, 1, 2, 1, 1), PRICES) == {
        "prompt_tokens": 3,
        "cached_tokens": 1,
        "new_tokens": 2,
        "reasoning_tokens": 1,
        "written_tokens": 1,
        "cost": PRICES.cost(Usage(3, 1, 2, 1, 1)),
    }
