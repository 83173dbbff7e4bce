"""How the further parts of ``market_data`` are written in a scenario, what they become, and every mistake in them."""

from __future__ import annotations

import pytest

from trading_ecosystem.adapters import scenario_parameters as made_from
from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.domains.market_data.parameters import MarketDataParameters
from trading_ecosystem.domains.market_data.path_shapes import PathKind, PathParameters
from trading_ecosystem.domains.market_data.sources import ConsensusMethod, ConsensusParameters, SourceParameters
from trading_ecosystem.domains.market_data.spreads import SpreadKind, SpreadParameters
from trading_ecosystem.domains.test_coordination import market_data_section as section
from trading_ecosystem.domains.test_coordination.estimate import estimate_entries
from trading_ecosystem.messages.units import HOUR, MINUTE, SECOND
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


def test_paths() -> None:
    assert made("tick: 10s").path == PathParameters()
    assert (made("tick: 10s").jumps, made("path: {kind: brownian}").jumps) == (True, False)
    assert made("path: {kind: geometric_brownian, drift: -0.25}").path == PathParameters(
        kind=PathKind.GEOMETRIC_BROWNIAN, drift="-0.25"
    )
    assert made("path: {kind: trend_following, half_life: 2h, strength: 0.5}").path == PathParameters(
        kind=PathKind.TREND_FOLLOWING, half_life_ns=2 * HOUR, strength="0.5"
    )
    assert made("path: {kind: crash, magnitude: -0.4, start: 1h, over: 30m, factor: 3}").path == PathParameters(
        kind=PathKind.CRASH, magnitude_ppm=-400_000, start_ns=HOUR, over_ns=HOUR // 2, factor="3"
    )
    assert made("path: {kind: consolidation, start: 0s, over: 1h, factor: 0.2, half_life: 5m}").path == PathParameters(
        kind=PathKind.CONSOLIDATION, over_ns=HOUR, factor="0.2", half_life_ns=5 * MINUTE
    )


def test_time_of_day() -> None:
    assert not made("tick: 10s").time_of_day
    assert made("time_of_day: true").time_of_day


def test_every_kind_of_path_is_one_that_market_data_knows() -> None:
    assert [kind.value for kind in PathKind] == [kind.value for kind in section.PathKind]


def test_a_recording_has_a_speed_and_may_be_resembled() -> None:
    played = "recording: {file: x.csv, format: csv, speed: 2.5, similar: {block: 12, resemblance: 0.5}}"
    read = parse_scenario(text(played), "s.yaml").ecosystem.market_data.recording
    assert read == section.Recording(
        "x.csv", section.RecordingFormat.CSV, SECOND, 2_500_000, section.SimilarSeries(12, 500_000)
    )
    plain = parse_scenario(text("recording: {file: x.csv, format: csv, similar: {}}"), "s.yaml").ecosystem.market_data.recording
    assert plain == section.Recording("x.csv", section.RecordingFormat.CSV, SECOND, 1_000_000, section.SimilarSeries(30, 0))


def test_sources() -> None:
    assert made("tick: 10s").sources is None
    written = (
        "sources: [{name: a}, {name: b, priority: 5, weight: 2.5, every: 20s, noise: 0.0001, bias: -0.002, lag: 3s,"
        " error: {probability: 0.01, size: 0.5}, outages: [{from: 1m, until: 2m}]}],"
        " consensus: {method: priority, smoothing: 30s, stale_after: 15s, tolerance: 0.001}"
    )
    assert made(written).sources == ConsensusParameters(
        sources=(
            SourceParameters(name="a", priority=1, every_ns=10 * SECOND),
            SourceParameters(
                name="b",
                priority=5,
                weight_ppm=2_500_000,
                every_ns=20 * SECOND,
                noise_ppm=100,
                bias_ppm=-2_000,
                lag_ns=3 * SECOND,
                error_probability_ppm=10_000,
                error_ppm=500_000,
                outages=((MINUTE, 2 * MINUTE),),
            ),
        ),
        method=ConsensusMethod.PRIORITY,
        smoothing_ns=30 * SECOND,
        stale_after_ns=15 * SECOND,
        tolerance_ppm=1_000,
    )
    recorded = "recording: {file: x.csv, format: csv}, sources: [{name: a, recording: {file: y.csv, format: csv}}, {name: b}]"
    made_of = made(recorded).sources
    assert made_of is not None
    assert [source.recorded for source in made_of.sources] == [True, False]


