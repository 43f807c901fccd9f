"""An exception without any text."""

from __future__ import annotations


class Silent(Exception):
    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__
