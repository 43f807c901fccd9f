"""An AGIEval question may have several right answers; picking any of them counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def any_gold(doc: dict[str, Any], results: Sequence[tuple[float, bool]]) -> dict[str, float]:
    import numpy as np

    scores = np.array([loglikelihood for loglikelihood, _ in results])
    lengths = np.array([float(len(choice)) for choice in doc["choices"]])
    return {
        "acc": float(int(scores.argmax()) in doc["gold"]),
        "acc_norm": float(int((scores / lengths).argmax()) in doc["gold"]),
    }