MISTAKES = [
    ("sources: []", "there are 0 sources; expected 1 to 8"),
    ("sources: [{name: a}, {name: a}]", "the source 'a' is listed twice; expected distinct names"),
    ("sources: [{name: a}, {name: b, priority: 1}]", "priority 1 is used twice; expected distinct priorities"),
    ("sources: [{name: a, weight: 0}]", "weight cannot be '0'; expected a ratio from 0.000001 to 100"),
    ("sources: [{name: a, lag: 31s}]", "lag '31s' is too long; expected at most 30s"),
    ("sources: [{name: a, error: {size: 1}}]", "error has no 'probability'; expected this field"),
    ("sources: [{name: a, outages: [{from: 2m, until: 1m}]}]", "the outage from 2m until 1m is empty; expected 'until' after"),
    ("sources: [{name: a, recording: {file: x, format: csv}}]", "a recorded source observes a recorded market; expected"),
    (
        "recording: {file: x, format: csv}, sources: [{name: a, noise: 0, recording: {file: x, format: csv}}]",
        "'noise' shapes a generated source; expected no 'noise' beside 'recording'",
    ),
    ("sources: [{name: a}], consensus: {stale_after: 31s}", "stale_after '31s' is too long; expected at most 30s"),
    ("consensus: {smoothing: 1s}", "a consensus takes sources; expected 'sources' beside it"),
    ("sources: [{name: a}], consensus: {method: vote}", "unknown method 'vote'; expected one of: consensus, priority"),
    ("path: {kind: sideways}", "unknown path kind 'sideways'; expected one of: stochastic_volatility, geometric_brownian"),
    ("path: {drift: 1}", "path has no 'kind'; expected this field"),
    ("path: {kind: brownian, factor: 2}", "unknown field 'factor' in a path of kind brownian; expected one of: kind, drift"),
    ("path: {kind: rally, start: 0s, over: 1h}", "a path of kind rally has no 'magnitude'; expected this field"),
    ("path: {kind: rally, start: 0s, over: 1h, magnitude: -0.1}", "magnitude cannot be '-0.1'; expected a ratio from 0.000001"),
    ("path: {kind: crash, start: 0s, over: 1h, magnitude: -1}", "magnitude cannot be '-1'; expected a ratio from -0.999999"),
    ("path: {kind: crash, start: 0s, over: 0s, magnitude: -0.1}", "over '0s' is too short; expected at least 1s"),
    ("path: {kind: consolidation, start: 0s, over: 1h, factor: 2}", "factor cannot be '2'; expected a number from 0 to 1"),
    ("path: {kind: geometric_brownian, drift: nan}", "drift cannot be 'nan'"),
    ("jumps: true, path: {kind: brownian}", "a path of kind brownian does not jump; expected jumps: false, or stoch"),
    ("path: {kind: brownian}, recording: {file: x, format: csv}", "'path' shapes generated prices, and these are recorded"),
    ("recording: {file: x, format: csv, speed: 0}", "speed cannot be '0'; expected a ratio from 0.001 to 10000"),
    ("recording: {file: x, format: csv, similar: {block: 0}}", "block cannot be 0; expected a whole number from 1"),
    ("recording: {file: x, format: csv, similar: {resemblance: 2}}", "resemblance cannot be '2'; expected a ratio from 0 to 1"),
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
