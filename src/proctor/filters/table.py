"""The filters there are, by the names that task files use."""

from __future__ import annotations

from proctor.filters.base import Filter
from proctor.registry import Table

FILTERS: Table[type[Filter]] = Table(
    "filter",
    {
        "take_first": "proctor.filters.pick:TakeFirst",
        "take_first_k": "proctor.filters.pick:TakeFirstK",
        "majority_vote": "proctor.filters.pick:MajorityVote",
        "regex": "proctor.filters.extract:Regex",
        "regex_pos": "proctor.filters.extract:RegexPos",
        "multi_choice_regex": "proctor.filters.extract:MultiChoiceRegex",
        "remove_whitespace": "proctor.filters.change:RemoveWhitespace",
        "lowercase": "proctor.filters.change:Lowercase",
        "uppercase": "proctor.filters.change:Uppercase",
        "map": "proctor.filters.change:MapValues",
        "format_span": "proctor.filters.change:FormatSpan",
        "custom": "proctor.filters.change:Custom",
    },
    group="proctor.filters",
)
"""Name -> filter class. Source: lm-eval's filter registry."""
