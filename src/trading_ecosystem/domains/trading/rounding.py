"""Exact integer rounding, the only rules this domain uses for money."""

from __future__ import annotations

from collections.abc import Sequence


def half_even(numerator: int, denominator: int) -> int:
    """``numerator / denominator`` to the nearest integer, ties to the even one; the denominator is positive."""
    assert denominator > 0
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    if twice > denominator or (twice == denominator and quotient & 1):
        quotient += 1
    return quotient


def upwards(numerator: int, denominator: int) -> int:
    """``numerator / denominator`` rounded towards plus infinity; the denominator is positive."""
    assert denominator > 0
    return -(-numerator // denominator)


def apportioned(numerators: Sequence[int], denominator: int) -> list[int]:
    """Each ``numerator / denominator`` as an integer, so that they add up to their sum rounded half to even.

    By the largest remainder (Hare and Hamilton): each is floored, and those that lost most have one more, the first of equals
    before the others. So no part is a whole unit away from what it is exactly.
    """
    whole = half_even(sum(numerators), denominator)
    parts = [numerator // denominator for numerator in numerators]
    missing = whole - sum(parts)
    lost = sorted(range(len(parts)), key=lambda i: (-(numerators[i] % denominator), i))
    for i in lost[:missing]:
        parts[i] += 1
    return parts
