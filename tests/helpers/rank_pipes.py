"""Ranks without torch: pipes in memory, and a model that says what it was sent."""

from __future__ import annotations

import queue
import threading
from contextlib import contextmanager
from types import MappingProxyType

from proctor.models.pool import worker
from proctor.models.pool.rank_group import RankGroup
from proctor.models.pool.worker import serve
from proctor.types import Loglikelihood, Scores

# A rank that has to leave ends its process; here that would be pytest's.
LEAVE, worker._leave_now = worker._leave_now, lambda code: None

SETTINGS = {"name": "hf", "args": {"pretrained": "x"}}


class Gone(RuntimeError):
    """The other end is closed."""


class MemoryPipe:
    """One end of a pipe in memory."""

    def __init__(self, out, into):
        self._out, self._into, self.is_cut = out, into, False

    def send(self, data):
        self._out.put(data)

    def receive(self):
        data = self._into.get(timeout=20)
        if data is None:
            raise Gone
        return data

    def cut(self):
        """As if this process had died."""
        self.is_cut = True
        self._out.put(None)
        self._into.put(None)


def pipes():
    one, other = queue.SimpleQueue(), queue.SimpleQueue()
    return MemoryPipe(one, other), MemoryPipe(other, one)


class LengthModel:
    """Scores are lengths; ``error`` is raised instead of the response at ``at``."""

    name = "lengths"
    info = MappingProxyType({"model_num_parameters": 0})

    def __init__(self, rank=0, *, error=None, at=0, before=None, identity="same"):
        self.rank, self.error, self.at, self.before = rank, error, at, before
        self.identity = {"weights": identity}
        self.calls, self.loads, self.closed = [], 0, 0

    def load(self):
        self.loads += 1

    def recall(self, facts):
        self.recalled = facts

    def render(self, messages, *, add_generation_prompt, template=None):
        return f"{messages[0]['content']} {add_generation_prompt} {template}"

    def chat_template(self, name):
        return f"template {name}"

    def respond(self, requests):
        return self.resume(requests, range(len(requests)))

    def resume(self, requests, missing):
        self.calls.append((list(requests), list(missing)))
        for number, place in enumerate(missing):
            if self.before is not None:
                self.before(number)
            if self.error is not None and number == self.at:
                raise self.error
            request = requests[place]
            yield place, Scores(tuple((-float(len(request.context + one)), True) for one in request.continuations))

    def report(self):
        return {"truncated": {"loglikelihood": len(self.calls)}, "scoring": {"mode": "tree", "forwarded_tokens": 7}}

    def close(self):
        self.closed += 1


def requests(count=12):
    """Three groups of shared prefixes."""
    return [Loglikelihood(f"{'abc'[number % 3] * 30} {number:02d}", (" x", " yy")) for number in range(count)]


def expected(sent):
    return {
        place: Scores(tuple((-float(len(one.context + text)), True) for text in one.continuations))
        for place, one in enumerate(sent)
    }


@contextmanager
def ranks(*models, open_all=True):
    """Rank 0's group, and a thread for each other rank with its model."""
    ends, codes, threads, opened = {}, {}, [], []
    for rank, model in enumerate(models, 1):
        ours, theirs = pipes()
        ends[rank] = ours
        theirs.model = model

        def work(rank=rank, theirs=theirs, model=model):
            codes[rank] = serve(rank, theirs, lambda settings: opened.append((rank, settings)) or model)

        threads.append(threading.Thread(target=work, daemon=True))
        threads[-1].start()
    group = RankGroup(ends, lambda size: None)
    group.ends, group.codes, group.opened = ends, codes, opened
    if open_all:
        group.open(SETTINGS)
    try:
        yield group
    finally:
        group.end(failed=False)
        for thread, end in zip(threads, ends.values(), strict=True):
            # A real process has left when its rank 0 was gone; a thread cannot.
            if not end.is_cut:
                thread.join(20)
                assert not thread.is_alive()
