"""pass@k, and the verdicts it is made of."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import UsageError
from proctor.metrics.evaluate_loader import own_metric
from proctor.metrics.metric_list import use_metric
from proctor.metrics.pass_at_k import code_eval, pass_at_k, passes
from proctor.refs import Ref
from proctor.sandbox.consent import code_consent
from proctor.tasks.output_types.table import OUTPUT_TYPES

RIGHT, WRONG, LOOP = "def add(a, b):\n    return a + b", "def add(a, b):\n    return a * b", "while True:\n    pass"
TEST = "assert add(2, 3) == 5"


def test_the_librarys_own_example():
    figures, results = code_eval(references=[TEST], predictions=[[WRONG, RIGHT]], k=[1, 2])
    assert figures == {"pass@1": 0.5, "pass@2": 1.0}
    assert results == {
        0: [
            (0, {"task_id": 0, "passed": False, "result": "failed: ", "completion_id": 0}),
            (1, {"task_id": 0, "passed": True, "result": "passed", "completion_id": 1}),
        ]
    }


def test_figures_are_means_over_problems_and_k_needs_enough_candidates():
    figures, _ = code_eval(references=[TEST, TEST], predictions=[[RIGHT, WRONG, WRONG], [RIGHT, RIGHT]], k=(1, 2, 3))
    assert figures == {"pass@1": pytest.approx((1 / 3 + 1) / 2), "pass@2": pytest.approx((2 / 3 + 1) / 2)}
    assert code_eval(references=[TEST], predictions=[[RIGHT]])[0] == {"pass@1": 1.0}
    assert code_eval(references=[TEST], predictions=[[RIGHT]], k=1)[0] == {"pass@1": 1.0}
    assert code_eval(references=[], predictions=[]) == ({}, {})


def test_verdicts_are_told():
    broken = ["raise ValueError('no')", "def f(", LOOP, "import os\nos._exit(0)"]
    _, results = code_eval(references=["pass"], predictions=[broken], timeout=0.5)
    said = [result["result"] for _, result in results[0]]
    assert said[0] == "failed: no"
    assert said[1].startswith("failed: ")
    assert said[2] == "timed out"
    assert said[3] == "failed: ended with exit status 0 before its tests had run"


def test_candidates_that_are_no_lists_of_texts_are_a_sentence():
    with pytest.raises(UsageError, match="a list of candidate programs per problem"):
        code_eval(references=[TEST], predictions=[RIGHT])  # pyright: ignore
    with pytest.raises(UsageError, match="2 lists of candidates for 1 tests"):
        code_eval(references=[TEST], predictions=[[RIGHT], [RIGHT]])


def test_a_session_without_consent_is_refused():
    with code_consent(False):
        with pytest.raises(UsageError, match="runs programs that the model writes"):
            code_eval(references=[TEST], predictions=[[RIGHT]])
        with pytest.raises(UsageError, match="confirm_run_unsafe_code"):
            own_metric("code_eval")


@given(st.integers(1, 7).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_the_estimate_is_the_share_of_all_draws_that_hold_a_right_one(case):
    total, right, k = case
    draws = list(itertools.combinations([True] * right + [False] * (total - right), k))
    assert math.isclose(pass_at_k(total, right, k), sum(map(any, draws)) / len(draws))


CHECKER = """
def unsafe_execute(check_program, result, timeout):
    raise AssertionError("this would run in a fork of the harness")


def check_correctness(check_program, timeout=3):
    return unsafe_execute(check_program, [], timeout)


def share(references, predictions):
    told = [check_correctness(program) for program in predictions[0]]
    return {"pass@1": sum(told) / len(told)}
"""


def test_a_folders_own_checker_runs_its_programs_in_the_sandbox(tmp_path):
    (tmp_path / "utils.py").write_text(CHECKER, encoding="utf-8")
    entry = {"metric": Ref(str(tmp_path), "utils.share"), "aggregation": "mean"}
    use = use_metric(entry, output=OUTPUT_TYPES["generate_until"].measured, with_process_results=False)
    assert use.function is not None
    assert use.function(references=[""], predictions=[["assert True", "import os\nos._exit(0)"]]) == {"pass@1": 0.5}
    with code_consent(False), pytest.raises(UsageError, match="own checker runs programs"):
        use.function(references=[""], predictions=[["assert True"]])


def test_a_checker_of_another_kind_is_left_alone(tmp_path):
    text = CHECKER.replace("check_program, timeout=3", "problem, completion, timeout=3").replace(
        "unsafe_execute(check_program", "print(problem"
    )
    (tmp_path / "utils.py").write_text(text, encoding="utf-8")
    entry = {"metric": Ref(str(tmp_path), "utils.share"), "aggregation": "mean"}
    use = use_metric(entry, output=OUTPUT_TYPES["generate_until"].measured, with_process_results=False)
    assert use.function is not None
    assert use.function.__globals__["check_correctness"] is not passes
