"""Work travels to other processes: it is plain values."""

from __future__ import annotations

import pickle

from proctor.models.pool.events import Work
from proctor.types import Generate, Loglikelihood, Rolling


def test_work_is_the_same_after_a_journey():
    work = Work([Loglikelihood("c", ("a", "b")), Rolling("t"), Generate("p", {"until": ["\n"]})], [0, 2], 7)
    assert pickle.loads(pickle.dumps(work)) == work
