"""The language that a browser prefers, of those that pages are in."""

from __future__ import annotations

from proctor.html_report.language import LANGUAGES, Code


def preferred_language(header: str) -> Code | None:
    """A language by the header ``Accept-Language``, as in ``ko-KR,ko;q=0.9,en;q=0.8``.

    Args:
        header: Its text; "": the browser names none.

    Returns:
        The known language with the highest weight, the first of those that are equal; None: none is known.
    """
    best: Code | None = None
    highest = 0.0
    for part in header.split(","):
        tag, *parameters = (one.strip() for one in part.lower().split(";"))
        code: Code | None = next((one for one in LANGUAGES if tag.partition("-")[0] == one), None)
        if code is not None and (weight := _weight(parameters)) > highest:
            best, highest = code, weight
    return best


def _weight(parameters: list[str]) -> float:
    """``q=0.8`` of a language; 1 where it has none; 0, which is never taken, where it is no number."""
    given = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    try:
        return float(given)
    except ValueError:
        return 0.0
