"""Depeg and limits: at exact boundaries, and against an evaluation that adds everything up anew at every message."""

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.audit.small_record import FIRM, START, SmallRecord, seconds

from trading_ecosystem.messages.custodian import TransferKind, TransferPending, TransferPosted
from trading_ecosystem.messages.exchange import InstrumentListed
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.risk import ALERT_OF_LIMIT, AlertKind, LimitKind, LimitSet
from trading_ecosystem.messages.units import INSTRUMENTS, minor_units

PEG = 100_000_000
DAY = 86_400


def stretches(record, kind, subject):
    record.report()
    track = record.audit._conditions.tracks.of(kind, subject)
    return [(seconds(found.begun_at), seconds(found.ended_at), found.peak) for found in track.intervals]


def set_limit(record, after, kind, subject, value, account=FIRM, version=1):
    record.say(after, "risk", LimitSet(account=account, kind=kind, subject=subject, value=value, version=version))


def withdraw(record, after, asset, amount, free_after, posted, transfer_id="out"):
    fields = {
        "custodian": "custodian",
        "account": FIRM,
        "transfer_id": transfer_id,
        "kind": TransferKind.WITHDRAWAL,
        "asset": asset,
        "amount_minor": minor_units(amount),
        "free_after": minor_units(free_after),
    }
    if posted:
        record.say(after, "custodian", TransferPosted(**fields, venue="", pledged_after=0))
    else:
        record.say(after, "custodian", TransferPending(**fields, posts_at=START))


def test_depeg_begins_at_two_percent_either_way_and_only_while_exposed():
    record = SmallRecord()
    record.price(0, "USDT/USD", "0.9")
    record.deposit(10, "USDT", "5")
    record.price(20, "USDT/USD", "0.98000001")
    record.price(30, "USDT/USD", "0.98")
    record.price(40, "USDT/USD", "1.01999999")
    record.price(50, "USDT/USD", "1.02")
    withdraw(record, 60, "USDT", "5", "0", posted=False)
    record.price(70, "USDT/USD", "0.5")
    assert stretches(record, AlertKind.STABLECOIN_DEPEG, "USDT") == [
        (10, 20, 100_000),
        (30, 40, 20_000),
        (50, 60, 20_000),
    ]


@pytest.mark.parametrize(("kind", "side"), [(LimitKind.POSITION_LONG, Side.BUY), (LimitKind.POSITION_SHORT, Side.SELL)])
def test_a_position_limit_warns_from_exactly_three_quarters(kind, side):
    record = SmallRecord()
    set_limit(record, 0, kind, "BTC", minor_units("10"))
    record.fill(10, 1, 600, side=side, lots=7_499_999)
    record.fill(20, 2, 600, side=side, lots=1)
    record.fill(30, 3, 600, side=side, lots=5_000_000)
    record.fill(40, 4, 600, side=Side.SELL if side is Side.BUY else Side.BUY, lots=12_000_000)
    assert stretches(record, AlertKind.POSITION_LIMIT, "BTC") == [(20, 40, 1_250_000)]


def test_a_limit_is_evaluated_when_it_changes():
    record = SmallRecord()
    record.price(0, "BTC/USD", "50000")
    record.deposit(0, "BTC", "10")
    set_limit(record, 10, LimitKind.ASSET_NOTIONAL, "BTC", minor_units("1000000"))
    set_limit(record, 20, LimitKind.ASSET_NOTIONAL, "BTC", minor_units("500000"), version=2)
    set_limit(record, 30, LimitKind.ASSET_NOTIONAL, "BTC", 0, version=3)
    set_limit(record, 40, LimitKind.ASSET_NOTIONAL, "BTC", minor_units("2000000"), version=4)
    set_limit(record, 50, LimitKind.ASSET_NOTIONAL, "BTC", 1, account="rival", version=5)
    assert stretches(record, AlertKind.ASSET_NOTIONAL_LIMIT, "BTC") == [(20, 40, minor_units("500000") * 1_000_000)]


def test_total_notional_adds_absolute_values_and_leaves_usd_out():
    record = SmallRecord()
    set_limit(record, 0, LimitKind.TOTAL_NOTIONAL, FIRM, minor_units("1000000"))
    record.deposit(0, "USD", "90000000")
    record.price(10, "BTC/USD", "50000")
    record.fill(20, 1, 600, lots=10_000_000, side=Side.SELL)  # -500,000
    record.fill(30, 2, 600, lots=10_000_000, instrument="ETH/USD", price_ticks=1)
    record.price(40, "ETH/USD", "2499.99")
    record.price(50, "ETH/USD", "2500")  # +250,000
    assert stretches(record, AlertKind.TOTAL_NOTIONAL_LIMIT, FIRM) == [(50, None, 750_000)]


