"""Probabilities and quantiles of the normal, t, chi-square, beta and binomial distributions, in plain Python."""

# Why not scipy: comparing two stored runs must work, with the same digits, where nothing but Python is installed.
# scipy is what the tests compare with: within 1e-9 of the value, mostly within 1e-13.
#
# - beta by its continued fraction, evaluated by Lentz's method (Press et al., "Numerical Recipes", section 6.4). Its
#   leading factor is written as deviations from the mean (``_log_kernel``): differences of ``lgamma`` lose six
#   digits at a hundred thousand documents.
# - t and binomial from beta, chi-square from the incomplete gamma function (section 6.2 of the same book).
# - quantiles by Newton's steps inside a bracket that only shrinks; a step out of the bracket is a halving.
#
# A tail is computed as a tail, never as one minus its complement where it is the small one.

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from statistics import NormalDist

from proctor.errors import AnalysisError

_NORMAL = NormalDist()
_TINY = 1e-300
_EPSILON = 1e-16
_MOST_TERMS = 100_000


def normal_tail(z: float) -> float:
    """P(Z > z) of a standard normal Z.

    Args:
        z: A number.
    """
    return math.erfc(z / math.sqrt(2)) / 2


def normal_quantile(p: float) -> float:
    """The z with P(Z <= z) = p.

    Args:
        p: Between 0 and 1, both excluded.
    """
    return _NORMAL.inv_cdf(p)


def _stirling_rest(z: float) -> float:
    """``lgamma(z)`` minus Stirling's leading terms (Abramowitz and Stegun, 6.1.41)."""
    if z < 10:
        return math.lgamma(z) - (z - 0.5) * math.log(z) + z - 0.5 * math.log(2 * math.pi)
    square = z * z
    return (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / z


def _log_kernel(x: float, a: float, b: float) -> float:
    """``log(x^a (1 - x)^b / B(a, b))``."""
    n = a + b
    deviation = a * math.log(x * n / a) + b * math.log((1 - x) * n / b)
    rest = _stirling_rest(n) - _stirling_rest(a) - _stirling_rest(b)
    return deviation + rest + 0.5 * math.log(a * b / (2 * math.pi * n))


def _beta_fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    c, d = 1.0, 1 / max(1 - (a + b) * x / (a + 1), _TINY)
    value = d
    for m in range(1, _MOST_TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d, c = 1 + term * d, 1 + term / c
            d, c = 1 / (d if abs(d) > _TINY else _TINY), (c if abs(c) > _TINY else _TINY)
            value *= d * c
        if abs(d * c - 1) < _EPSILON * 3:
            break
    return value


def beta_cdf(x: float, a: float, b: float) -> float:
    """P(X <= x) of a beta variable: the regularized incomplete beta function.

    Args:
        x: A number; outside of [0, 1] the probability is 0 or 1.
        a: The first shape, above 0.
        b: The second shape, above 0.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    kernel = math.exp(_log_kernel(x, a, b))
    if x * (a + b + 2) < a + 1:
        return kernel * _beta_fraction(x, a, b) / a
    return 1 - kernel * _beta_fraction(1 - x, b, a) / b


def beta_quantile(p: float, a: float, b: float) -> float:
    """The x with P(X <= x) = p of a beta variable.

    Args:
        p: Between 0 and 1, both excluded.
        a: The first shape, above 0.
        b: The second shape, above 0.
    """
    return _solve(
        lambda x: beta_cdf(x, a, b) - p, lambda x: math.exp(_log_kernel(x, a, b)) / (x * (1 - x)), a / (a + b)
    )


def _solve(function: Callable[[float], float], slope: Callable[[float], float], start: float) -> float:
    """The root within (0, 1) of a function that rises from below 0 to above 0."""
    low, high, x = 0.0, 1.0, start
    for _ in range(1200):  # halving alone needs 1,075 steps for the smallest double
        value = function(x)
        low, high = (x, high) if value < 0 else (low, x)
        steep = slope(x)
        following = x - value / steep if steep > 0 else -1.0
        if not low < following < high:
            following = (low + high) / 2
        if abs(following - x) <= _EPSILON * x or following in (low, high):
            return following
        x = following
    return x


def student_tail(t: float, freedom: float) -> float:
    """P(T > t) of Student's t.

    Args:
        t: A number.
        freedom: Degrees of freedom, above 0.
    """
    tail = beta_cdf(freedom / (freedom + t * t), freedom / 2, 0.5) / 2
    return tail if t >= 0 else 1 - tail


def student_quantile(p: float, freedom: float) -> float:
    """The t with P(T <= t) = p of Student's t.

    Args:
        p: Between 0 and 1, both excluded.
        freedom: Degrees of freedom, above 0.
    """
    if p == 0.5:
        return 0.0
    # t^2 / (freedom + t^2) is a beta variable with the shapes 1/2 and freedom/2.
    share = beta_quantile(abs(2 * p - 1), 0.5, freedom / 2)
    return math.copysign(math.sqrt(freedom * share / (1 - share)), p - 0.5)


def chi_square_tail(x: float, freedom: float) -> float:
    """P(X > x) of a chi-square variable: the upper regularized incomplete gamma function.

    Args:
        x: A number.
        freedom: Degrees of freedom, above 0.
    """
    if x <= 0:
        return 1.0
    a, x = freedom / 2, x / 2
    kernel = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        for n in range(1, _MOST_TERMS):
            term *= x / (a + n)
            total += term
            if term < total * _EPSILON:
                break
        return 1 - kernel * total
    return kernel * _gamma_fraction(a, x)


def _gamma_fraction(a: float, x: float) -> float:
    """The continued fraction of the upper incomplete gamma function, by Lentz's method."""
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    value = d
    for n in range(1, _MOST_TERMS):
        factor = -n * (n - a)
        b += 2
        d, c = factor * d + b, b + factor / c
        d, c = 1 / (d if abs(d) > _TINY else _TINY), (c if abs(c) > _TINY else _TINY)
        value *= d * c
        if abs(d * c - 1) < _EPSILON * 3:
            break
    return value


def binomial_tail(k: int, n: int, p: float) -> float:
    """P(X >= k) of the number of hits in ``n`` independent trials.

    Args:
        k: A number of hits.
        n: The number of trials.
        p: The probability of a hit, between 0 and 1.
    """
    if k <= 0:
        return 1.0
    if k > n:
        return 0.0
    return beta_cdf(p, k, n - k + 1)


_MOST_EXACT = 20_000
"""Trials up to which sums of binomial coefficients are taken exactly."""


def fair_coin_cdf(k: int, n: int) -> float:
    """P(X <= k) of the number of heads in ``n`` throws of a fair coin, exact to the last digits.

    The last term is a quotient of integers, the others follow from it by ratios.

    Args:
        k: A number of heads.
        n: The number of throws.
    """
    if k < 0 or k >= n:
        return float(k >= n)
    if 2 * k >= n:
        return 1 - fair_coin_cdf(n - k - 1, n)
    if n > _MOST_EXACT:
        return beta_cdf(0.5, n - k, k + 1)
    term = ratio = 1.0
    total = 1.0
    for i in range(k, 0, -1):
        ratio = i / (n - i + 1)
        term *= ratio
        total += term
        if term < total * _EPSILON:
            break
    return math.comb(n, k) / (1 << n) * total


def fair_coin_probability(k: int, n: int) -> float:
    """P(X = k) of the number of heads in ``n`` throws of a fair coin.

    Args:
        k: A number of heads.
        n: The number of throws.
    """
    if not 0 <= k <= n:
        return 0.0
    if n <= _MOST_EXACT:
        return math.comb(n, k) / (1 << n)
    return math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2))


