"""Counts in messages: ``1 task``, ``57 tasks``."""

from __future__ import annotations


def counted(count: float, noun: str, plural: str | None = None) -> str:
    """``1 task``, ``1,500 replies``, ``0.5 GPUs``.

    Args:
        count: How many.
        noun: What, in the singular.
        plural: What, in the plural; None: with an s.
    """
    number = f"{count:,}" if isinstance(count, int) else f"{count:g}"
    return f"{number} {noun if count == 1 else plural or noun + 's'}"
