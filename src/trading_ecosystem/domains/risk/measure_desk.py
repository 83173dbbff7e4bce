"""What people ask about the firm's risk: tails in every convention, stress, hedges. Asking changes nothing.

Draws come from a stream that is never moved: each answer draws from a copy, so that the same positions and prices always give
the same figures.
"""

from __future__ import annotations

from typing import ClassVar, Final

from trading_ecosystem.domains.risk.measures.hedging import Hedge, delta_hedge, least_variance_hedge
from trading_ecosystem.domains.risk.measures.portfolio import Matrix, portfolio_tails
from trading_ecosystem.domains.risk.measures.stress import (
    HOUSE_SCENARIOS,
    Holding,
    Shock,
    StressScenario,
    scenario_problem,
    stress,
)
from trading_ecosystem.domains.risk.part import Monitor, Part
from trading_ecosystem.messages.alert_conditions import RISK_MINUTES
from trading_ecosystem.messages.base import Question
from trading_ecosystem.messages.risk_measures import (
    HedgesQuestion,
    HedgeStanding,
    StressLineStanding,
    StressQuestion,
    StressStanding,
    TailsQuestion,
    TailStanding,
)
from trading_ecosystem.messages.units import ASSETS, DAY, MINUTE, PartsPerMillion

CONFIDENCES: Final[tuple[PartsPerMillion, ...]] = (950_000, 990_000)
DRAWS: Final = 2_000
HEDGE: Final = "BTC"
"""What hedges are made of: the asset with a perpetual."""
WANTED: Final = "wanted"
"""The name of a scenario that somebody made up."""


class MeasureDesk(Part):
    """Answers from what the monitor knows; it has no state of its own."""

    answers: ClassVar[dict[type[Question], str]] = {
        TailsQuestion: "answer_tails",
        StressQuestion: "answer_stress",
        HedgesQuestion: "answer_hedges",
    }

    def answer_tails(self, question: TailsQuestion, monitor: Monitor) -> tuple[TailStanding, ...]:
        """Value at risk and shortfall of a day, from the minutes of the last day, by each convention."""
        rows = list(monitor.minutes.rows)
        if len(rows) < RISK_MINUTES:
            return ()
        exposures = _exposures(monitor)
        measured = [
            one
            for confidence in CONFIDENCES
            for one in portfolio_tails(exposures, rows, confidence, DAY // MINUTE, monitor.draws(), DRAWS)
        ]
        return tuple(
            TailStanding(
                account=monitor.firm,
                convention=one.convention,
                confidence_ppm=one.confidence_ppm,
                value_at_risk_usd_minor=round(one.value_at_risk),
                expected_shortfall_usd_minor=round(one.expected_shortfall),
                observations=one.observations,
            )
            for one in measured
        )

    def answer_stress(self, question: StressQuestion, monitor: Monitor) -> tuple[StressStanding, ...]:
        """The house's scenarios, or the one that is asked for."""
        scenarios = HOUSE_SCENARIOS
        if question.shocks or question.basis_ppm:
            shocks = tuple(Shock(one.asset, one.change_ppm) for one in question.shocks)
            scenarios = (StressScenario(WANTED, shocks, question.basis_ppm),)
            if scenario_problem(scenarios[0], ASSETS) is not None:
                return ()
        exposure = monitor.exposure
        holdings = [Holding(one.asset, one.position, one.perpetual, one.price) for one in exposure.assets.values()]
        found = [stress(holdings, exposure.equity, scenario) for scenario in scenarios]
        return tuple(
            StressStanding(
                account=monitor.firm,
                name=one.scenario,
                change_usd_minor=one.change_usd_minor,
                equity_after_usd_minor=one.equity_after_usd_minor,
                lines=tuple(StressLineStanding(line.asset, line.change_usd_minor) for line in one.lines),
            )
            for one in found
        )

    def answer_hedges(self, question: HedgesQuestion, monitor: Monitor) -> tuple[HedgeStanding, ...]:
        """The trade that leaves the least variance, and the one that leaves no delta."""
        minutes = monitor.minutes
        if HEDGE not in minutes.assets or minutes.counted < RISK_MINUTES:
            return ()
        exposures = _exposures(monitor)
        matrix: Matrix = tuple(tuple(line) for line in minutes.covariance)
        price = monitor.exposure.assets[HEDGE].price
        delta = monitor.exposure.net_delta()
        found: dict[str, Hedge | None] = {
            "least_variance": least_variance_hedge(minutes.assets, exposures, matrix, HEDGE, price),
            "no_delta": delta_hedge(minutes.assets, exposures, matrix, HEDGE, price, delta),
        }
        return tuple(
            HedgeStanding(
                account=monitor.firm,
                aim=aim,
                asset=hedge.asset,
                amount_minor=hedge.amount_minor,
                value_usd_minor=hedge.value_usd_minor,
                deviation_before_usd_minor=hedge.deviation_before_usd_minor,
                deviation_after_usd_minor=hedge.deviation_after_usd_minor,
            )
            for aim, hedge in found.items()
            if hedge is not None
        )


def _exposures(monitor: Monitor) -> list[float]:
    """Values of the net positions in the assets whose returns are known."""
    return [float(monitor.exposure.assets[asset].net_value) for asset in monitor.minutes.assets]
