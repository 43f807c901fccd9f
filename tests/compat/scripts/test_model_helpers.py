"""What lm-eval's model classes call: batches with a way back, and prompts that are made to fit."""

from __future__ import annotations

import pytest
import torch

from proctor.compat.scripts.model_helpers import Collator, Grouper, maybe_truncate, truncate_tokens


def test_the_way_back_needs_the_same_groups():
    with pytest.raises(AssertionError, match="get_grouped"):
        Grouper([1], str).get_original({})


@pytest.mark.parametrize(("size", "count"), [(4, 11), (5, 5), (7, 3), (0, 9)])
def test_batches_have_one_kind_of_settings_and_the_longest_first(size, count):
    requests = [("m" * n, {"temperature": n % 2}) for n in range(1, count + 1)]
    order = Collator(requests, lambda one: (-len(one[0]), one[0]), group_by="gen_kwargs")
    batches = [list(batch) for batch in order.get_batched(n=size)]
    for batch in batches:
        assert len(batch) <= (size or count)
        assert len({one[1]["temperature"] for one in batch}) == 1
        assert [len(one[0]) for one in batch] == sorted((len(one[0]) for one in batch), reverse=True)
    assert order.get_original([one for batch in batches for one in batch]) == requests


@pytest.mark.parametrize(
    ("tokens", "answer", "room", "more", "expected"),
    [
        (5, 2, 8, {}, ([0, 1, 2, 3, 4], 2)),
        (5, 2, 5, {}, ([2, 3, 4], 2)),
        (5, 2, 5, {"side": "right"}, ([0, 1, 2], 2)),
        (5, 2, 5, {"side": "middle"}, ([0, 3, 4], 2)),
        (5, 4, 8, {"shrink_gen_toks": True}, ([0, 1, 2, 3, 4], 3)),
        (5, 4, 5, {"shrink_gen_toks": True, "min_gen_toks": 2}, ([2, 3, 4], 2)),
        (5, 9, 5, {}, ([], 9)),
    ],
)
def test_prompt_and_answer_are_made_to_fit(tokens, answer, room, more, expected, caplog):
    assert maybe_truncate(list(range(tokens)), answer, room, **more) == expected
    assert ("do not fit" in caplog.text) == (tokens + answer > room)


def test_what_cannot_fit_is_said():
    with pytest.raises(ValueError, match="no token of a prompt fits"):
        maybe_truncate([1, 2], 5, 1, shrink_gen_toks=True)
    with pytest.raises(ValueError, match="side is left, middle or right"):
        truncate_tokens([1], 1, "centre")  # type: ignore[arg-type]


def test_the_collator_gives_each_request_its_own_positions():
    requests = [(("c", "a"), [1, 2], [3]), (("c", "b"), [1], [2, 4]), (("d", ""), [9], [9])]
    order = Collator(
        requests, sort_fn=lambda one: -len(one[1] + one[2]), group_by="contexts", group_fn=lambda r: r[1] + r[2][:-1]
    )
    found = []
    for chunk in order.get_batched(n=1):
        for pair, context, tail in chunk:
            logits = torch.arange(len(tail)).reshape(1, -1, 1)
            for _, tokens, own in order.get_cache(pair, context, tail, logits):
                found.append((tokens, own.flatten().tolist()))
    assert order.get_original(found) == [([3], [1]), ([2, 4], [0, 1]), ([9], [0])]


def test_add_special_kwargs():
    from proctor.compat.scripts.model_helpers import _add_special_kwargs

    assert _add_special_kwargs(None) == {}
    assert _add_special_kwargs(False, True) == {"add_special_tokens": False}
    assert _add_special_kwargs(None, True) == {"add_special_tokens": True}
