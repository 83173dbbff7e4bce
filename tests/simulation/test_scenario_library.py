"""Every scenario of the library holds on many seeds; conservation is asserted in each; a miss is reported as a miss."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console
from tests.campaign import CAMPAIGN, REPOSITORY, seeds

import trading_ecosystem
from trading_ecosystem.adapters.scenario_library import library
from trading_ecosystem.messages.audit import DetectionOutcome
from trading_ecosystem.reports.run_result import RunResult
from trading_ecosystem.reports.verdict_text import verdict_text

# In `make test` long scenarios run shortened, with their faults and expectations inside.
SHORTER = {
    "quiet_day": ("duration=90m", "clean_periods.0.until=90m"),
    "market_crash": (
        *("duration=90m", "faults.0.at=20m", "faults.0.hold=10m", "faults.0.recovery=30m"),
        "clean_periods.0.until=20m",
    ),
    "settlement_delay": (
        *("duration=2h", "faults.0.at=20m", "faults.0.duration=30m", "faults.0.delay=20m"),
        *("clean_periods.0.until=20m", "clean_periods.1.from=100m", "clean_periods.1.until=2h"),
    ),
    "unnoticed_depeg": (
        *("duration=3h", "faults.0.at=20m", "faults.0.ramp=30m", "faults.0.hold=90m", "faults.0.recovery=20m"),
        "clean_periods.0.until=3h",
    ),
    "busy_market": ("duration=40m",),
    "volatile_market": ("duration=40m",),
}


def run(name: str, seed: int) -> RunResult:
    """A scenario of the library, whole in a campaign."""
    return trading_ecosystem.run(name, seed=seed, overrides=() if CAMPAIGN else SHORTER.get(name, ()))


FAULTED = ("market_crash", "settlement_delay", "stale_feed", "unnoticed_depeg", "stablecoin_depeg", "perp_squeeze")
NOTICED = (
    "strategy_malfunction",
    "basis_divergence",
    "settlement_failure",
    "partial_settlement",
    "bank_holiday",
    "exchange_downtime",
    "trading_halt",
    "wide_spreads",
    "feed_disruption",
    "plausible_prices",
    "bad_tick",
    "overlapping_faults",
    "march_2020",
    "stablecoin_collapse",
    "runaway_algorithm",
    "slow_leak",
    "phased_disruption",
    "ether_disruption",
)
"""Every fault of these is noticed within its SLA; other alerts may come with it, and none is false."""
CONTROLS = ("busy_market", "volatile_market")
SHOWN = "stablecoin_depeg"
"""The README shows its run; in `make test` this is the one of it."""


def test_the_library_is_what_is_tested_here():
    assert sorted(library()) == sorted((*FAULTED, *NOTICED, *CONTROLS, "quiet_day", "living_market"))


@pytest.mark.parametrize("seed", seeds(1, 20))
@pytest.mark.parametrize("name", [name for name in FAULTED if CAMPAIGN or name != SHOWN])
def test_a_faulted_scenario_passes_its_own_expectations(name, seed):
    assert_as_expected(name, run(name, seed))


def test_the_run_that_the_readme_shows_passes_and_prints_what_it_shows():
    """Verdict, detections, expectations and digest, line by line; only how long it took is this machine's."""
    result = trading_ecosystem.run(SHOWN)
    assert_as_expected(SHOWN, result)
    printed = io.StringIO()
    Console(file=printed, width=80).print(verdict_text(result))
    assert significant(printed.getvalue()) == significant(shown_by_the_readme())


def shown_by_the_readme() -> str:
    """What stands between the marks of the README."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    return readme.partition("<!-- run:begin -->\n```\n")[2].partition("```\n<!-- run:end -->")[0]


def significant(text: str) -> list[str]:
    """The lines of a verdict, without empty ones, the time that the run took and where it was written."""
    return [
        re.sub(r"^(simulated .*) in .*", r"\1", line.rstrip())
        for line in text.splitlines()
        if line.strip() and not line.startswith(("report ", "check it ", "verify it "))
    ]


def assert_as_expected(name: str, result: RunResult) -> None:
    assert result.verdict.unexpected == ()
    assert result.passed, result.verdict
    assert result.audit is not None
    assert result.audit.conservation == ()
    (score,) = result.audit.detections
    if name == "unnoticed_depeg":
        assert score.outcome is DetectionOutcome.MISSED
        assert score.alert_at is None
        assert 0 < score.peak < score.threshold
    else:
        assert score.outcome is DetectionOutcome.DETECTED
        assert 0 <= score.time_to_detect_ns <= score.sla_ns


@pytest.mark.parametrize("seed", seeds(1, 20))
@pytest.mark.parametrize("name", NOTICED if CAMPAIGN else NOTICED[::3])
def test_every_fault_of_a_scenario_is_noticed(name, seed):
    result = run(name, seed)
    assert result.passed, result.verdict
    assert result.audit is not None
    assert result.audit.conservation == ()
    assert len(result.audit.detections) == len(result.scenario.faults) == len(result.verdict.expectations)
    assert {score.outcome for score in result.audit.detections} == {DetectionOutcome.DETECTED}


@pytest.mark.parametrize("seed", seeds(1, 20))
@pytest.mark.parametrize("name", CONTROLS)
def test_clean_controls_have_no_false_alert(name, seed):
    result = run(name, seed)
    assert result.passed, result.verdict
    assert result.audit is not None
    assert result.audit.conservation == ()


@pytest.mark.parametrize("seed", seeds(2, 100))
def test_a_quiet_day_raises_no_alert(seed):
    result = run("quiet_day", seed)
    assert result.audit is not None
    assert result.audit.alerts == ()
    assert result.audit.conservation == ()
    assert result.passed