def test_daily_loss_counts_from_midnight_and_neither_deposits_nor_withdrawals_are_gains_or_losses():
    record = SmallRecord()
    set_limit(record, 0, LimitKind.DAILY_LOSS, FIRM, minor_units("100000"))
    record.price(0, "BTC/USD", "50000")
    record.deposit(0, "BTC", "10")
    record.price(100, "BTC/USD", "42500.00000001")
    record.price(200, "BTC/USD", "42500")  # 75,000 lost.
    record.deposit(300, "USD", "1000000")
    withdraw(record, 400, "BTC", "2", "8", posted=False)
    withdraw(record, 500, "BTC", "2", "8", posted=True)
    record.price(DAY - 1, "BTC/USD", "42400")
    record.price(DAY, "BTC/USD", "33000")  # 75,200 lost by the first price of the day.
    record.price(2 * DAY, "BTC/USD", "33000")
    assert stretches(record, AlertKind.DAILY_LOSS_LIMIT, FIRM) == [(200, 2 * DAY, 758_000)]


def test_drawdown_counts_from_the_high_water_mark():
    record = SmallRecord()
    set_limit(record, 0, LimitKind.DRAWDOWN, FIRM, 150_000)
    record.deposit(0, "BTC", "1")
    record.price(10, "BTC/USD", "50000")
    record.price(20, "BTC/USD", "60000")
    record.price(30, "BTC/USD", "53250.06")  # 11.2499 %
    record.price(40, "BTC/USD", "53250")  # 11.25 %
    record.deposit(50, "USD", "60000")  # Halves the drawdown.
    record.price(DAY + 10, "BTC/USD", "46500")  # 13,500 of 120,000.
    assert stretches(record, AlertKind.DRAWDOWN_LIMIT, FIRM) == [(40, 50, 750_000), (DAY + 10, None, 750_000)]


def test_stablecoin_exposure_is_the_loss_from_the_peg():
    record = SmallRecord()
    set_limit(record, 0, LimitKind.STABLECOIN_EXPOSURE, "USDT", minor_units("1000"))
    record.deposit(0, "USDT", "100000")
    record.price(10, "USDT/USD", "0.9926")
    record.price(20, "USDT/USD", "0.9925")
    record.price(30, "USDT/USD", "1.0080")
    record.price(40, "USDT/USD", "1")
    assert stretches(record, AlertKind.STABLECOIN_EXPOSURE_LIMIT, "USDT") == [(20, 40, 800_000)]


def test_scales_are_those_that_the_record_lists():
    record = SmallRecord()
    listed = INSTRUMENTS["BTC/USD"]
    record.say(
        0,
        "exchange-alpha",
        InstrumentListed(
            venue="exchange-alpha",
            instrument="BTC/USD",
            base="BTC",
            quote="USD",
            tick_size=listed.tick_size,
            lot_size=listed.lot_size * 1000,
            maker_fee_ppm=0,
            taker_fee_ppm=0,
            settlement_cycle_ns=0,
        ),
    )
    set_limit(record, 0, LimitKind.POSITION_LONG, "BTC", minor_units("1"))
    record.fill(10, 1, 600, lots=750)
    record.fill(10, 1, 600, lots=750, venue="exchange-beta")
    assert stretches(record, AlertKind.POSITION_LIMIT, "BTC") == [(10, None, 750_750)]


def test_messages_that_arrive_again_or_too_late_change_nothing():
    record = SmallRecord()
    set_limit(record, 0, LimitKind.POSITION_LONG, "BTC", minor_units("1"))
    fill = {"lots": 500_000, "settles_after": 600}
    record.fill(10, 1, **fill)
    record.fill(20, 1, **fill)  # The same fill again.
    record.settle(30, 1, [("BTC", minor_units("0.5"))])
    record.settle(40, 1, [("BTC", minor_units("5"))])  # The same settlement again.
    record.fill(50, 1, **fill)
    pending = TransferPending("custodian", FIRM, "in", TransferKind.DEPOSIT, "BTC", 1, START, minor_units("0.8"))
    posted = TransferPosted("custodian", FIRM, "in", TransferKind.DEPOSIT, "", "BTC", 1, minor_units("0.2"), 0)
    record.say(60, "custodian", posted)
    record.say(70, "custodian", pending)  # Overtaken by what it announces.
    assert stretches(record, AlertKind.POSITION_LIMIT, "BTC") == []
    record.fill(80, 2, 680, lots=50_000)
    assert stretches(record, AlertKind.POSITION_LIMIT, "BTC") == [(80, None, 750_000)]


