"""Token replay against the values of the book, and the life of orders against its model."""

from __future__ import annotations

import pytest

from trading_ecosystem.domains.audit.conformance import ORDER_LIFECYCLE, Activity, Net, Tokens, in_words, replay, replay_log

# van der Aalst, Process Mining (2016), table 8.1: L_full, and the nets of figure 8.3.
L_FULL = {
    "acdeh": 455,
    "abdeg": 191,
    "adceh": 177,
    "abdeh": 144,
    "acdeg": 111,
    "adceg": 82,
    "adbeh": 56,
    "acdefdbeh": 47,
    "adbeg": 38,
    "acdefbdeh": 33,
    "acdefbdeg": 14,
    "acdefdbeg": 11,
    "adcefcdeh": 9,
    "adcefdbeh": 8,
    "adcefbdeg": 5,
    "acdefbdefdbeg": 3,
    "adcefdbeg": 2,
    "adcefbdefbdeg": 2,
    "adcefdbefbdeh": 1,
    "adbefbdefdbeg": 1,
    "adcefdbefcdefdbeg": 1,
}


def net(**activities: tuple[str, str]) -> Net:
    """A net from ``letter="taken, put"`` pairs of places named by single characters; 0 starts, 9 ends."""
    return Net("0", "9", {letter: Activity(tuple(takes), tuple(puts)) for letter, (takes, puts) in activities.items()})


CONCURRENT = {"a": ("0", "12"), "b": ("1", "3"), "c": ("1", "3"), "d": ("2", "4"), "e": ("34", "5")}
N1 = net(**CONCURRENT, f=("5", "12"), g=("5", "9"), h=("5", "9"))
N2 = net(a=("0", "1"), b=("1", "2"), c=("1", "2"), d=("2", "3"), e=("3", "4"), f=("4", "1"), g=("4", "9"), h=("4", "9"))
N3 = net(a=("0", "12"), c=("1", "3"), d=("2", "4"), e=("34", "5"), h=("5", "9"))


def test_the_log_is_the_published_one() -> None:
    assert (len(L_FULL), sum(L_FULL.values())) == (21, 1_391)


@pytest.mark.parametrize(("model", "published"), [(N1, 1.0), (N2, 0.9504), (N3, 0.8797)])
def test_fitness_is_the_published_one(model: Net, published: float) -> None:
    tokens = replay_log(model, L_FULL)
    assert round(tokens.fitness, 4) == published
    assert tokens.fits is (published == 1.0)
    assert tokens.fitness_ppm == int(tokens.fitness * 1_000_000)


def test_counts_of_the_book_on_single_cases() -> None:
    """Figures 8.4 and 8.5: acdeh fits N1; adceh on N2 misses one token and leaves one."""
    assert replay(N1, "acdeh") == Tokens(7, 7, 0, 0)
    assert replay(N2, "adceh") == Tokens(6, 6, 1, 1)


@pytest.mark.parametrize("variant", ["rj", "ru", "rac", "rafs", "rapspsfs", "rappfsss", "rapcs", "ramc", "rapmfbs", "rafb"])
def test_lives_that_orders_may_have(variant: str) -> None:
    assert replay(ORDER_LIFECYCLE, variant).fits, in_words(variant)


@pytest.mark.parametrize(
    ("variant", "missing", "remaining"),
    [
        ("rapf", 0, 2),  # Two fills never settled.
        ("racfs", 1, 1),  # Filled after it was cancelled: two ends.
        ("rfs", 1, 1),  # Filled without an answer.
        ("rafss", 1, 0),  # Settled twice.
        ("rafsfs", 1, 1),  # Executed again after its end.
        ("ra", 1, 1),  # Never ended.
        ("afs", 1, 1),  # Never requested.
        ("raac", 1, 1),  # Accepted twice.
    ],
)
def test_lives_that_they_may_not_have(variant: str, missing: int, remaining: int) -> None:
    tokens = replay(ORDER_LIFECYCLE, variant)
    assert (tokens.missing, tokens.remaining) == (missing, remaining)
    assert tokens.fitness_ppm < 1_000_000


def test_fitness_is_never_rounded_up_to_a_fit() -> None:
    nearly = replay_log(ORDER_LIFECYCLE, {"rac": 10**9, "ra": 1})
    assert not nearly.fits
    assert nearly.fitness_ppm == 999_999
    assert Tokens().fitness_ppm == 1_000_000
