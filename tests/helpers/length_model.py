"""A model of a script that prefers short continuations."""

from __future__ import annotations

from proctor.compat.scripts.model import LM


class Lengths(LM):
    """Prefers short continuations."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.factor = factor
        self.calls = []

    def loglikelihood(self, requests):
        self.calls.append(("loglikelihood", len(requests)))
        return [(-self.factor * len(request.args[1]), False) for request in requests]

    def loglikelihood_rolling(self, requests):
        raise NotImplementedError

    def generate_until(self, requests):
        self.calls.append(("generate_until", len(requests)))
        return [request.args[0][-3:] for request in requests]
