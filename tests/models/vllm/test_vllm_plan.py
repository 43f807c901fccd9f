"""Plans: each token of each continuation is scored once, and nothing is read that a cache would hide."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from proctor.models.prefix.rows import make_span
from proctor.models.vllm.plan import PLAIN, Abilities, plan, unique, whole
from proctor.models.vllm.routes import Route

TOKENS = st.lists(st.integers(0, 2), min_size=1, max_size=9)
PAIRS = st.lists(st.tuples(TOKENS, TOKENS), min_size=1, max_size=12)
ABILITIES = st.builds(
    Abilities,
    st.sampled_from([None, Route.NAMED_IDS, Route.TOP_IDS]),
    st.sampled_from([None, Route.CACHED_ROWS, Route.NAMED_ROWS]),
    st.sampled_from([None, 1, 2, 3, 4, 16]),
)


def works_of(pairs, limit=100):
    return unique([make_span(owner, *pair) for owner, pair in enumerate(pairs)], limit)


@given(PAIRS, ABILITIES)
def test_each_token_is_scored_once(pairs, abilities):
    works = works_of(pairs)
    found = {number: [] for number in range(len(works))}
    for request in plan(works, abilities):
        for part in request.parts:
            found[part.work].append((request, part))
    for number, parts in found.items():
        ids = [one for _, part in sorted(parts, key=lambda one: not one[1].first) for one in part.ids]
        assert ids == works[number].scored.tolist()
        assert [sum(part.first for _, part in parts), sum(part.last for _, part in parts)] == [1, 1]
        context = works[number].context.tolist()
        for request, _ in parts:
            assert list(request.prompt) in (context, [*context, *works[number].scored.tolist()])
            assert (len(request.prompt) == len(context)) == (request.route in (Route.NAMED_IDS, Route.TOP_IDS))


@given(PAIRS)
def test_owners_keep_their_continuations_and_equal_ones_are_one(pairs):
    works = works_of(pairs)
    owners = {owner: work for work in works for owner in work.owners}
    assert sorted(owners) == list(range(len(pairs)))
    for owner, (context, scored) in enumerate(pairs):
        assert (owners[owner].context.tolist(), owners[owner].scored.tolist()) == (context, scored)
    assert len(works) == len({(tuple(context), tuple(scored)) for context, scored in pairs})


@given(PAIRS, st.integers(10, 14))
def test_contexts_are_truncated_at_the_left_so_that_prompts_fit(pairs, limit):
    for work in works_of(pairs, limit):
        assert len(work.tokens) <= limit
        [owner] = work.owners[:1]
        assert pairs[owner][0][len(pairs[owner][0]) - len(work.context) :] == work.context.tolist()


@given(PAIRS, st.sampled_from([1, 2, 3, 4]))
def test_no_row_is_requested_that_requests_before_it_would_hide(pairs, block):
    """A cache that all requests of the plan fill, in order: what it has ends before the first scored row.

    Not so where a context goes on with tokens that another continuation scores: that is found when rows are read.
    """
    wholes = [(len(context), [*context, *scored]) for context, scored in pairs]
    assume(not any(size < len(other) and whole[: len(other)] == other for size, whole in wholes for other, _ in pairs))
    cache: set[tuple[int, ...]] = set()
    for request in plan(works_of(pairs), Abilities(Route.NAMED_IDS, Route.CACHED_ROWS, block)):
        ends = range(block, len(request.prompt) + 1, block)
        if request.route in (Route.CACHED_ROWS, Route.REST_ROWS):
            [part] = request.parts
            cached = 0
            for end in ends:
                if end < len(request.prompt) and end == cached + block and request.prompt[:end] in cache:
                    cached = end
            assert cached <= len(request.prompt) - len(part.ids) - 1
        cache.update(request.prompt[:end] for end in ends)


def test_requests_stand_in_the_order_of_a_prefix_tree():
    pairs = [([1, 2, 3], [4]), ([9], [1]), ([1, 2], [3, 4, 5]), ([1], [2])]
    prompts = [request.prompt for request in plan(works_of(pairs), Abilities(Route.NAMED_IDS, Route.CACHED_ROWS, 4))]
    assert prompts == sorted(prompts)


def test_without_abilities_every_continuation_is_a_whole_request():
    works = works_of([([1, 2], [3]), ([1, 2], [4, 5])])
    assert plan(works, PLAIN) == [whole(0, works[0]), whole(1, works[1])]
