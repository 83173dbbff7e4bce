import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading_ecosystem.domains.custodian.identifiers import figi_problem, isin_problem, lei_problem

# Apple, Apple's FIGI of the New York composite, the legal entity of ISO 17442's example; BAE Systems, Deutsche Telekom, Toyota.
VALID = [
    (isin_problem, "US0378331005"),
    (isin_problem, "GB0002634946"),
    (isin_problem, "DE0005557508"),
    (isin_problem, "JP3633400001"),
    (lei_problem, "213800KUD8LAJWSQ9D15"),
    (lei_problem, "5493001KJTIIGC8Y1R12"),
    (figi_problem, "BBG000BLNQ16"),
    (figi_problem, "BBG000B9XRY4"),
]


@pytest.mark.parametrize(("problem", "text"), VALID)
def test_valid(problem, text):
    assert problem(text) is None


@pytest.mark.parametrize(
    ("problem", "text", "expected"),
    [
        (isin_problem, "US0378331003", "its check digits are 3, expected 5"),
        (isin_problem, "US037833100", "it has 11 characters, expected 12"),
        (isin_problem, "us0378331005", "expected digits and capital letters of the Latin alphabet"),
        (isin_problem, "U50378331005", "expected two letters first and a digit last"),
        (isin_problem, "US037833100A", "expected two letters first and a digit last"),
        (isin_problem, "US03783310٠5", "expected digits and capital letters of the Latin alphabet"),
        (lei_problem, "213800KUD8LXJWSQ9D15", "its check digits are 15, expected 58"),
        (lei_problem, "213800KUD8LAJWSQ9D1A", "expected two digits last"),
        (lei_problem, "213800", "it has 6 characters, expected 20"),
        (figi_problem, "BBG000BLNQ14", "its check digits are 4, expected 6"),
        (figi_problem, "BBX000BLNQ16", "expected two letters, then G, and a digit last"),
        (figi_problem, "GBG000BLNQ16", "it may not begin with GB, as identifiers of another kind do"),
        (figi_problem, "BBG000BLAQ16", "it has a vowel, expected consonants and digits"),
    ],
)
def test_invalid(problem, text, expected):
    assert problem(text) == expected


@given(st.sampled_from(VALID), st.integers(0, 19), st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
def test_one_digit_that_is_wrong_is_found(case, place, character):
    """The promise of all three schemes for digits; Luhn's does not hold for letters, which stand for two digits."""
    problem, text = case
    place %= len(text)
    if character == text[place] or not (character.isdigit() and text[place].isdigit()):
        return
    assert problem(text[:place] + character + text[place + 1 :]) is not None


@given(st.text("0159AEBGZkß٠ -", max_size=24))
def test_any_text_is_answered(text):
    for problem in (isin_problem, lei_problem, figi_problem):
        assert problem(text) is None or isinstance(problem(text), str)