def binomial_window(n: int, p: float, negligible: float) -> tuple[int, list[float]]:
    """The probabilities of numbers of hits, without those that are negligible beside the likeliest one.

    Args:
        n: The number of trials.
        p: The probability of a hit, between 0 and 1, both excluded.
        negligible: The share of the largest probability below which the ends are left out.

    Returns:
        The smallest number of hits that is not left out, and the probabilities from there on.
    """
    mode = min(n, int((n + 1) * p))
    peak = math.exp(_log_kernel(p, mode + 1, n - mode + 1)) / ((n + 1) * p * (1 - p))
    odds, least = p / (1 - p), peak * negligible
    above, value, k = [peak], peak, mode
    while k < n and value > least:
        value *= (n - k) / (k + 1) * odds
        k += 1
        above.append(value)
    below, value, k = [], peak, mode
    while k > 0 and value > least:
        value *= k / (n - k + 1) / odds
        k -= 1
        below.append(value)
    return k, below[::-1] + above


_SLOT, _SCALE = 16, 1 << 62


def convolved(first: Sequence[float], second: Sequence[float]) -> list[float]:
    """The distribution of a sum of two independent whole numbers, each probability within 1e-17.

    Probabilities become whole multiples of 2^-62 in slots of 128 bits of one long integer, and Python's
    multiplication of integers convolves them (Kronecker's substitution): the sum of a hundred thousand products takes
    a millisecond.

    Args:
        first: Probabilities of 0, 1, 2, ..., that add up to at most 1.
        second: Those of the other number.
    """
    product = _packed(first) * _packed(second)
    count = len(first) + len(second) - 1
    words = struct.unpack(f"<{2 * count}Q", product.to_bytes(_SLOT * count, "little"))
    return [high * 2.0**-60 + low * 2.0**-124 for low, high in zip(words[::2], words[1::2], strict=True)]


def _packed(probabilities: Sequence[float]) -> int:
    words = [0] * (2 * len(probabilities))
    words[::2] = [int(probability * _SCALE) for probability in probabilities]
    return int.from_bytes(struct.pack(f"<{len(words)}Q", *words), "little")


def check_level(level: float) -> float:
    """The probability in each tail outside of an interval at a level.

    Args:
        level: The probability that the interval covers, between 0 and 1: 0.95.

    Raises:
        AnalysisError: It is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise AnalysisError(f"The level of an interval is {level}: it must lie between 0 and 1.")
    return (1 - level) / 2
