"""A model of one's own on lm-eval's command line, as papers' repositories have it.

python letters_lm.py --model letters --model_args seed=3 --tasks ... --output_path ...
"""

import math
from collections import Counter

from lm_eval.__main__ import cli_evaluate
from lm_eval.api.instance import Instance
from lm_eval.api.model import LM
from lm_eval.api.registry import register_model


@register_model("letters", "letter-counts")
class LettersLM(LM):
    """Scores a continuation by how often its letters stand in the context."""

    def __init__(self, seed=0, batch_size=1, device=None, **kwargs):
        super().__init__()
        self.seed = int(seed)

    def _score(self, context, text):
        counts = Counter(context)
        total = len(context) + 100 + self.seed
        return sum(math.log((counts[letter] + 1) / total) for letter in text)

    def loglikelihood(self, requests: list[Instance]):
        return [(self._score(*request.args), len(request.args[1]) < 3) for request in requests]

    def loglikelihood_rolling(self, requests: list[Instance]):
        return [self._score("", request.args[0]) for request in requests]

    def generate_until(self, requests: list[Instance]):
        texts = []
        for context, kwargs in (request.args for request in requests):
            text = context.split()[-1][::-1]
            for stop in kwargs["until"]:
                text = text.split(stop)[0]
            texts.append(text)
        return texts


if __name__ == "__main__":
    cli_evaluate()
