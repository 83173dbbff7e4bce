"""Each domain's queries, on every technology, against what the messages of a real record say."""

from __future__ import annotations

import asyncio
from collections import Counter

import msgspec
import pytest
from tests.contract.history_stores import TECHNOLOGIES, Opening, opening_of
from tests.recorded_run import recorded_entries, recorded_run

from trading_ecosystem.adapters.data.audit import AuditHistory
from trading_ecosystem.adapters.data.custodian import CustodianHistory
from trading_ecosystem.adapters.data.exchange import ExchangeHistory
from trading_ecosystem.adapters.data.market_data import MarketDataHistory
from trading_ecosystem.adapters.data.risk import RiskHistory
from trading_ecosystem.adapters.data.test_coordination import CoordinationHistory, PassRate
from trading_ecosystem.adapters.data.trading import TradingHistory
from trading_ecosystem.domains.audit import records as audit
from trading_ecosystem.domains.custodian import records as custodian
from trading_ecosystem.domains.custodian.records import InstructionStatus, PostingStatus
from trading_ecosystem.domains.exchange import records as exchange
from trading_ecosystem.domains.market_data import records as market_data
from trading_ecosystem.domains.risk import records as risk
from trading_ecosystem.domains.test_coordination import records as coordination
from trading_ecosystem.domains.test_coordination.judge import Judgement
from trading_ecosystem.domains.test_coordination.records import ResultRecord, RunRecord
from trading_ecosystem.domains.trading import records as trading
from trading_ecosystem.domains.trading.order_life import OrderState
from trading_ecosystem.messages.custodian import SettlementInstructed, SettlementSettled, TransferKind
from trading_ecosystem.messages.exchange import ClaimChanged, OrderAccepted, OrderCancelled, OrderFilled
from trading_ecosystem.messages.market_data import CandleClosed, PricePublished
from trading_ecosystem.messages.orders import OrderStatus
from trading_ecosystem.messages.risk import AlertKind, AlertRaised, LimitKind, LimitSet
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.trading import StrategyMarked
from trading_ecosystem.messages.units import MINUTE, SECOND
from trading_ecosystem.ports.errors import NotFound
from trading_ecosystem.ports.records import Upsert

