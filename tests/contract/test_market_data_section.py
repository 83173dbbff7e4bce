"""How the further parts of ``market_data`` are written in a scenario, what they become, and every mistake in them."""

from __future__ import annotations

import pytest

from trading_ecosystem.adapters import scenario_parameters as made_from
from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.domains.market_data.parameters import MarketDataParameters
from trading_ecosystem.domains.market_data.spreads import SpreadKind, SpreadParameters
from trading_ecosystem.domains.test_coordination.estimate import estimate_entries
from trading_ecosystem.messages.units import HOUR, SECOND
from trading_ecosystem.ports.errors import BadInput


def text(market_data: str) -> str:
    return f"title: T\nduration: 2h\necosystem:\n  market_data: {{{market_data}}}\n"


def made(market_data: str) -> MarketDataParameters:
    return made_from.market_data_parameters(parse_scenario(text(market_data), "s.yaml"))


def test_reference_quotes() -> None:
    assert made("tick: 10s").spreads == SpreadParameters()
    assert not SpreadParameters().published
    fixed = SpreadParameters(kind=SpreadKind.FIXED, width_ppm=700, published=True)
    assert made("reference_quotes: {spread: fixed, width: 0.0007}").spreads == fixed
    modelled = SpreadParameters(kind=SpreadKind.MODELLED, liquidity_ppm={"ETH/BTC": 250_000}, published=True)
    assert made("reference_quotes: {spread: modelled, liquidity: {ETH/BTC: 0.25}}").spreads == modelled


def test_reference_quotes_count_in_the_estimate() -> None:
    bare, quoted = (
        estimate_entries(parse_scenario(text(part), "s.yaml")) for part in ("tick: 10s", "reference_quotes: {spread: fixed}")
    )
    assert quoted - bare == 2 * HOUR // (10 * SECOND) * 6


MISTAKES = [
    ("reference_quotes: {}", "reference_quotes has no 'spread'; expected this field"),
    ("reference_quotes: {spread: wide}", "unknown spread 'wide'; expected one of: fixed, modelled"),
    ("reference_quotes: {spread: fixed, width: 0}", "width cannot be '0'; expected a ratio from 0.000001 to 0.1"),
    ("reference_quotes: {spread: fixed, liquidity: {}}", "'liquidity' does not shape a fixed spread"),
    ("reference_quotes: {spread: modelled, width: 0.1}", "'width' does not shape a modelled spread"),
    ("reference_quotes: {spread: modelled, liquidity: {BTC: 1}}", "unknown instrument 'BTC'"),
    ("reference_quotes: {spread: modelled, liquidity: {BTC/USD: 0}}", "the liquidity of BTC/USD cannot be '0'"),
]


@pytest.mark.parametrize(("market_data", "problem"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_one_line_with_its_place(market_data: str, problem: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_scenario(text(market_data), "s.yaml")
    assert problem in str(caught.value)
    assert str(caught.value).startswith("s.yaml:4:")
    assert "\n" not in str(caught.value)
