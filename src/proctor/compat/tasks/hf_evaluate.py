"""What task files get when they ``import evaluate``: metrics by name, proctor's own where it has them.

Most task folders load one metric from the Hugging Face library ``evaluate``, which downloads a script
for it. Where proctor measures the same, nothing is downloaded and nothing needs to be installed.
Everything else is handed on to the real package.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proctor.metrics.evaluate_loader import load_object, own_metric


class Metric:
    """A metric as ``evaluate.load`` gives it: documents are added, or given to :meth:`compute` at once."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.name = name
        self._function = function
        self._added: list[tuple[Any, Any]] = []

    def add(self, *, prediction: Any = None, reference: Any = None, references: Any = None) -> None:
        """Keep one document for :meth:`compute`; ``references`` are several right answers."""
        self._added.append((prediction, reference if references is None else references))

    def add_batch(self, *, predictions: Any = None, references: Any = None) -> None:
        """Keep documents for :meth:`compute`."""
        self._added += zip(predictions, references, strict=True)

    def compute(self, *, predictions: Any = None, references: Any = None, **settings: Any) -> Any:
        """The scores of the documents given, or of those that were added."""
        if predictions is None and references is None and self._added:
            predictions, references = map(list, zip(*self._added, strict=True))
            self._added = []
        return self._function(predictions=predictions, references=references, **settings)


def load(path: str, config_name: str | None = None, *args: Any, **options: Any) -> Any:
    """A metric by its name: proctor's own, else the real package's with all that is asked for."""
    # A configuration (glue, mrpc) is something that proctor's own metrics do not have.
    own = own_metric(path) if config_name is None else None
    return load_object(path, config_name, *args, **options) if own is None else Metric(path, own)


def __getattr__(name: str) -> Any:
    from proctor.errors import MissingExtraError
    from proctor.lazy import need

    if name.startswith("__"):
        raise AttributeError(name)
    try:
        return getattr(need("evaluate"), name)
    except MissingExtraError as error:
        raise AttributeError(
            f"proctor's own 'evaluate' has no {name!r}, and the package of that name is not installed "
            "(pip install evaluate)"
        ) from error
