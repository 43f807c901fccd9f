"""The steps of a run's options as columns: which option is the likeliest, and the others in an order that deflates."""

# Most of what a further run takes in a page are these steps. They are nearly noise, so what can be used is how they
# are distributed, and an earlier run (the reference) shows that: an option which is far below the likeliest one there
# is far below it here. So the likeliest option is stored as its rank in the reference. The steps of the others are
# sorted by how far the same options are apart there: deflate, whose tables change along a column, meets one
# distribution after another. Of runs that are alike (a model and its quantised form) what differs from the reference is
# stored. Nothing is stored of the order, as the page's script sorts in the same way, by steps that it has decoded
# before. It takes a tenth less than the steps as they stand. The reference of the first run is that right options are
# likelier.

from __future__ import annotations

import zlib
from collections.abc import Sequence

from proctor.html_report.cells import NONE

_COMPARED = 4096
"""Steps by which the earlier run that is most alike is found."""


def step_columns(
    steps: bytes, known: Sequence[bool], widths: Sequence[int], reference: bytes
) -> tuple[bytes, bytes, bool]:
    """The columns of the steps of a run.

    Args:
        steps: Of each option, those of a question after those of the one before it.
        known: Of each question, whether the run has steps of it; of others nothing is stored.
        widths: Of each question, how many options it has.
        reference: What is known before, as many as ``steps``.

    Returns:
        By question the rank of the likeliest option in the reference, :data:`NONE` where no option has step 0; the
        steps of the others in their order; whether they are what differs from the reference.
    """
    ranks, keys, values, start = bytearray(), list[int](), list[int](), 0
    for is_known, width in zip(known, widths, strict=True):
        mine, before = steps[start : start + width], reference[start : start + width]
        start += width
        likeliest = mine.find(0) if is_known else -1
        ranks.append(sorted(range(width), key=before.__getitem__).index(likeliest) if likeliest >= 0 else NONE)
        if is_known:
            base = before[likeliest] if likeliest >= 0 else 0
            keys += [one - base for place, one in enumerate(before) if place != likeliest]
            values += [step for place, step in enumerate(mine) if place != likeliest]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    plain = bytes([values[place] for place in order])
    beyond = bytes([(values[place] - keys[place]) % 256 for place in order])
    is_alike = len(zlib.compress(beyond)) < len(zlib.compress(plain))
    return bytes(ranks), beyond if is_alike else plain, is_alike


def most_alike(steps: bytes, earlier: Sequence[bytes]) -> int:
    """The place of the earlier run whose steps are the most like those of a run.

    Args:
        steps: Of the run.
        earlier: Of the runs before it, at least one.
    """
    every = slice(None, None, 1 + len(steps) // _COMPARED)
    mine = steps[every]
    distances = [sum(abs(a - b) for a, b in zip(mine, one[every], strict=True)) for one in earlier]
    return distances.index(min(distances))
