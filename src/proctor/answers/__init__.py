"""From the text that a chat model wrote to the option that it chose: :func:`find_answer`.

``reply`` makes the text plain, ``labels`` finds labels in it, ``statements`` the sentences that state one, ``verdicts``
what is right or wrong according to it, and ``ladder`` decides; ``choice`` makes the response to a request of it.
Nothing here knows a task or a model.
"""

from proctor.answers.choice import read_choice
from proctor.answers.ladder import Answer, Reason, Rung, find_answer

__all__ = ["Answer", "Reason", "Rung", "find_answer", "read_choice"]
