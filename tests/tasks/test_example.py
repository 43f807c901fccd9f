"""Examples, their variants, and values that get the roles of what was requested."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proctor.tasks.example import Ask, AskResult, Example, ask_results, canonical_variant, identity_order, values_of
from proctor.types import Generate, Loglikelihood, Rolling

REQUESTS = {
    "option": Loglikelihood("c", ("a", "b")),
    "unconditional": Loglikelihood("", ("a", "b")),
    "prompt": Generate("p", {}),
    "text": Rolling("t"),
}


def test_the_canonical_variant_is_the_first_and_moves_no_option():
    variant = canonical_variant((), ("a", "b", "c"), 1)
    assert variant.order == identity_order(3) == (0, 1, 2)
    assert Example(0, {}, (variant,), "", 1, None).canonical is variant
    assert canonical_variant((), None, "gold").order == ()


@given(st.lists(st.sampled_from(sorted(REQUESTS)), max_size=6))
def test_values_come_back_under_the_roles_in_whatever_order_they_were_requested(roles):
    asks = [Ask(0, role, REQUESTS[role]) for role in roles]
    values = list(range(sum(ask.request.count for ask in asks)))
    results = ask_results(asks, values)
    assert [one.role for one in results] == roles
    assert [value for one in results for value in one.values] == values
    for role in REQUESTS:
        assert len(values_of(results, role)) == roles.count(role) * REQUESTS[role].count


def test_values_that_are_missing_leave_their_role_empty():
    asks = [Ask(0, "option", REQUESTS["option"]), Ask(0, "unconditional", REQUESTS["unconditional"])]
    assert ask_results(asks, [1, 2]) == [AskResult("option", [1, 2]), AskResult("unconditional", [])]
