"""Warnings of many workers, each said once: all copies of a model warn of the same."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

log = logging.getLogger("proctor")

_NUMBERS = re.compile(r"\d[\d,.]*")


class SharedWarnings:
    """What workers have warned of so far."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def show(self, texts: Iterable[str]) -> None:
        """Log those that say something new; the same with other numbers is not.

        Args:
            texts: Warnings of a worker.
        """
        for text in texts:
            form = _NUMBERS.sub("#", text)
            if form not in self._known:
                self._known.add(form)
                log.warning("%s", text)
