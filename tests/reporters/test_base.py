"""What reporters have in common."""

from __future__ import annotations

from proctor.reporters.base import ReporterError, ShownReporter, text_argument
from proctor.reporters.eval_results import EvalResultsReporter
from proctor.reporters.tensorboard_reporter import TensorboardReporter


def test_arguments_are_texts_again():
    assert text_argument({"name": 7}, "name") == "7"
    assert text_argument({"name": ""}, "name") is None
    assert text_argument({}, "name") is None


def test_what_goes_to_a_models_page_is_shown_first():
    assert isinstance(EvalResultsReporter({}), ShownReporter)
    assert not isinstance(TensorboardReporter({}), ShownReporter)


def test_an_error_of_a_reporter_holds_no_secret():
    assert "hf_abcDEF" not in str(ReporterError("401 for Bearer hf_abcDEF1234567xyz"))
