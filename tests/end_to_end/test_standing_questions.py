"""What the production face asks and commands beside orders, in a living market: strategies, limits, compliance, alerts."""

from __future__ import annotations

import asyncio

from tests.end_to_end.test_live_folder import ManualClock

from trading_ecosystem.adapters.memory.live_store import MemoryLiveStore
from trading_ecosystem.live_ecosystem import LiveEcosystem
from trading_ecosystem.messages.risk import (
    AlertEscalated,
    AlertKind,
    AlertSilenced,
    AlertState,
    EscalateAlert,
    SilenceAlert,
)
from trading_ecosystem.messages.risk_standing import ActiveAlertsQuestion, ComplianceQuestion, LimitsQuestion
from trading_ecosystem.messages.test_coordination import FaultField, InjectFault
from trading_ecosystem.messages.trading import (
    ChangeStrategyParameters,
    StrategiesQuestion,
    StrategyParameter,
    StrategyParametersChanged,
    StrategyParametersRejected,
)
from trading_ecosystem.messages.units import MINUTE


def test_strategies_limits_and_alerts_of_the_living_market() -> None:
    async def scenario() -> None:
        store, clock = MemoryLiveStore(), ManualClock()
        ecosystem = await LiveEcosystem.open(store, "living_market", wall=clock)
        driver = ecosystem.driver
        running = asyncio.create_task(driver.run())
        driver.pause()
        strategies = await driver.ask("trading", StrategiesQuestion())
        assert {(one.strategy, one.kind, one.account) for one in strategies} == {
            ("maker", "market_making", "demo/maker"),
            ("momentum", "momentum", "demo/momentum"),
        }
        smaller = (StrategyParameter("size_usd", "1500"),)
        changed = await driver.submit("door", ChangeStrategyParameters("trading", "demo", "maker", smaller))
        assert isinstance(changed.said[0].message, StrategyParametersChanged)
        unknown = (StrategyParameter("size_usd", "-1"),)
        refused = await driver.submit("door", ChangeStrategyParameters("trading", "demo", "maker", unknown))
        assert [type(entry.message) for entry in refused.said] == [StrategyParametersRejected]

        limits = await driver.ask("risk", LimitsQuestion())
        compliance = await driver.ask("risk", ComplianceQuestion())
        assert compliance.limits == len(limits) > 5
        assert all(limit.version == 1 and 0 <= limit.utilisation_ppm < 750_000 for limit in limits)

        fields = (FaultField("duration", "30m"), FaultField("instruments", "ETH/BTC"))
        await driver.submit("control", InjectFault("silent", "feed_stale", fields))
        await driver.advance_to(driver.now() + 2 * MINUTE)
        (alert,) = await driver.ask("risk", ActiveAlertsQuestion())
        assert (alert.kind, alert.subject, alert.state) == (AlertKind.PRICE_STALE, "ETH/BTC", AlertState.FIRING)
        until = driver.now() + 20 * MINUTE
        silenced = await driver.submit("door", SilenceAlert("risk", "demo", alert.alert_id, "ada", until))
        assert [entry.message for entry in silenced.said] == [AlertSilenced("demo", alert.alert_id, "ada", until)]
        # Its time to be escalated passes in silence.
        await driver.advance_to(driver.now() + 10 * MINUTE)
        (alert,) = await driver.ask("risk", ActiveAlertsQuestion())
        assert (alert.state, alert.silenced_until) == (AlertState.SILENCED, until)
        handed_on = await driver.submit("door", EscalateAlert("risk", "demo", alert.alert_id, "ada"))
        assert [type(entry.message) for entry in handed_on.said] == [AlertEscalated]
        driver.stop()
        await running
        await ecosystem.close()

        again = await LiveEcosystem.open(store, wall=ManualClock(driver.now()))
        assert await again.driver.ask("trading", StrategiesQuestion()) == await driver.ask("trading", StrategiesQuestion())
        (alert,) = await again.driver.ask("risk", ActiveAlertsQuestion())
        assert alert.state is AlertState.ESCALATED

    asyncio.run(scenario())
