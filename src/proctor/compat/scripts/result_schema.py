"""``lm_eval.result_schema``: the types of what ``simple_evaluate`` returns, for annotations."""

from __future__ import annotations

from typing import Any, TypedDict


class SampleResult(TypedDict):
    """One document under one filter; figures stand beside these keys, under their own names."""

    doc_id: int
    doc: dict[str, Any]
    target: Any
    arguments: Any
    resps: list[Any]
    filtered_resps: list[Any]
    filter: str
    metrics: list[str]
    doc_hash: str
    prompt_hash: str
    target_hash: str


EvalResults = TypedDict(
    "EvalResults",
    {
        "results": dict[str, dict[str, Any]],
        "groups": dict[str, dict[str, Any]],
        "group_subtasks": dict[str, list[str]],
        "configs": dict[str, dict[str, Any]],
        "versions": dict[str, Any],
        "n-shot": dict[str, int],
        "higher_is_better": dict[str, dict[str, bool | None]],
        "n-samples": dict[str, dict[str, int]],
        "samples": dict[str, list[SampleResult]],
        "config": dict[str, Any],
        "git_hash": str | None,
        "date": float,
        "pretty_env_info": str,
        "transformers_version": str,
        "lm_eval_version": str,
        "upper_git_hash": str | None,
    },
    total=False,
)
