"""A model that responds by the text of its request, and counts what it was sent."""

from __future__ import annotations

from proctor.types import Loglikelihood, Rolling, RollingScore, Scores, Text


class Oracle:
    """Answers by the text it is asked, counts its questions, and stops after ``stop`` of them."""

    name = "oracle"

    def __init__(self, identity=None, stop=None, error=KeyboardInterrupt):
        self.identity = {"weights": "abc"} if identity is None else identity
        self.asked, self.stop, self.error = [], stop, error
        self.info = {"model_dtype": "torch.float32"}

    def respond(self, requests):
        for number, request in reversed(list(enumerate(requests))):
            if self.stop is not None and len(self.asked) >= self.stop:
                raise self.error
            self.asked.append(request)
            yield number, self._answer(request)

    def _answer(self, request):
        if isinstance(request, Loglikelihood):
            return Scores(
                tuple((-float(len(request.context)) / 7 - ord(text[-1]), False) for text in request.continuations)
            )
        return RollingScore(-1.5) if isinstance(request, Rolling) else Text(request.prompt[::-1])

    def report(self):
        return {}

    def render(self, messages, **_):
        raise NotImplementedError

    def close(self):
        pass