def test_a_fill_below_the_market_raises_the_high_water_mark():
    record = SmallRecord()
    set_limit(record, 0, LimitKind.DRAWDOWN, FIRM, 100_000)
    record.price(0, "BTC/USD", "60000")
    record.deposit(0, "USD", "60000")
    record.fill(10, 1, 610, lots=1_000_000, price_ticks=5_000_000)  # Worth 70,000 from now on.
    record.price(20, "BTC/USD", "54750")  # 7.5 % below that.
    assert stretches(record, AlertKind.DRAWDOWN_LIMIT, FIRM) == [(20, None, 750_000)]


class Plain:
    """The definitions, evaluated from the whole history at every message: slow, and obviously what the text says."""

    def __init__(self, limits):
        self.limits = limits
        self.free = {}
        self.pledged = {}
        self.fills = {}
        self.prices = {"USD": PEG}
        self.reference = self.mark = 0
        self.day = -1
        self.open = {}
        self.found = {}

    def position(self, asset):
        total = sum(amount for (_, held), amount in self.free.items() if held == asset)
        total += sum(amount for (_, held), amount in self.pledged.items() if held == asset)
        for base, base_minor, quote, quote_minor in self.fills.values():
            total += base_minor * (base == asset) + quote_minor * (quote == asset)
        return total

    def value(self, asset):
        return self.position(asset) * self.prices[asset] // PEG if asset in self.prices else 0

    def equity(self):
        return sum(self.value(asset) for asset in ("BTC", "ETH", "USD", "USDT"))

    def midnight(self, now):
        if now // DAY != self.day:
            self.day = now // DAY
            self.reference = self.equity()

    def moved(self, asset, amount):
        if asset in self.prices:
            value = abs(amount) * self.prices[asset] // PEG * (1 if amount > 0 else -1)
            self.reference += value
            self.mark += value

    def priced(self, asset, price):
        first = asset not in self.prices
        self.prices[asset] = price
        if first:
            self.reference += self.value(asset)
            self.mark += self.value(asset)

    def evaluate(self, now):
        equity = self.equity()
        self.mark = max(self.mark, equity)
        used = {}
        for (kind, subject), limit in self.limits.items():
            if kind is LimitKind.POSITION_LONG:
                observed = self.position(subject)
            elif kind is LimitKind.POSITION_SHORT:
                observed = -self.position(subject)
            elif kind is LimitKind.ASSET_NOTIONAL:
                observed = abs(self.value(subject))
            elif kind is LimitKind.TOTAL_NOTIONAL:
                observed = sum(abs(self.value(asset)) for asset in ("BTC", "ETH", "USDT"))
            elif kind is LimitKind.DAILY_LOSS:
                observed = self.reference - equity
            elif kind is LimitKind.DRAWDOWN:
                observed = (self.mark - equity) * 1_000_000 // self.mark if self.mark > 0 else 0
            else:
                observed = max(self.position(subject), 0) * abs(self.prices.get(subject, PEG) - PEG) // PEG
            alert = (ALERT_OF_LIMIT[kind], subject)
            used[alert] = max(used.get(alert, 0), max(observed, 0) * 1_000_000 // limit)
        for alert, share in used.items():
            intervals = self.found.setdefault(alert, [])
            is_open = bool(intervals) and intervals[-1][1] is None
            if share >= 750_000:
                if is_open:
                    intervals[-1][2] = max(intervals[-1][2], share)
                else:
                    intervals.append([now, None, share])
            elif is_open:
                intervals[-1][1] = now


LIMITS = {
    (LimitKind.POSITION_LONG, "BTC"): minor_units("4"),
    (LimitKind.POSITION_SHORT, "BTC"): minor_units("2"),
    (LimitKind.ASSET_NOTIONAL, "ETH"): minor_units("20000"),
    (LimitKind.TOTAL_NOTIONAL, FIRM): minor_units("300000"),
    (LimitKind.DAILY_LOSS, FIRM): minor_units("10000"),
    (LimitKind.DRAWDOWN, FIRM): 100_000,
    (LimitKind.STABLECOIN_EXPOSURE, "USDT"): minor_units("500"),
}
STEP = st.one_of(
    st.tuples(st.just("price"), st.sampled_from([("BTC", 50_000), ("ETH", 2_500), ("USDT", 1)]), st.integers(80, 120)),
    st.tuples(st.just("fill"), st.sampled_from(["BTC/USD", "ETH/USDT", "ETH/BTC", "USDT/USD"]), st.integers(-20, 20)),
    st.tuples(st.just("settle"), st.none(), st.integers(-3, 3)),
    st.tuples(st.just("deposit"), st.sampled_from(["BTC", "USD", "USDT"]), st.integers(1, 9)),
    st.tuples(st.just("withdraw"), st.sampled_from(["BTC", "USD", "USDT"]), st.integers(1, 9)),
)
UNITS = {"BTC": minor_units("0.3"), "USD": minor_units("20000"), "USDT": minor_units("20000")}
LOTS = {"BTC/USD": 250_000, "ETH/USDT": 100_000, "ETH/BTC": 1000, "USDT/USD": 1_000_000}
TICKS = {"BTC/USD": 5_000_000, "ETH/USDT": 250_000, "ETH/BTC": 5_000, "USDT/USD": 10_000}


class Twice:
    """Plays steps to audit and to the plain evaluation."""

    def __init__(self):
        self.record = SmallRecord()
        self.plain = Plain(LIMITS)
        self.unsettled = deque()
        self.trade = 0
        for (kind, subject), limit in LIMITS.items():
            set_limit(self.record, 0, kind, subject, limit)
        self.plain.midnight(0)

    def play(self, now, what, which, size):
        self.plain.midnight(now)
        getattr(self, what)(now, which, size)
        self.plain.evaluate(now)

    def price(self, now, which, size):
        asset, centre = which
        price = centre * PEG * size // 100
        self.record.price(now, f"{asset}/USD", f"{centre * size / 100:.8f}")
        self.plain.priced(asset, price)

    def fill(self, now, which, size):
        self.trade += 1
        side = Side.BUY if size > 0 else Side.SELL
        lots = max(abs(size), 1) * LOTS[which]
        instrument = INSTRUMENTS[which]
        self.record.fill(
            now, self.trade, now + 600, instrument=which, side=side, lots=lots, price_ticks=TICKS[which], fee_minor=777
        )
        base, quote = instrument.base_amount(lots), instrument.notional(TICKS[which], lots)
        signed = (base, -(quote + 777)) if side is Side.BUY else (-base, quote - 777)
        self.plain.fills[self.trade] = (instrument.base, signed[0], instrument.quote, signed[1])
        self.unsettled.append((self.trade, which))

    def settle(self, now, which, size):
        if not self.unsettled:
            return
        trade, instrument = self.unsettled.popleft()
        base, base_minor, quote, quote_minor = self.plain.fills.pop(trade)
        after = {}
        for asset, change in ((base, base_minor), (quote, quote_minor)):
            # Anything may be said of pledged amounts; what is said counts.
            key = ("fund/maker", asset)
            self.plain.pledged[key] = after[asset] = self.plain.pledged.get(key, 0) + change + size * PEG // 10
        self.record.settle(now, trade, tuple(after.items()), instrument=instrument)

    def deposit(self, now, asset, size):
        amount = size * UNITS[asset]
        free = self.plain.free.get((FIRM, asset), 0) + amount
        self.record.say(
            now,
            "custodian",
            TransferPosted("custodian", FIRM, f"in {now}", TransferKind.DEPOSIT, "", asset, amount, free, 0),
        )
        self.plain.free[FIRM, asset] = free
        self.plain.moved(asset, amount)

    def withdraw(self, now, asset, size):
        amount = size * UNITS[asset]
        free = self.plain.free.get((FIRM, asset), 0) - amount
        pending = TransferPending("custodian", FIRM, f"out {now}", TransferKind.WITHDRAWAL, asset, amount, START, free)
        self.record.say(now, "custodian", pending)
        posted = TransferPosted("custodian", FIRM, f"out {now}", TransferKind.WITHDRAWAL, "", asset, amount, free, 0)
        self.record.say(now, "custodian", posted)
        self.record.say(now, "custodian", posted)
        self.record.say(now, "custodian", pending)
        self.plain.free[FIRM, asset] = free
        self.plain.moved(asset, -amount)


@settings(derandomize=True, max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([10, 600, 20_000]), STEP), min_size=1, max_size=40))
def test_every_limit_holds_when_the_plain_evaluation_says_so(steps):
    both = Twice()
    now = 0
    for gap, (what, which, size) in steps:
        now += gap
        both.play(now, what, which, size)
    for (kind, subject), intervals in both.plain.found.items():
        assert stretches(both.record, kind, subject) == [tuple(one) for one in intervals], (kind, subject)
