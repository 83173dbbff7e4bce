"""Every unary call of the gRPC door, as a client makes it: what it answers, and that the answers fit together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from tests.grpc_door import METHODS, GrpcDoor, grpc_door, refused

from trading_ecosystem.api.grpc.stubs import (
    book_words_pb2,
    custodian_pb2,
    exchange_pb2,
    order_handling_pb2,
    orders_pb2,
    risk_measures_pb2,
    risk_pb2,
    test_coordination_pb2,
    trading_pb2,
    trading_state_pb2,
)
from trading_ecosystem.api.grpc.stubs.services import audit_pb2 as audit
from trading_ecosystem.api.grpc.stubs.services import custody_pb2 as custody
from trading_ecosystem.api.grpc.stubs.services import exchange_pb2 as trading
from trading_ecosystem.api.grpc.stubs.services import market_data_pb2 as market
from trading_ecosystem.api.grpc.stubs.services import risk_pb2 as risk
from trading_ecosystem.api.grpc.stubs.services import shared_pb2 as shared
from trading_ecosystem.api.grpc.stubs.services import strategies_pb2 as strategies
from trading_ecosystem.api.grpc.stubs.services import test_coordination_pb2 as control
from trading_ecosystem.domains.audit.merkle import verify_consistency, verify_inclusion
from trading_ecosystem.messages.units import HOUR, MINUTE, minor_units

CALLED: set[str] = set()
"""Calls that a test of this module has made."""


class Recorded(GrpcDoor):
    def start(self, path: str, *arguments: Any, **options: Any) -> tuple[Any, Any]:
        CALLED.add(f"/trading_ecosystem.v1.services.{path}")
        return super().start(path, *arguments, **options)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GrpcDoor]:
    with grpc_door(tmp_path_factory.mktemp("grpc"), scenario="quiet_day") as opened:
        opened.__class__ = Recorded
        yield opened


def limit_order(door: GrpcDoor, name: str, price_ticks: int, **more: Any) -> exchange_pb2.PlaceOrder:
    known = {
        "venue": door.venue,
        "account": door.account,
        "client_order_id": name,
        "instrument": "BTC/USD",
        "side": book_words_pb2.SIDE_BUY,
        "order_type": orders_pb2.ORDER_TYPE_LIMIT,
        "time_in_force": book_words_pb2.TIME_IN_FORCE_GOOD_TILL_CANCEL,
        "price_ticks": price_ticks,
        "quantity_lots": 1_000,
    }
    return exchange_pb2.PlaceOrder(**{**known, **more})


def market_order(door: GrpcDoor, name: str, **more: Any) -> exchange_pb2.PlaceOrder:
    words = {"order_type": orders_pb2.ORDER_TYPE_MARKET, "time_in_force": book_words_pb2.TIME_IN_FORCE_IMMEDIATE_OR_CANCEL}
    return limit_order(door, name, 0, **{**words, **more})


def test_prices_and_quotes(door: GrpcDoor) -> None:
    prices = door.call("PriceFeedService/ListPrices").prices
    assert "BTC/USD" in {price.instrument for price in prices}
    assert all(price.price_minor > 0 for price in prices)
    (one,) = door.call("PriceFeedService/ListPrices", market.ListPricesRequest(instrument="ETH-USD")).prices
    assert one.instrument == "ETH/USD"
    (quote,) = door.call("PriceFeedService/ListReferenceQuotes", market.ListReferenceQuotesRequest(instrument="BTC/USD")).quotes
    assert 0 < quote.bid_minor < quote.ask_minor


def test_depth(door: GrpcDoor) -> None:
    placed = door.call("TradingService/PlaceOrder", trading.PlaceOrderRequest(order=limit_order(door, "deep", 10)))
    assert placed.WhichOneof("outcome") == "accepted"
    request = market.GetDepthRequest(venue=door.venue, instrument="BTC/USD", levels=100)
    depth = door.call("PriceFeedService/GetDepth", request).depth
    prices = [level.price_ticks for level in depth.bids]
    assert prices == sorted(prices, reverse=True)
    assert (depth.venue, depth.instrument) == (door.venue, "BTC/USD")
    assert depth.last_update >= depth.first_update


def test_market_statistics(door: GrpcDoor) -> None:
    instruments = door.call("MarketStatisticsService/ListInstruments").instruments
    by_name = {one.instrument: one for one in instruments}
    assert (by_name["BTC/USD"].tick_size, by_name["BTC/USD"].price_decimals) == (1_000_000, 2)
    assert len(door.call("MarketStatisticsService/ListDayStatistics").statistics) == len(instruments)
    estimates = door.call(
        "MarketStatisticsService/ListVolatilities", market.ListVolatilitiesRequest(instrument="BTC/USD")
    ).estimates
    assert [one.instrument for one in estimates] == ["BTC/USD"]
    assert not estimates[0].HasField("day_ppm")
    matrix = door.call("MarketStatisticsService/GetCorrelations").matrix
    assert (matrix.window_ns, len(matrix.pairs)) == (HOUR, len(instruments) * (len(instruments) - 1) // 2)
    assert door.call("MarketStatisticsService/ListPriceGaps", market.ListPriceGapsRequest(window_ns=MINUTE)).gaps
    saturday = 1_772_884_800 * 10**9
    state = door.call("MarketStatisticsService/GetSessions", market.GetSessionsRequest(at=saturday)).state
    assert (state.at, list(state.sessions)) == (saturday, [4])


def test_what_was_published_before(door: GrpcDoor) -> None:
    request = market.ListCandlesRequest(instrument="BTC/USD", interval_ns=MINUTE)
    candles = door.call("HistoricalDataService/ListCandles", request).candles
    assert candles[0].low_minor <= candles[0].open_minor <= candles[0].high_minor
    samples = door.call("HistoricalDataService/ListPriceHistory", market.ListPriceHistoryRequest(instrument="BTC/USD")).samples
    assert samples
    assert samples[0].minute_at % MINUTE == 0
    request = market.ListTradeSummariesRequest(instrument="BTC/USD", page=shared.PageRequest(page_size=1))
    assert len(door.call("HistoricalDataService/ListTradeSummaries", request).summaries) <= 1


def test_the_life_of_an_order(door: GrpcDoor) -> None:
    placed, call = door.start(
        "TradingService/PlaceOrder", trading.PlaceOrderRequest(order=limit_order(door, "life", 5_000_000))
    )
    assert (placed.accepted.client_order_id, placed.accepted.quantity_lots) == ("life", 1_000)
    position = dict(call.trailing_metadata())["x-position"]
    open_orders = door.call(
        "TradingService/ListOpenOrders", trading.ListOpenOrdersRequest(venue=door.venue, account=door.account)
    ).orders
    assert "life" in {order.client_order_id for order in open_orders}
    named = trading.GetOrderRequest(venue=door.venue, account=door.account, client_order_id="life")
    found = door.call("TradingService/GetOrder", named, x_position=position).order
    assert (found.terms.order_id, found.status) == (placed.accepted.order_id, orders_pb2.ORDER_STATUS_NEW)
    replace = order_handling_pb2.ReplaceOrder(
        venue=door.venue, account=door.account, client_order_id="life", price_ticks=5_000_000, quantity_lots=400
    )
    replaced, call = door.start("TradingService/ReplaceOrder", trading.ReplaceOrderRequest(replace=replace))
    assert (replaced.replaced.leaves_lots, replaced.replaced.kept_place) == (400, True)
    numbered = trading.GetOrderRequest(venue=door.venue, account=door.account, order_id=found.terms.order_id)
    position = dict(call.trailing_metadata())["x-position"]
    assert door.call("TradingService/GetOrder", numbered, x_position=position).order.quantity_lots == 400
    cancel = exchange_pb2.CancelOrder(venue=door.venue, account=door.account, client_order_id="life")
    cancelled = door.call("TradingService/CancelOrder", trading.CancelOrderRequest(cancel=cancel)).cancelled
    assert (cancelled.leaves_lots, cancelled.reason) == (400, book_words_pb2.CANCEL_REASON_REQUESTED)
    again = door.call("TradingService/CancelOrder", trading.CancelOrderRequest(cancel=cancel))
    assert again.rejected.reason == orders_pb2.CANCEL_REJECT_REASON_TOO_LATE


def test_a_fill_is_seen_everywhere(door: GrpcDoor) -> None:
    order = trading.PlaceOrderRequest(order=market_order(door, "taken"))
    placed, call = door.start("TradingService/PlaceOrder", order)
    assert sum(fill.quantity_lots for fill in placed.fills) == 1_000
    assert not placed.HasField("cancelled")
    after = {"x_position": dict(call.trailing_metadata())["x-position"]}
    listed = door.call("TradingService/ListFills", trading.ListFillsRequest(account=door.account), **after).fills
    known = {fill.execution_id: fill for fill in listed}
    for fill in placed.fills:
        kept = known[fill.execution_id]
        assert (kept.trade_id, kept.fee_minor, kept.settles_at) == (fill.trade_id, fill.fee_minor, fill.settles_at)
    request = trading.ListOrdersRequest(account=door.account, status=orders_pb2.ORDER_STATUS_FILLED)
    orders = door.call("TradingService/ListOrders", request, **after).orders
    assert "taken" in {view.terms.client_order_id for view in orders}
    trade = placed.fills[0].trade_id
    asked = custody.ListUnsettledRequest(account=door.account)
    instructions = door.call("SettlementService/ListUnsettled", asked).instructions
    assert trade in {one.trade_id for one in instructions}
    one = custody.GetSettlementRequest(venue=door.venue, instrument="BTC/USD", trade_id=trade, account=door.account)
    settlement = door.call("SettlementService/GetSettlement", one, **after).settlement
    assert (settlement.status, settlement.side) == (custody.INSTRUCTION_STATUS_PENDING, book_words_pb2.SIDE_BUY)
    pending = custody.ListSettlementsRequest(account=door.account, status=custody.INSTRUCTION_STATUS_PENDING)
    assert trade in {one.trade_id for one in door.call("SettlementService/ListSettlements", pending, **after).settlements}


def test_the_same_order_twice_is_one_order(door: GrpcDoor) -> None:
    order = trading.PlaceOrderRequest(order=limit_order(door, "twice", 4_000_000))
    first, second = (door.call("TradingService/PlaceOrder", order).accepted for _ in range(2))
    assert first == second
    other = trading.PlaceOrderRequest(order=limit_order(door, "twice", 4_000_001))
    refusal = door.call("TradingService/PlaceOrder", other).rejected
    assert refusal.reason == book_words_pb2.REJECT_REASON_DUPLICATE_CLIENT_ORDER_ID


def test_a_no_of_the_venue_is_an_answer(door: GrpcDoor) -> None:
    order = trading.PlaceOrderRequest(order=limit_order(door, "rich", 5_000_000, quantity_lots=10**9))
    refusal = door.call("TradingService/PlaceOrder", order).rejected
    assert refusal.reason == book_words_pb2.REJECT_REASON_INSUFFICIENT_CLAIM


def test_orders_that_depend_on_each_other(door: GrpcDoor) -> None:
    known: dict[str, Any] = {
        "instrument": "BTC/USD",
        "side": book_words_pb2.SIDE_SELL,
        "time_in_force": book_words_pb2.TIME_IN_FORCE_GOOD_TILL_CANCEL,
        "quantity_lots": 1_000,
    }
    limit = {"order_type": orders_pb2.ORDER_TYPE_LIMIT, "price_ticks": 7_000_000}
    stop = {"order_type": orders_pb2.ORDER_TYPE_STOP, "terms": orders_pb2.OrderTerms(stop_price_ticks=5_000_000)}
    rows = [
        order_handling_pb2.ListedOrder(client_order_id=name, **known, **more)
        for name, more in (("either-0", limit), ("either-1", stop))
    ]
    wanted = order_handling_pb2.PlaceOrderList(
        venue=door.venue,
        account=door.account,
        contingency=orders_pb2.CONTINGENCY_TYPE_ONE_CANCELS_THE_OTHER,
        orders=rows,
    )
    answers = door.call("TradingService/PlaceOrderList", trading.PlaceOrderListRequest(list=wanted)).orders
    assert not [answer.rejected for answer in answers if answer.HasField("rejected")]
    assert [answer.accepted.client_order_id for answer in answers] == ["either-0", "either-1"]
    mass = order_handling_pb2.MassCancel(venue=door.venue, account=door.account, instrument="BTC/USD")
    response = door.call("TradingService/MassCancel", trading.MassCancelRequest(cancel=mass))
    assert response.report.cancelled == len(response.cancelled) >= 2


def test_accounts(door: GrpcDoor) -> None:
    opening = exchange_pb2.OpenAccount(venue=door.venue, account=f"{door.firm}/second")
    opened, call = door.start("AccountService/OpenAccount", trading.OpenAccountRequest(open=opening))
    assert opened.opened.account == f"{door.firm}/second"
    after = {"x_position": dict(call.trailing_metadata())["x-position"]}
    listed = door.call("AccountService/ListAccounts", trading.ListAccountsRequest(venue=door.venue), **after).accounts
    assert {door.account, f"{door.firm}/second"} <= {one.account for one in listed}
    assert all(one.account.split("/")[0] == door.firm for one in listed)
    place = {"venue": door.venue, "account": door.account}
    balances = door.call("AccountService/ListBalances", trading.ListBalancesRequest(**place)).balances
    assert {line.asset for line in balances} >= {"USD", "BTC"}
    ledger = door.call("AccountService/ListLedger", trading.ListLedgerRequest(**place, asset="USD")).changes
    assert [change.line for change in ledger] == sorted(change.line for change in ledger)
    (usd,) = (line for line in balances if line.asset == "USD")
    assert (ledger[-1].available_after, ledger[-1].held_after) == (usd.available_minor, usd.held_minor)
    assert not door.call("AccountService/ListPositions", trading.ListPositionsRequest(**place)).positions


def test_custody_and_transfers(door: GrpcDoor) -> None:
    account = f"{door.firm}/saver"
    opening = custody.OpenCustodyAccountRequest(open=custodian_pb2.OpenCustodyAccount(account=account))
    assert door.call("CustodyService/OpenCustodyAccount", opening).opened.custodian == "custodian"
    place = exchange_pb2.OpenAccount(venue=door.venue, account=account)
    door.call("AccountService/OpenAccount", trading.OpenAccountRequest(open=place))
    terms: dict[str, Any] = {
        "account": account,
        "asset": "USD",
        "method": custodian_pb2.TRANSFER_METHOD_CRYPTO_INTERNAL,
    }
    deposit = custodian_pb2.DepositAssets(transfer_id="in", amount_minor=minor_units(500), **terms)
    answer = door.call("TransferService/DepositAssets", custody.DepositAssetsRequest(deposit=deposit))
    assert answer.posted.free_after == minor_units(500)
    withdrawal = custodian_pb2.WithdrawAssets(transfer_id="out", amount_minor=minor_units(100), **terms)
    answer = door.call("TransferService/WithdrawAssets", custody.WithdrawAssetsRequest(withdrawal=withdrawal))
    assert answer.posted.free_after == minor_units(400)
    too_much = custodian_pb2.WithdrawAssets(transfer_id="more", amount_minor=minor_units(1_000), **terms)
    answer = door.call("TransferService/WithdrawAssets", custody.WithdrawAssetsRequest(withdrawal=too_much))
    assert answer.rejected.reason == custodian_pb2.TRANSFER_REJECT_REASON_INSUFFICIENT_FREE
    pledge = custodian_pb2.PledgeAssets(
        account=account, transfer_id="pledge", venue=door.venue, asset="USD", amount_minor=minor_units(300)
    )
    answer = door.call("CustodyService/PledgeAssets", custody.PledgeAssetsRequest(pledge=pledge))
    assert (answer.posted.free_after, answer.posted.pledged_after) == (minor_units(100), minor_units(300))
    release = exchange_pb2.ReleaseAssets(
        venue=door.venue, account=account, transfer_id="release", asset="USD", amount_minor=minor_units(50)
    )
    claim, call = door.start("CustodyService/ReleaseAssets", custody.ReleaseAssetsRequest(release=release))
    assert claim.claim.available_after == minor_units(250)
    release.amount_minor, release.transfer_id = minor_units(9_000), "release-2"
    answer = door.call("CustodyService/ReleaseAssets", custody.ReleaseAssetsRequest(release=release))
    assert answer.WhichOneof("outcome") == "rejected"
    after = {"x_position": dict(call.trailing_metadata())["x-position"]}
    holdings = door.call("CustodyService/ListHoldings", custody.ListHoldingsRequest(account=account)).holdings
    assert sum(line.amount_minor for line in holdings) == minor_units(400)
    request = custody.ListTransfersRequest(account=account, kind=custodian_pb2.TRANSFER_KIND_WITHDRAWAL)
    (out,) = door.call("TransferService/ListTransfers", request, **after).transfers
    assert (out.transfer_id, out.status) == ("out", custody.POSTING_STATUS_POSTED)
    report = door.call("CustodyReportingService/GetHoldingsReport", custody.GetHoldingsReportRequest(account=account), **after)
    (usd,) = report.holdings
    assert usd.free_minor + sum(usd.pledged_minor.values()) == minor_units(400)
    request = custody.ListPostingsRequest(account=account, asset="USD", page=shared.PageRequest(page_size=2))
    first = door.call("CustodyReportingService/ListPostings", request, **after)
    assert len(first.postings) == 2
    request.page.page_token = first.page.next_page_token
    second = door.call("CustodyReportingService/ListPostings", request, **after)
    assert len({*(one.reference for one in first.postings), *(one.reference for one in second.postings)}) >= 3


def test_risk(door: GrpcDoor) -> None:
    firm = {"account": door.firm}
    assert door.call("RiskMonitorService/GetExposure", risk.GetExposureRequest(**firm)).exposure.account == door.firm
    active = door.call("RiskMonitorService/ListActiveAlerts", risk.ListActiveAlertsRequest(**firm)).alerts
    about = {"account": door.firm, "subject": door.firm}
    change = risk_pb2.ChangeLimit(**about, kind=risk_pb2.LIMIT_KIND_DAILY_LOSS, value=minor_units(1_000))
    answer, call = door.start("RiskLimitService/ChangeLimit", risk.ChangeLimitRequest(change=change))
    after = {"x_position": dict(call.trailing_metadata())["x-position"]}
    assert (answer.limit.value, answer.limit.version) == (minor_units(1_000), 2)
    limits = door.call("RiskLimitService/ListLimits", risk.ListLimitsRequest(**firm), **after).limits
    (loss,) = (one for one in limits if one.kind == risk_pb2.LIMIT_KIND_DAILY_LOSS)
    assert loss.version == 2
    request = risk.ListLimitVersionsRequest(**firm, kind=risk_pb2.LIMIT_KIND_DAILY_LOSS, subject=door.firm)
    versions = door.call("RiskLimitService/ListLimitVersions", request, **after).versions
    assert [one.version for one in versions] == [1, 2]
    compliance = door.call("RiskMonitorService/ListCompliance", risk.ListComplianceRequest(**firm)).statuses
    assert {one.account for one in compliance} == {door.firm}
    exposures = door.call("RiskMonitorService/ListExposures", risk.ListExposuresRequest(**firm)).exposures
    assert all(one.account == door.firm for one in exposures)
    alerts = door.call("RiskMonitorService/ListAlerts", risk.ListAlertsRequest(**firm, open_only=True)).alerts
    assert {one.alert_id for one in alerts} >= {one.alert_id for one in active}
    request = risk.ListPositionSnapshotsRequest(account=door.account)
    assert {one.asset for one in door.call("RiskLimitService/ListPositionSnapshots", request).positions} >= {"USD", "BTC"}
    unknown = risk_pb2.AcknowledgeAlert(account=door.firm, alert_id=99, by="me")
    answer = door.call("RiskMonitorService/AcknowledgeAlert", risk.AcknowledgeAlertRequest(acknowledge=unknown))
    assert answer.WhichOneof("outcome") == "rejected"
    about: dict[str, Any] = {"account": door.firm, "alert_id": 99, "by": "me"}
    silence = risk.SilenceAlertRequest(silence=risk_pb2.SilenceAlert(**about, until=2**62))
    assert door.call("RiskMonitorService/SilenceAlert", silence).WhichOneof("outcome") == "rejected"
    history = door.call("RiskMonitorService/ListAlertHistory", risk.ListAlertHistoryRequest(**firm)).steps
    assert {one.alert_id for one in history if one.step == "raised"} == {one.alert_id for one in alerts}
    standings = door.call("RiskLimitService/ListLimitStandings", risk.ListLimitStandingsRequest(**firm)).limits
    assert [one.value for one in standings if one.kind == risk_pb2.LIMIT_KIND_DAILY_LOSS] == [minor_units(1_000)]
    escalate = risk.EscalateAlertRequest(escalate=risk_pb2.EscalateAlert(**about))
    assert door.call("RiskMonitorService/EscalateAlert", escalate).WhichOneof("outcome") == "rejected"


def test_strategies(door: GrpcDoor) -> None:
    listed = door.call("StrategyService/ListStrategies", strategies.ListStrategiesRequest(account=door.firm)).strategies
    one = listed[0]
    assert one.state == "running"
    stop = trading_pb2.StopStrategy(account=one.account, strategy=one.strategy)
    stopped = door.call("StrategyService/StopStrategy", strategies.StopStrategyRequest(stop=stop))
    assert stopped.halted.reason == trading_pb2.HALT_REASON_REQUESTED
    again = door.call("StrategyService/StopStrategy", strategies.StopStrategyRequest(stop=stop))
    assert again.rejected.reason == trading_pb2.STRATEGY_COMMAND_REJECT_REASON_NOT_RUNNING
    start = trading_pb2.StartStrategy(account=one.account, strategy=one.strategy)
    started = door.call("StrategyService/StartStrategy", strategies.StartStrategyRequest(start=start))
    assert started.started.strategy == one.strategy
    mine = {"account": one.account}
    wrong = [trading_pb2.StrategyParameter(name="nothing", value="1")]
    change = trading_pb2.ChangeStrategyParameters(**mine, strategy=one.strategy, parameters=wrong)
    request = strategies.ChangeStrategyParametersRequest(change=change)
    assert door.call("StrategyService/ChangeStrategyParameters", request).rejected.parameter == "nothing"
    for path, request in (
        ("StrategyService/ListStrategyOrders", strategies.ListStrategyOrdersRequest(**mine)),
        ("StrategyService/ListPerformance", strategies.ListPerformanceRequest(**mine)),
        ("StrategyRiskService/ListStrategyPositions", strategies.ListStrategyPositionsRequest(**mine)),
        ("StrategyRiskService/ListTradedVolumes", strategies.ListTradedVolumesRequest(**mine)),
        ("StrategyRiskService/ListProfitMarks", strategies.ListProfitMarksRequest(**mine, strategy=one.strategy)),
    ):
        answer = door.call(path, request)
        for _, rows in answer.ListFields():
            assert all(row.account.startswith(one.account) for row in rows if hasattr(row, "account")), path
    nobody = strategies.GetProfitRequest(**mine, strategy="nobody")
    with pytest.raises(grpc.RpcError) as missing:
        door.call("StrategyRiskService/GetProfit", nobody)
    assert refused(missing.value)[0] is grpc.StatusCode.NOT_FOUND


def test_control(door: GrpcDoor) -> None:
    operator = door.operator
    (run,) = door.call("ScenarioService/ListRuns", key=operator).runs
    scenarios = {one.scenario: one for one in door.call("ScenarioService/ListScenarios", key=operator).scenarios}
    assert scenarios["stablecoin_depeg"].faults == 1
    assert scenarios[run.scenario].duration_ns == run.duration_ns == 24 * HOUR
    found = door.call("ScenarioService/GetRun", control.GetRunRequest(run=run.run), operator)
    assert (found.run, list(found.results)) == (run, [])
    assert not found.run.HasField("ended_at")
    statistics = door.call("ScenarioService/GetRunStatistics", key=operator)
    assert (statistics.pass_rate.runs, statistics.HasField("durations")) == (0, False)
    faults = door.call("ChaosService/ListFaults", control.ListFaultsRequest(run=run.run), operator).faults
    assert list(faults) == list(found.faults)
    recovery = control.GetRecoveryStatisticsRequest(kind=test_coordination_pb2.FAULT_KIND_FEED_STALE)
    assert not door.call("ChaosService/GetRecoveryStatistics", recovery, operator).HasField("durations")
    clear = test_coordination_pb2.ConditionCleared(component="market_data", condition_id="none")
    cleared = door.call("ChaosService/ClearCondition", control.ClearConditionRequest(clear=clear), operator)
    assert not cleared.HasField("ended")


def test_faults_are_injected_and_rolled_back(door: GrpcDoor) -> None:
    operator = door.operator
    kinds = {one.kind: one for one in door.call("ChaosService/ListFaultKinds", key=operator).kinds}
    shock = kinds[test_coordination_pb2.FAULT_KIND_PRICE_SHOCK]
    assert shock.expected_alert == risk_pb2.ALERT_KIND_PRICE_SHOCK
    assert {one.name for one in shock.parameters if one.required} >= {"magnitude"}
    fields = {"asset": "BTC", "magnitude": "-0.05", "ramp": "10s", "hold": "10m", "recovery": "10m"}
    words = [test_coordination_pb2.FaultField(name=name, value=value) for name, value in fields.items()]
    inject = test_coordination_pb2.InjectFault(fault_id="mine", kind="price_shock", fields=words)
    answer = door.call("ChaosService/InjectFault", control.InjectFaultRequest(inject=inject), operator)
    assert not answer.HasField("refused"), answer.refused
    assert (answer.injected.fault_id, list(answer.injected.subjects)) == ("mine", ["BTC"])
    current = {one.fault_id: one for one in door.call("ChaosService/ListCurrentFaults", key=operator).faults}
    assert current["mine"].kind == test_coordination_pb2.FAULT_KIND_PRICE_SHOCK
    inject.fields[1].value, inject.fault_id = "-0.99", "other"
    refusal = door.call("ChaosService/InjectFault", control.InjectFaultRequest(inject=inject), operator).refused
    assert (refusal.fault_id, refusal.field) == ("other", "magnitude")
    clear = control.ClearFaultRequest(clear=test_coordination_pb2.ClearFault(fault_id="mine"))
    assert door.call("ChaosService/ClearFault", clear, operator).cleared.fault_id == "mine"
    assert door.call("ChaosService/ClearFault", clear, operator).WhichOneof("outcome") == "refused"


def test_simulations(door: GrpcDoor) -> None:
    operator = door.operator
    request = control.StartSimulationRequest(scenario="quiet_day", seed=3, overrides=["ecosystem.market_data.jumps=false"])
    started = door.call("ScenarioService/StartSimulation", request, operator).simulation
    assert (started.scenario, started.seed, started.state) == ("quiet_day", 3, "running")
    (listed,) = door.call("ScenarioService/ListSimulations", key=operator).simulations
    assert listed.run == started.run
    stopped = door.call("ScenarioService/StopSimulation", control.StopSimulationRequest(run=started.run), operator)
    assert (stopped.simulation.state, stopped.simulation.HasField("passed")) == ("stopped", False)
    for scenario, code in (("living_market", "INVALID_ARGUMENT"), ("no_such", "NOT_FOUND")):
        with pytest.raises(grpc.RpcError) as caught:
            door.call("ScenarioService/StartSimulation", control.StartSimulationRequest(scenario=scenario), operator)
        assert refused(caught.value)[0].name == code


def test_proofs(door: GrpcDoor) -> None:
    operator = door.operator
    root = door.call("AnalyticsService/GetRoot", key=operator)
    asked = audit.GetInclusionProofRequest(index=7, entries=root.entries)
    proof = door.call("AnalyticsService/GetInclusionProof", asked, operator)
    assert proof.merkle_root == root.merkle_root
    hashes = [bytes.fromhex(one) for one in proof.proof]
    assert verify_inclusion(proof.line.encode(), 7, root.entries, hashes, bytes.fromhex(root.merkle_root))
    request = audit.GetConsistencyProofRequest(first=5, second=root.entries)
    consistency = door.call("AnalyticsService/GetConsistencyProof", request, operator)
    assert consistency.second_root == root.merkle_root
    shorter = door.call("AnalyticsService/GetRoot", audit.GetRootRequest(entries=5), operator)
    assert consistency.first_root == shorter.merkle_root
    roots = (bytes.fromhex(consistency.first_root), bytes.fromhex(consistency.second_root))
    assert verify_consistency(5, root.entries, *roots, [bytes.fromhex(one) for one in consistency.proof])
    report = door.call("AnalyticsService/GetReport", key=operator).report
    assert report.entries >= root.entries
    assert not report.conservation
    with pytest.raises(grpc.RpcError) as caught:
        door.call("AnalyticsService/GetRoot", audit.GetRootRequest(entries=10**9), operator)
    assert refused(caught.value)[0] is grpc.StatusCode.INVALID_ARGUMENT


def test_audit(door: GrpcDoor) -> None:
    operator = door.operator
    order = trading.PlaceOrderRequest(order=market_order(door, "audited"))
    _, call = door.start("TradingService/PlaceOrder", order)
    after = {"x_position": dict(call.trailing_metadata())["x-position"]}
    request = audit.ListEventsRequest(types=["OrderFilled"], account=door.account)
    filled = door.call("CorrelationService/ListEvents", request, operator, **after).events
    event = filled[-1]
    assert '"client_order_id":"audited"' in event.message
    causes = door.call("CorrelationService/ListCauses", audit.ListCausesRequest(sequence=event.sequence), operator).events
    assert [cause.type for cause in causes] == ["OrderFilled", "PlaceOrder"]
    head = causes[-1].sequence
    steps = door.call("CorrelationService/ListConsequences", audit.ListConsequencesRequest(sequence=head), operator).steps
    assert event.sequence in {one.sequence for one in steps[0].events}
    trace = door.call("CorrelationService/ListTrace", audit.ListTraceRequest(trace=event.trace), operator).events
    assert {head, event.sequence} <= {one.sequence for one in trace}
    similar = audit.ListSimilarEventsRequest(sequence=event.sequence, limit=1)
    assert len(door.call("CorrelationService/ListSimilarEvents", similar, operator).events) <= 1
    counts = door.call("AnalyticsService/GetEventCounts", key=operator).counts
    everyone = audit.ListEventsRequest(types=["OrderFilled"])
    assert counts["OrderFilled"] <= len(door.call("CorrelationService/ListEvents", everyone, operator).events)
    around = shared.TimeRange(from_at=event.at - MINUTE, until=event.at + MINUTE)
    activity = door.call("AnalyticsService/ListActivity", audit.ListActivityRequest(range=around), operator).activity
    assert door.venue in {one.sender for one in activity}
    (run,) = door.call("ScenarioService/ListRuns", key=operator).runs
    # What is derived from a whole record is there once the run has ended; this one goes on.
    named = {"run": run.run}
    assert not door.call("AnalyticsService/ListScores", audit.ListScoresRequest(**named), operator).scores
    assert not door.call("AnalyticsService/GetFindings", audit.GetFindingsRequest(**named), operator).alerts
    assert not door.call("AnalyticsService/ListCheckpoints", audit.ListCheckpointsRequest(**named), operator).checkpoints
    steps = audit.ListChainStepsRequest(**named, fault_id="none")
    assert not door.call("AnalyticsService/ListChainSteps", steps, operator).steps
    lives = audit.ListLifecyclesRequest(account=door.account)
    assert not door.call("AnalyticsService/ListLifecycles", lives, operator).lifecycles


def test_pages_cover_a_list_once(door: GrpcDoor) -> None:
    request = audit.ListEventsRequest(types=["InstrumentListed", "LimitSet"], page=shared.PageRequest(page_size=3))
    whole = door.call("CorrelationService/ListEvents", audit.ListEventsRequest(types=list(request.types)), door.operator)
    seen: list[int] = []
    while True:
        page = door.call("CorrelationService/ListEvents", request, door.operator)
        seen += [event.sequence for event in page.events]
        if not page.page.next_page_token:
            break
        assert len(page.events) == 3
        request.page.page_token = page.page.next_page_token
    assert seen == [event.sequence for event in whole.events]


def test_trading_state_and_measures(door: GrpcDoor) -> None:
    firm = {"account": door.firm}
    state = door.call("TradingStateService/GetTradingState", risk.GetTradingStateRequest(**firm)).state
    assert (state.account, state.version) == (door.firm, 0)
    stress = door.call("RiskMeasureService/Stress", risk.StressRequest(**firm)).results
    assert len(stress) >= 5
    own = risk.StressRequest(**firm, shocks=[risk_measures_pb2.ShockWanted(asset="BTC", change_ppm=-1_000_000)])
    (lost,) = door.call("RiskMeasureService/Stress", own).results
    assert lost.change_usd_minor <= 0
    tails = door.call("RiskMeasureService/ListTails", risk.ListTailsRequest(**firm)).tails
    hedges = door.call("RiskMeasureService/ListHedges", risk.ListHedgesRequest(**firm)).hedges
    assert bool(tails) == bool(hedges)
    lines = door.call("RiskMeasureService/ListAttribution", risk.ListAttributionRequest(**firm)).lines
    assert all(one.account.startswith(door.firm) for one in lines)
    pull = trading_state_pb2.PullKillSwitch(**firm, by="ada", reason="test")
    answer = door.call("TradingStateService/PullKillSwitch", risk.PullKillSwitchRequest(pull=pull))
    assert answer.changed.state == trading_state_pb2.TRADING_STATE_HALTED
    wanted = trading_state_pb2.SetTradingState(**firm, state=trading_state_pb2.TRADING_STATE_ACTIVE, by="ada", reason="over")
    answer = door.call("TradingStateService/SetTradingState", risk.SetTradingStateRequest(set=wanted))
    assert (answer.changed.state, answer.changed.version) == (trading_state_pb2.TRADING_STATE_ACTIVE, 2)


def test_every_unary_call_was_made() -> None:
    """The last test of the module: it counts what the others did, and says nothing where they were not all run."""
    if len(CALLED) < 40:
        pytest.skip("only a part of this module was run")
    unary = {path for path, method in METHODS.items() if not method.server_streaming}
    assert sorted(unary - CALLED) == []
