"""Numbers as sentences and tables have them: points, intervals, p-values, lists that end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from proctor.stats.intervals import Interval

MINUS = "−"


def number(value: float | None, digits: int = 4) -> str:
    """A score: ``0.5118``; a dash where there is none.

    Args:
        value: The score.
        digits: Decimals.
    """
    return "—" if value is None else f"{value:.{digits}f}".replace("-", MINUS)


def signed(value: float | None, digits: int = 4) -> str:
    """A difference with its sign: ``+0.0138``, ``−0.0138``.

    Args:
        value: The difference.
        digits: Decimals.
    """
    if value is None:
        return "—"
    text = f"{value:+.{digits}f}"
    # "-0.0000" of a rounded difference looks like a finding.
    return f" {text[1:]}" if float(text) == 0 else text.replace("-", MINUS)


def span(interval: Interval | None, digits: int = 4) -> str:
    """An interval in brackets: ``[−0.021, +0.006]`` without the plus.

    Args:
        interval: Lower and upper end.
        digits: Decimals.
    """
    return "—" if interval is None else f"[{number(interval[0], digits)}, {number(interval[1], digits)}]"


def probability(p: float | None) -> str:
    """A p-value with two significant digits: ``0.024``, ``7e−6``, ``1``.

    Args:
        p: Between 0 and 1.
    """
    if p is None:
        return "—"
    if p >= 0.995:
        return "1"
    if p >= 9.5e-4:
        return f"{p:.2g}"
    mantissa, _, exponent = f"{p:.0e}".partition("e")
    return f"{mantissa}e{int(exponent)}".replace("-", MINUS) if p > 1e-30 else f"<1e{MINUS}30"


def p_value(p: float | None) -> str:
    """A p-value in a sentence: ``p = 0.024``, ``p < 1e−30``.

    Args:
        p: Between 0 and 1.
    """
    text = probability(p)
    return f"p < {text[1:]}" if text.startswith("<") else f"p = {text}"


def in_points(value: float) -> bool:
    """Whether a score is a share, so that differences of it are said in points.

    Args:
        value: The score.
    """
    return 0 <= value <= 1


def points(value: float, *, share: bool = True, sign: bool = False) -> str:
    """A difference in words: ``4.9 points``; of what is no share the number itself.

    Args:
        value: The difference.
        share: Whether the scores are shares.
        sign: Whether a positive difference has its sign.
    """
    if not share:
        return signed(value).strip() if sign else number(value)
    text = f"{100 * value:{'+' if sign else ''}.1f}".replace("-", MINUS)
    text = "0.0" if text in ("+0.0", f"{MINUS}0.0") else text
    return f"{text} point{'' if text in ('1.0', '+1.0') else 's'}"


def range_in_points(interval: Interval, *, share: bool = True) -> str:
    """``2.8 to 7.0`` points.

    Args:
        interval: Lower and upper end of a difference.
        share: Whether the scores are shares.
    """
    low, high = (f"{100 * end:.1f}".replace("-", MINUS) if share else number(end) for end in interval)
    return f"{low} to {high}"


def named(names: Sequence[str], most: int = 5) -> str:
    """``a, b, c and 4 more``.

    Args:
        names: What is listed.
        most: How many are named.
    """
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")


def rounded(count: int) -> str:
    """A number of documents that is an estimate, with two digits: ``about 20,000`` without the word.

    Args:
        count: The number.
    """
    return f"{float(f'{count:.2g}'):,.0f}"


def names_by_reason(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Names that share a reason, so that each reason is said once.

    Args:
        pairs: A reason and a name each; the order of reasons is that of their first names.
    """
    found: dict[str, list[str]] = {}
    for reason, name in pairs:
        found.setdefault(reason, []).append(name)
    return found
