"""Exact integer rounding, the only two rules this domain uses for money."""

from __future__ import annotations


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
