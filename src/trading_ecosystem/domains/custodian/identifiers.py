"""Check digits of the identifiers that settlement is instructed by.

Each function says what is wrong with an identifier, or nothing. That an identifier is well formed does not say that anything
is registered under it.
"""

from __future__ import annotations

from typing import Final

_DIGITS: Final = "0123456789"
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUES: Final = {character: value for value, character in enumerate(_DIGITS + _LETTERS)}
"""A digit is itself, A is 10, Z is 35."""
_VOWELS: Final = frozenset("AEIOU")
_FIGI_TAKEN_PREFIXES: Final = frozenset({"BS", "BM", "GG", "GB", "GH", "KY", "VG"})
"""First letters with which a FIGI could be taken for an ISIN."""


def isin_problem(text: str) -> str | None:
    """What is wrong with an International Securities Identification Number (ISO 6166).

    Two letters, nine letters or digits, and a check digit: with every letter written as its two-digit number, the sum of the
    digits, each second one from the right doubled and its own digits added, is a multiple of ten.
    """
    wrong = _form_problem(text, 12)
    if wrong is not None:
        return wrong
    if text[0] not in _LETTERS or text[1] not in _LETTERS or text[-1] not in _DIGITS:
        return "expected two letters first and a digit last"
    numbers = "".join(str(_VALUES[character]) for character in text[:-1])
    total = sum(_digit_sum(int(digit) * (2 if place % 2 == 0 else 1)) for place, digit in enumerate(reversed(numbers)))
    return _check_problem(text[-1], str(-total % 10))


def lei_problem(text: str) -> str | None:
    """What is wrong with a Legal Entity Identifier (ISO 17442; check digits by ISO/IEC 7064, MOD 97-10).

    Eighteen letters or digits and two check digits: with every letter written as its number, the whole is 1 modulo 97.
    """
    wrong = _form_problem(text, 20)
    if wrong is not None:
        return wrong
    if text[-2] not in _DIGITS or text[-1] not in _DIGITS:
        return "expected two digits last"
    remainder = _number(text[:-2] + "00") % 97
    return _check_problem(text[-2:], f"{98 - remainder:02d}")


def figi_problem(text: str) -> str | None:
    """What is wrong with a Financial Instrument Global Identifier (OMG, *Financial Instrument Global Identifier*).

    Two consonants that begin no ISIN that could be meant, G, eight consonants or digits, and a check digit: the sum of the
    digits of all values, each second value doubled, is a multiple of ten.
    """
    wrong = _form_problem(text, 12)
    if wrong is not None:
        return wrong
    if text[0] not in _LETTERS or text[1] not in _LETTERS or text[2] != "G" or text[-1] not in _DIGITS:
        return "expected two letters, then G, and a digit last"
    if text[:2] in _FIGI_TAKEN_PREFIXES:
        return f"it may not begin with {text[:2]}, as identifiers of another kind do"
    if _VOWELS.intersection(text):
        return "it has a vowel, expected consonants and digits"
    total = sum(_digit_sum(_VALUES[character] * (1 + place % 2)) for place, character in enumerate(text[:-1]))
    return _check_problem(text[-1], str(-total % 10))


def _form_problem(text: str, length: int) -> str | None:
    if len(text) != length:
        return f"it has {len(text)} characters, expected {length}"
    if any(character not in _VALUES for character in text):
        return "expected digits and capital letters of the Latin alphabet"
    return None


def _check_problem(given: str, expected: str) -> str | None:
    return None if given == expected else f"its check digits are {given}, expected {expected}"


def _number(text: str) -> int:
    return int("".join(str(_VALUES[character]) for character in text))


def _digit_sum(value: int) -> int:
    return value // 10 + value % 10