MAKER, FUND = "fund/maker", "fund"
HALF = recorded_entries()[: len(recorded_entries()) // 2]
"""A record that breaks off: orders are open, trades unsettled, an alert fires."""


@pytest.fixture(params=TECHNOLOGIES)
def opening(request, tmp_path) -> Opening:
    return opening_of(request.param, request, tmp_path)


def asked(opening: Opening, projection, story, entries=None, changes=()) -> None:
    async def whole() -> None:
        async with opening(projection) as store:
            await store.apply(recorded_entries() if entries is None else entries)
            await store.take(changes)
            await story(store)

    asyncio.run(whole())


def said(kind, entries=None):
    return [entry for entry in (recorded_entries() if entries is None else entries) if type(entry.message) is kind]


def test_exchange(opening):
    async def story(store) -> None:
        history = ExchangeHistory(store)
        assert {one.account for one in await history.accounts_of(FUND)} == {MAKER, "fund/momentum", "fund/arbitrage"}
        assert len(await history.accounts("exchange-alpha")) < len(await history.accounts())
        portfolio = await history.portfolio(MAKER)
        claims = {(c.message.venue, c.message.asset): c.message for c in said(ClaimChanged, HALF) if c.message.account == MAKER}
        assert {(c.venue, c.asset): (c.available_minor, c.held_minor) for c in portfolio.claims} == {
            about: (claim.available_after, claim.held_after) for about, claim in claims.items()
        }
        assert portfolio.claims == await history.balances(MAKER)
        assert 0 < len(await history.balances(MAKER, "exchange-beta")) < len(portfolio.claims)
        accepted = {(m.message.venue, m.message.order_id): m.message for m in said(OrderAccepted, HALF)}
        closed = {(m.message.venue, m.message.order_id) for m in said(OrderCancelled, HALF)} | {
            (m.message.venue, m.message.order_id) for m in said(OrderFilled, HALF) if not m.message.leaves_lots
        }
        still_open = {about for about, order in accepted.items() if order.account == MAKER and about not in closed}
        assert {(o.terms.venue, o.terms.order_id) for o in portfolio.open_orders} == still_open
        assert still_open
        one = portfolio.open_orders[0]
        assert one == await history.order(one.terms.venue, MAKER, one.terms.order_id)
        assert one == await history.order_named(one.terms.venue, MAKER, one.terms.client_order_id)
        assert await history.order_named(one.terms.venue, MAKER, "none of ours") is None
        assert one.cumulative_lots + one.leaves_lots == one.quantity_lots

        fills = [e for e in said(OrderFilled, HALF) if e.message.account == MAKER]
        middle = fills[len(fills) // 2].at
        assert [f.execution_id for f in await history.fills(MAKER, until=middle)] == [
            e.message.execution_id for e in fills if e.at < middle
        ]
        filled = fills[0].message
        of_order = await history.fills_of(filled.venue, MAKER, filled.order_id)
        view = await history.order(filled.venue, MAKER, filled.order_id)
        assert sum(fill.quantity_lots for fill in of_order) == view.cumulative_lots > 0
        assert view.status in (OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED, OrderStatus.CANCELLED)
        trade = await history.trade(filled.venue, filled.instrument, filled.trade_id)
        assert trade in await history.trades(filled.instrument, venue=filled.venue, since=trade.matched_at)
        assert MAKER in (trade.buyer, trade.seller)
        volumes = await history.volumes(MAKER)
        assert sum(v.fills for v in volumes) == len(fills)
        assert sum(v.fee_minor for v in volumes) == sum(e.message.fee_minor for e in fills)
        assert (await history.terms("exchange-alpha", "BTC/USD")).taker_fee_ppm == 500
        with pytest.raises(NotFound):
            await history.order("exchange-alpha", MAKER, -1)

    asked(opening, exchange, story, HALF)


def test_custodian(opening):
    async def story(store) -> None:
        history = CustodianHistory(store)
        holdings = {one.asset: one for one in await history.holdings(MAKER)}
        assert set(holdings) == {"BTC", "ETH", "USD", "USDT"}
        assert set(holdings["USD"].pledged_minor) == {"exchange-alpha", "exchange-beta"}
        assert holdings["USD"].total_minor == sum(holdings["USD"].pledged_minor.values()) + holdings["USD"].free_minor > 0
        settled = {(e.message.venue, e.message.instrument, e.message.trade_id) for e in said(SettlementSettled, HALF)}
        instructed = said(SettlementInstructed, HALF)
        unsettled = await history.unsettled()
        assert len(unsettled) == sum(
            (e.message.venue, e.message.instrument, e.message.trade_id) not in settled for e in instructed
        )
        assert unsettled
        assert [one.settles_at for one in unsettled] == sorted(one.settles_at for one in unsettled)
        mine = await history.unsettled(MAKER)
        assert mine == [one for one in unsettled if one.account == MAKER]
        due = mine[len(mine) // 2].settles_at
        assert await history.unsettled(MAKER, due_before=due) == [one for one in mine if one.settles_at < due]
        sides = await history.settlement(mine[0].venue, mine[0].instrument, mine[0].trade_id)
        assert {side.side for side in sides} == set(exchange.Side)
        done = await history.settlements(status=InstructionStatus.SETTLED, account=MAKER)
        assert done == await history.settlements(status=InstructionStatus.SETTLED, account=MAKER)
        deposits = await history.transfers(MAKER, kind=TransferKind.DEPOSIT, status=PostingStatus.POSTED)
        assert deposits == await history.transfers(MAKER, kind=TransferKind.DEPOSIT)
        (named,) = [t for t in await history.transfers_named(MAKER, deposits[0].transfer_id) if t.kind is TransferKind.DEPOSIT]
        assert named == deposits[0]
        postings = await history.postings(f"deposit/{named.transfer_id}")
        assert (MAKER, named.amount_minor) in {(one.account, one.amount_minor) for one in postings}
        statement = await history.statement(MAKER, named.asset)
        assert [one.posted_at for one in statement] == sorted(one.posted_at for one in statement)
        assert len(await history.reconciliations("exchange-alpha", limit=2)) == 2
        assert await history.breaks() == []
        assert await history.refusals(MAKER) == []
        assert MAKER in {one.account for one in await history.accounts()}

    asked(opening, custodian, story, HALF)


def test_market_data(opening):
    async def story(store) -> None:
        history = MarketDataHistory(store)
        prices = [e for e in said(PricePublished) if e.message.instrument == "BTC/USD"]
        latest = await history.latest_price("BTC/USD")
        assert (latest.price_minor, latest.published_at) == (prices[-1].message.price_minor, prices[-1].at)
        assert {one.symbol for one in await history.instruments("ETH")} == {"ETH/USD", "ETH/USDT", "ETH/BTC"}
        assert len(await history.instruments()) == 6
        start = prices[0].message.priced_at // MINUTE * MINUTE
        samples = await history.price_history("BTC/USD", start + 3 * MINUTE, start + 8 * MINUTE)
        assert [one.minute_at for one in samples] == [start + n * MINUTE for n in range(3, 8)]
        assert samples == (await history.price_history("BTC/USD", start + 3 * MINUTE, limit=9))[:5]
        candles = [e.message for e in said(CandleClosed) if e.message.instrument == "BTC/USD"]
        kept = await history.candles("BTC/USD", MINUTE, candles[2].opened_at, candles[6].opened_at)
        assert [(c.opened_at, c.close_minor) for c in kept] == [(c.opened_at, c.close_minor) for c in candles[2:6]]
        last = await history.latest_candle("BTC/USD", MINUTE)
        assert last is not None
        assert last.opened_at == candles[-1].opened_at
        assert await history.latest_candle("BTC/USD", SECOND) is None
        snapshot = await history.snapshot("BTC/USD")
        assert snapshot.price == latest
        assert [quote.venue for quote in snapshot.quotes] == ["exchange-alpha", "exchange-beta"]
        summaries = await history.trade_summaries("BTC/USD", venue="exchange-beta", since=start, until=start + 5 * MINUTE)
        assert summaries
        assert all(start <= one.published_at < start + 5 * MINUTE for one in summaries)
        assert (await history.conditions(), await history.conditions(active_at=start)) == ([], [])
        assert (await history.halts("BTC/USD"), await history.source_switches("BTC/USD")) == ([], [])
        with pytest.raises(NotFound):
            await history.latest_price("BTC/EUR")

    asked(opening, market_data, story)


def test_risk(opening):
    raised = said(AlertRaised)[0]
    while_firing = [entry for entry in recorded_entries() if entry.sequence <= raised.sequence]
    limit = next(e.message for e in said(LimitSet) if e.message.kind is LimitKind.POSITION_LONG and e.message.subject == "BTC")
    # The firm sets another version later; the one in force before stays known.
    changed_at = raised.at - MINUTE
    second = risk.LimitRecord(FUND, limit.kind, limit.subject, 2, limit.value * 2, changed_at)

    async def story(store) -> None:
        history = RiskHistory(store)
        (alert,) = await history.open_alerts(FUND)
        assert (alert.kind, alert.raised_at, alert.resolved_at) == (AlertKind.SETTLEMENT_OVERDUE, raised.at, None)
        assert await history.alert(FUND, alert.alert_id) == alert
        assert await history.alerts(FUND, kind=AlertKind.PRICE_CRASH) == []
        assert await history.alerts(FUND, since=raised.at, until=raised.at + 1) == [alert]
        exposures = await history.exposures(FUND)
        assert len(exposures) > 1
        assert await history.latest_exposure(FUND) == exposures[-1]
        assert await history.exposures(FUND, until=exposures[1].reported_at) == exposures[:1]
        versions = await history.limit_versions(FUND, limit.kind, limit.subject)
        assert [(one.version, one.value) for one in versions] == [(1, limit.value), (2, 2 * limit.value)]
        now, before = await history.limits(FUND), await history.limits(FUND, at=changed_at - 1)
        assert len(now) == len(before)
        assert second in now
        assert versions[0] in before
        assert len(await history.compliance(FUND)) > 0
        claims = [e for e in said(ClaimChanged, while_firing) if e.message.account == MAKER and e.message.asset == "USD"]
        of_beta = [e.message for e in claims if e.message.venue == "exchange-beta"]
        series = await history.position_series(MAKER, "exchange-beta", "USD", venue="exchange-beta")
        assert series[-1].amount_minor == of_beta[-1].available_after + of_beta[-1].held_after
        assert series[-1] in await history.positions(MAKER)
        assert {one.source for one in await history.positions(MAKER)} == {"exchange-alpha", "exchange-beta", "custodian"}
        assert await history.positions(MAKER, at=0) == []

    asked(opening, risk, story, while_firing, [Upsert(second)])


def test_trading(opening):
    async def story(store) -> None:
        history = TradingHistory(store)
        assert {one.strategy for one in await history.strategies()} == {"maker", "momentum", "arbitrage"}
        (maker,) = await history.strategies(MAKER)
        assert maker.state == "running"
        orders = await history.orders(MAKER)
        still_open = await history.open_orders(MAKER)
        assert {one.state for one in still_open} <= {"new", "partially_filled", "pending_new", "pending_cancel"}
        assert still_open
        assert {one.client_order_id for one in still_open} == {o.client_order_id for o in orders if o.leaves_lots}
        assert await history.orders(MAKER, state=OrderState.FILLED) == [o for o in orders if o.state == "filled"]
        assert await history.order(orders[0].venue, MAKER, orders[0].client_order_id) == orders[0]
        filled = sum(e.message.quantity_lots for e in said(OrderFilled, HALF) if e.message.account == MAKER)
        assert sum(one.filled_lots for one in await history.volumes(MAKER)) == filled > 0
        marks = [e for e in said(StrategyMarked, HALF) if e.message.strategy == "maker"]
        series = await history.profit_series(MAKER, "maker")
        assert [(m.marked_at, m.realised_usd_minor) for m in series] == [(e.at, e.message.realised_usd_minor) for e in marks]
        profit = await history.profit(MAKER, "maker")
        assert profit.marked_at == series[-1].marked_at
        total = await history.total_profit()
        last = {e.message.strategy: e.message for e in said(StrategyMarked, HALF)}
        assert total.fees_usd_minor == sum(one.fees_usd_minor for one in last.values())
        assert total.strategies == 3
        assert {one.instrument for one in await history.positions(MAKER, "maker")} >= {"BTC/USD"}
        assert len(await history.performance()) == 3

    asked(opening, trading, story, HALF)


def test_test_coordination(opening):
    result = recorded_run()
    run = f"{result.scenario.name}-{result.header.seed}"
    fails = ResultRecord("another", "verdict", 0, "another", Judgement.FAILS, "")
    another = RunRecord("another", result.scenario.name, 8, 10, 100, 30)
    changes = [
        *coordination.scenario_changes(result.scenario),
        *coordination.verdict_changes(run, result.verdict),
        Upsert(fails),
        Upsert(another),
    ]

    async def story(store) -> None:
        history = CoordinationHistory(store)
        assert [one.scenario for one in await history.scenarios()] == ["settlement_delay"]
        assert [one.run for one in await history.runs("settlement_delay")] == ["another", run]
        assert (await history.run(run)).ended_at is not None
        (fault,) = await history.faults(run)
        assert await history.faults(run, FaultKind.SETTLEMENT_DELAY) == [fault]
        assert (await history.expectations("settlement_delay"))[0].fault_id == fault.fault_id
        assert {one.part for one in await history.results(run)} == {"verdict", "expectation"}
        assert await history.pass_rate() == PassRate(2, 1)
        assert (await history.pass_rate("settlement_delay")).ppm == 500_000
        assert await history.pass_rate("nothing") == PassRate(0, 0)
        durations = await history.run_durations()
        assert durations is not None
        assert (durations.count, durations.shortest_ns, durations.longest_ns) == (2, 20, result.scenario.duration_ns)
        recovery = await history.recovery_durations(FaultKind.SETTLEMENT_DELAY)
        assert recovery is not None
        assert recovery.median_ns == fault.ended_at - fault.onset_at > 0
        assert await history.recovery_durations(FaultKind.STABLECOIN_DEPEG) is None

    asked(opening, coordination, story, changes=changes)


def test_audit(opening):
    result = recorded_run()
    entries = recorded_entries()
    of = {entry.sequence: entry for entry in entries}

    async def story(store) -> None:
        history = AuditHistory(store)
        told = next(e for e in said(SettlementInstructed) if e.cause is not None)
        event = await history.event(told.sequence)
        assert (event.type, event.account, event.trace) == ("SettlementInstructed", told.message.account, told.trace)
        assert msgspec.json.decode(event.message)["trade_id"] == told.message.trade_id
        assert await history.counts() == Counter(type(entry.message).__name__ for entry in entries)
        assert [e.sequence for e in await history.trace(told.trace)] == [e.sequence for e in entries if e.trace == told.trace]
        back, sequence = [], told.sequence
        while sequence is not None:
            back.append(sequence)
            sequence = of[sequence].cause
        assert [e.sequence for e in await history.causes(told.sequence)] == back
        assert len(await history.causes(told.sequence, max_depth=1)) == min(2, len(back))
        steps = await history.consequences(back[-1])
        assert told.sequence in {e.sequence for step in steps for e in step}
        assert [e.sequence for e in steps[0]] == [e.sequence for e in entries if e.cause == back[-1]]
        assert await history.consequences(back[-1], max_depth=1) == steps[:1]
        similar = await history.similar(told.sequence, limit=4)
        alike = [e for e in said(SettlementInstructed) if e.message.instrument == told.message.instrument and e is not told]
        nearest = sorted(alike, key=lambda e: (abs(e.at - told.at), e.sequence))
        assert [e.sequence for e in similar] == [e.sequence for e in nearest[:4]]
        close = await history.similar(told.sequence, within=MINUTE, limit=100)
        assert [e.sequence for e in close] == [e.sequence for e in nearest if abs(e.at - told.at) <= MINUTE]
        some = await history.events(types=["OrderFilled", "OrderCancelled"], account=MAKER, since=told.at, limit=5)
        assert [e.sequence for e in some] == [
            e.sequence
            for e in entries
            if type(e.message) in (OrderFilled, OrderCancelled) and e.message.account == MAKER and e.at >= told.at
        ][:5]
        activity = await history.activity(entries[0].at, entries[0].at + 2 * MINUTE)
        assert sum(one.events for one in activity) == sum(e.at < entries[0].at + 2 * MINUTE for e in entries)
        run = result.audit.run
        (score,) = await history.scores(run)
        assert score.outcome == "detected"
        assert [step.step for step in await history.chain_of(run, score.fault_id)] != []
        assert len((await history.findings(run)).alerts) == len(result.audit.alerts)
        assert (await history.checkpoints(run))[-1].merkle_root == result.audit.merkle_root
        assert [one.client_order_id for one in await history.lifecycles(MAKER, run)] == [
            one.client_order_id for one in result.audit.lifecycles if one.account == MAKER
        ]
        assert await history.retentions() == []

    asked(opening, audit, story, changes=[Upsert(row) for row in audit.rows(result.audit)])
