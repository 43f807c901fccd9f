"""``lm_eval.filters.decontamination``: a name that exists there and does nothing there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from proctor.compat.tasks.registry import register_filter
from proctor.errors import UsageError
from proctor.filters.base import Filter


@register_filter("decontaminate")
class DecontaminationFilter(Filter):
    """lm-eval's class is an empty shell that gives no outcomes; using it is refused with a sentence."""

    name = "track_decontamination"

    def __init__(self, path: Any) -> None:
        super().__init__()
        self.path = path

    def apply(self, resps: Iterable[Any], docs: Sequence[Mapping[str, Any]]) -> Iterable[Any]:
        """Refuse: there is nothing to follow."""
        raise UsageError(
            "The filter 'decontaminate' tells no contaminated documents apart: lm-eval has only its name.",
            hint="Leave it out of the filter_list.",
        )
