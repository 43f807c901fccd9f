"""``lm_eval.result_schema``: the keys of what ``simple_evaluate`` returns, as types for annotations."""

from __future__ import annotations

from typing import Any, TypedDict

_SAMPLE = "doc_id doc target arguments resps filtered_resps filter metrics doc_hash prompt_hash target_hash"
_RESULTS = (
    "results groups group_subtasks configs versions n-shot higher_is_better n-samples samples config git_hash date"
    " pretty_env_info transformers_version lm_eval_version upper_git_hash"
)

SampleResult: Any = TypedDict("SampleResult", dict.fromkeys(_SAMPLE.split(), Any))  # pyright: ignore[reportArgumentType]
"""One document under one filter; scores stand beside these keys, under their own names."""

EvalResults: Any = TypedDict("EvalResults", dict.fromkeys(_RESULTS.split(), Any), total=False)  # pyright: ignore[reportArgumentType]
