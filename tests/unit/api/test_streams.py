"""The hub without sockets: books are rebuilt exactly, accounts hear their own, slow listeners are conflated or cut."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import json
import types
from typing import get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.campaign import CAMPAIGN
from tests.recorded_run import recorded_entries

from trading_ecosystem.api.caller import Caller, Scope
from trading_ecosystem.api.face import Face
from trading_ecosystem.api.keys import KeyStore
from trading_ecosystem.api.problems import Conflicting, InvalidRequest, NoSuchThing, TooManyRequests
from trading_ecosystem.api.streams import pulse
from trading_ecosystem.api.streams.channels import CHANNEL_OF, CHANNELS, PRIVATE, Channel, unheard
from trading_ecosystem.api.streams.hub import Hub
from trading_ecosystem.api.streams.subscriber import CutOff, StreamLimits
from trading_ecosystem.api.streams.web_socket import frame_text
from trading_ecosystem.api.streams.wording import plan_of, worded
from trading_ecosystem.messages.base import Audience
from trading_ecosystem.messages.envelope import MESSAGE_TYPES, Entry, EntryKind
from trading_ecosystem.messages.exchange import DepthChanged, Level, OrderFilled, QuoteChanged
from trading_ecosystem.messages.market_data import CandleClosed, PricePublished
from trading_ecosystem.messages.orders import Liquidity, Side
from trading_ecosystem.messages.units import MINUTE, SECOND
from trading_ecosystem.ports.errors import Forbidden

T0 = 1_772_438_400 * SECOND
OWNER = Caller("k1", frozenset({Scope.READ}), ("demo",))
ALL = Caller("k2", frozenset(Scope), ("*",))


def entry(message, at=T0, sequence=1):
    return Entry(sequence, at, EntryKind.SAID, "somebody", None, sequence, message)


def heard(subscriber):
    """Every message that waits, as a client decodes it."""
    messages = []
    while subscriber.waiting:
        messages += json.loads(frame_text(asyncio.run(subscriber.take())))
    return messages


def quote(update, instrument="BTC/USD", venue="exchange-alpha"):
    return QuoteChanged(venue, instrument, update, 5_999_000 + update, 1_000_000, 6_000_000 + update, 250_000)


def fill(account):
    return OrderFilled(
        "exchange-alpha", account, "c1", 1, 2, 3, "BTC/USD", Side.BUY, 6_000_000, 100_000, 100_000, 0, Liquidity.TAKER,
        "USD", 600_000_000, T0 + 10 * MINUTE,
    )  # fmt: skip


class Client:
    """The algorithm of docs/streams.md, written against the text alone."""

    def __init__(self):
        self.sides = None
        self.last = None

    def hear(self, message):
        if message["type"] == "DepthSnapshot":
            self.sides = {side: dict(message[side]) for side in ("bids", "asks")}
        else:
            assert message["first_update"] == self.last + 1, "a gap"
            for side in ("bids", "asks"):
                for price, quantity in message[side]:
                    if quantity == "0":
                        del self.sides[side][price]
                    else:
                        self.sides[side][price] = quantity
        self.last = message["last_update"]


levels = st.dictionaries(st.integers(1, 12), st.integers(1, 5), max_size=8)


@settings(max_examples=1_000 if CAMPAIGN else 60, deadline=None)
@given(st.lists(st.tuples(levels, levels, st.integers(1, 9)), min_size=1, max_size=12), st.data())
def test_snapshot_and_differences_rebuild_the_published_book_exactly(books, data):
    hub = Hub()
    joins = data.draw(st.integers(0, len(books) - 1))
    reads = data.draw(st.lists(st.booleans(), min_size=len(books), max_size=len(books)))
    with hub.joined(OWNER) as early, hub.joined(OWNER) as late, hub.joined(OWNER) as slow:
        hub.subscribe(early, Channel.DEPTH)
        hub.subscribe(slow, Channel.DEPTH, conflate=True)
        clients = {early: Client(), late: Client(), slow: Client()}
        update = 0
        for number, (bids, asks, step) in enumerate(books):
            said = DepthChanged(
                "exchange-alpha", "BTC/USD", update + 1, update + step,
                tuple(Level(5_000 + price, lots) for price, lots in sorted(bids.items(), reverse=True)),
                tuple(Level(6_000 + price, lots) for price, lots in sorted(asks.items())),
            )  # fmt: skip
            update += step
            hub.tell([entry(said)])
            if number == joins:
                hub.subscribe(late, Channel.DEPTH, venue="exchange-alpha", instrument="BTC/USD")
            for subscriber, client in clients.items():
                if (number < joins and subscriber is late) or (subscriber is slow and not reads[number]):
                    continue
                for message in heard(subscriber):
                    client.hear(message)
                assert client.last == update
                expected = worded(said)
                assert sorted(client.sides["bids"].items()) == sorted(expected["bids"])
                assert sorted(client.sides["asks"].items()) == sorted(expected["asks"])
        assert slow.waiting <= 1


def test_every_production_event_stands_on_a_channel_and_nothing_else_does():
    assert unheard() == []
    for kind, channel in CHANNEL_OF.items():
        assert channel in CHANNELS[Face.PRODUCTION if kind.audience is Audience.PRODUCTION else Face.CONTROL]
        assert kind.audience in (Audience.PRODUCTION, Audience.CONTROL)
        if kind.audience is Audience.PRODUCTION:
            assert kind.private == (channel in PRIVATE)
            assert not kind.private or "account" in kind.__struct_fields__
    assert CHANNELS[Face.PRODUCTION] & CHANNELS[Face.CONTROL] == {Channel.HEARTBEATS}


def test_no_field_outside_is_named_for_a_unit_of_the_inside_and_no_two_share_a_name():
    for kind in MESSAGE_TYPES.values():
        shown = [name for _, name, _ in plan_of(kind)]
        assert len(set(shown)) == len(shown)
        assert not [name for name in shown if name.endswith(("_ticks", "_lots", "_minor", "_ppm"))]


def example(hint):
    """Some value of a declared type."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        hints = get_type_hints(hint)
        return hint(**{name: "BTC/USD" if name == "instrument" else example(hints[name]) for name in hint.__struct_fields__})
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return next(iter(hint))
    if get_origin(hint) is tuple:
        return (example(get_args(hint)[0]),)
    if get_origin(hint) is not None or isinstance(hint, types.UnionType):
        return example(get_args(hint)[0])
    return {int: 7, str: "x", bool: True}[hint]


def test_every_message_type_that_is_heard_can_be_put_into_words():
    for kind in CHANNEL_OF:
        shown = worded(example(kind))
        assert set(shown) == {name for _, name, _ in plan_of(kind)}
        msgspec.json.encode(shown)


def test_messages_in_words():
    assert worded(quote(1)) == {
        "venue": "exchange-alpha", "instrument": "BTC/USD", "update": 1,
        "bid_price": "59990.01", "bid_quantity": "1", "ask_price": "60000.01", "ask_quantity": "0.25",
    }  # fmt: skip
    shown = worded(fill("demo/alice"))
    assert (shown["price"], shown["quantity"], shown["fee"], shown["leaves"]) == ("60000", "0.1", "6", "0")
    assert shown["settles_at"] == "2026-03-02T08:10:00.000000000Z"
    candle = worded(CandleClosed("BTC/USD", MINUTE, T0, 10**8, 2 * 10**8, 10**7, 15 * 10**7, 60))
    assert (candle["high"], candle["low"], candle["interval_ns"]) == ("2", "0.1", MINUTE)
    assert worded(QuoteChanged("exchange-alpha", "BTC/USD", 9, 0, 0, 0, 0))["bid_price"] is None


def test_every_message_of_a_real_run_can_be_put_into_words():
    kinds = set()
    for one in recorded_entries():
        if type(one.message) not in kinds:
            kinds.add(type(one.message))
            msgspec.json.encode(worded(one.message))
    assert len(kinds) > 25


def test_numbers_of_a_subscription_rise_by_one_and_nothing_tells_of_the_record():
    hub = Hub()
    with hub.joined(OWNER) as one:
        hub.subscribe(one, Channel.QUOTES, instrument="ETH/USD")
        hub.subscribe(one, Channel.QUOTES)
        hub.tell([entry(quote(n, ("BTC/USD", "ETH/USD")[n % 2]), sequence=100 * n) for n in range(1, 9)])
        messages = heard(one)
    assert [m["number"] for m in messages if m["subscription"] == 2] == list(range(1, 9))
    assert [m["number"] for m in messages if m["subscription"] == 1] == [1, 2, 3, 4]
    assert all(not {"sequence", "trace", "cause", "sender"} & m.keys() for m in messages)


def test_a_new_subscription_begins_with_what_is_known():
    hub = Hub()
    hub.tell([entry(quote(1)), entry(quote(2)), entry(quote(3, venue="exchange-beta"))])
    hub.tell([entry(PricePublished("BTC/USD", 6 * 10**12, T0, 7))])
    with hub.joined(OWNER) as one:
        hub.subscribe(one, Channel.QUOTES, venue="exchange-alpha")
        hub.subscribe(one, Channel.PRICES)
        assert [(m["channel"], m["update"]) for m in heard(one)] == [("quotes", 2), ("prices", 7)]


def test_an_account_is_heard_by_whoever_owns_it_or_one_above_it():
    hub = Hub()
    callers = {name: Caller(name, frozenset({Scope.READ}), accounts) for name, accounts in {
        "master": ("demo",), "sub": ("demo/alice",), "other": ("demo2",), "near": ("demo/al",), "all": ("*", "demo"),
        "both": ("demo/alice", "demo"), "none": (),
    }.items()}  # fmt: skip
    got = {}
    for name, caller in callers.items():
        with hub.joined(caller) as one:
            hub.subscribe(one, Channel.FILLS)
            hub.tell([entry(fill("demo/alice"))])
            got[name] = len(heard(one))
    assert got == {"master": 1, "sub": 1, "other": 0, "near": 0, "all": 1, "both": 1, "none": 0}


def test_what_a_key_may_not_hear_is_refused():
    hub = Hub(StreamLimits(subscriptions=2, connections_per_key=1))
    for face in (Face.CONTROL, Face.AUDIT):
        with pytest.raises(Forbidden), hub.joined(OWNER, face):
            pass
    with pytest.raises(Forbidden), hub.joined(Caller("k", frozenset({Scope.TRADE}), ("*",))):
        pass
    with hub.joined(OWNER) as one:
        with pytest.raises(Forbidden):
            hub.subscribe(one, Channel.FILLS, account="fund")
        for channel in (Channel.FAULTS, Channel.CONDITIONS, Channel.ENTRIES, Channel.COMPONENTS):
            with pytest.raises(NoSuchThing):
                hub.subscribe(one, channel)
        with pytest.raises(InvalidRequest):
            hub.subscribe(one, Channel.QUOTES, account="demo")
        with pytest.raises(InvalidRequest):
            hub.subscribe(one, Channel.FILLS, conflate=True)
        with pytest.raises(TooManyRequests), hub.joined(OWNER):
            pass
        hub.subscribe(one, Channel.QUOTES)
        with pytest.raises(Conflicting):
            hub.subscribe(one, Channel.QUOTES)
        hub.subscribe(one, Channel.FILLS)
        with pytest.raises(TooManyRequests):
            hub.subscribe(one, Channel.DEPTH)
        hub.unsubscribe(one, 1)
        with pytest.raises(NoSuchThing):
            hub.unsubscribe(one, 1)
        hub.tell([entry(quote(1)), entry(fill("demo"))])
        assert [m["channel"] for m in heard(one)] == ["fills"]
    with hub.joined(OWNER):
        pass


def test_a_listener_that_takes_frame_by_frame_and_keeps_up_is_not_cut():
    hub = Hub(StreamLimits(frame_messages=1, waiting_bytes=2_000))
    with hub.joined(ALL) as steady:
        hub.subscribe(steady, Channel.QUOTES)
        hub.tell([entry(quote(1))])
        for update in range(2, 201):
            hub.tell([entry(quote(update))])
            assert len(asyncio.run(steady.take())) == 1
        assert steady.waiting == 1
        assert steady.cut is None


@pytest.mark.parametrize("limits", [StreamLimits(waiting_messages=10), StreamLimits(waiting_bytes=2_000)])
def test_a_listener_that_does_not_take_what_waits_is_cut_and_the_others_do_not_notice(limits):
    hub = Hub(limits)
    with hub.joined(ALL) as stalled, hub.joined(ALL) as patient, hub.joined(ALL) as conflated:
        for one in (stalled, patient):
            hub.subscribe(one, Channel.QUOTES)
        hub.subscribe(conflated, Channel.QUOTES, conflate=True)
        numbers = []
        for update in range(1, 201):
            hub.tell([entry(quote(update))])
            numbers += [m["number"] for m in heard(patient)]
        assert numbers == list(range(1, 201))
        with pytest.raises(CutOff) as cut:
            asyncio.run(stalled.take())
        assert cut.value.cut.code == 4408
        assert "too slow" in cut.value.cut.reason
        assert stalled.waiting == 0
        newest = heard(conflated)
        assert [(m["number"], m["update"]) for m in newest] == [(1, 200)]
        assert hub.counts.cut == 1


def test_heartbeats_say_every_second_once_after_what_was_said_before():
    hub = Hub()
    hub.seed(T0, [])
    with hub.joined(OWNER) as one:
        hub.subscribe(one, Channel.HEARTBEATS)
        hub.subscribe(one, Channel.QUOTES)
        hub.tell([entry(quote(1), T0 + SECOND // 2), entry(quote(2), T0 + 2 * SECOND)])
        hub.beat(T0 + 2 * SECOND + 5)
        hub.beat(T0 + 3 * SECOND)
        hub.beat(T0 + 86_400 * SECOND)
        told = [m.get("update", m.get("time_at")) for m in heard(one)]
    times = ["2026-03-02T08:00:01.000000000Z", "2026-03-02T08:00:02.000000000Z"]
    assert told == [1, *times, 2, "2026-03-02T08:00:03.000000000Z", "2026-03-03T08:00:00.000000000Z"]


def test_a_stopping_server_and_a_revoked_key_end_streams():
    hub = Hub()
    with hub.joined(OWNER) as one, hub.joined(ALL) as other:
        told = []
        one.when_cut(lambda: told.append(True))
        hub.subscribe(one, Channel.QUOTES)
        hub.close()
        assert told == [True]
        for subscriber in (one, other):
            with pytest.raises(CutOff) as cut:
                asyncio.run(subscriber.take())
            assert cut.value.cut.code == 1001
        assert hub.counts.subscriptions == 0
    with hub.joined(OWNER) as late:
        assert late.cut is not None


def test_the_pulse_says_every_second_that_is_reached_and_repeats_the_last_where_none_passes(tmp_path, monkeypatch):
    monkeypatch.setattr(pulse, "LOOK_EVERY", 0.0)
    keys = KeyStore(tmp_path / "keys")
    new = keys.create("a test", [Scope.READ], ["demo"])
    caller = keys.by_token(new.token)
    hub, wall = Hub(), [0.0]
    # While there is work nothing is said; then time stands still for eleven seconds of wall time.
    script = iter([None, T0 + SECOND, None, T0 + 2 * SECOND, *[T0 + 2 * SECOND] * 11])
    hub.seed(T0, [])

    def reached():
        wall[0] += 1.0
        found = next(script, "end")
        if found == "end":
            keys.revoke(new.id)
            return None
        return found

    async def story():
        with hub.joined(caller) as one:
            hub.subscribe(one, Channel.HEARTBEATS)
            task = asyncio.create_task(pulse.beat(hub, keys, reached, lambda: wall[0]))
            told = []
            with contextlib.suppress(CutOff):
                while True:
                    told += [waiting.published.message.time_at - T0 for waiting in await one.take()]
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return told, one.cut.code

    assert asyncio.run(story()) == ([SECOND, 2 * SECOND, 2 * SECOND, 2 * SECOND], 4401)


def stream_of(entries, face=Face.PRODUCTION, caller=ALL):
    """All that a key hears on every channel of a face, byte for byte."""
    hub = Hub(StreamLimits(waiting_messages=10**7, waiting_bytes=10**10))
    with hub.joined(caller, face) as one:
        for channel in sorted(CHANNELS[face]):
            hub.subscribe(one, channel)
        hub.tell(entries)
        hub.beat(recorded_entries()[-1].at)
        frames = []
        while one.waiting:
            frames.append(frame_text(asyncio.run(one.take())))
    return frames


def test_the_production_stream_of_a_faulted_run_is_what_production_says_and_nothing_else():
    entries = recorded_entries()
    faulted = stream_of(entries)
    assert faulted == stream_of([one for one in entries if one.message.audience is Audience.PRODUCTION])
    text = "".join(faulted)
    assert len(text) > 1_000_000
    control = {type(one.message).__name__ for one in entries if one.message.audience is not Audience.PRODUCTION}
    words = {
        getattr(one.message, name)
        for one in entries
        if one.message.audience is Audience.CONTROL
        for name in ("fault_id", "condition_id", "run", "scenario")
        if hasattr(one.message, name)
    }
    assert {"FaultInjected", "ConditionTookEffect", "TradeMatched"} <= control
    assert words
    for word in control | words | {'"sequence"', '"trace"', '"cause"', "fault", "scenario", "condition"}:
        assert word not in text, word


def test_control_and_audit_streams_hear_what_production_does_not():
    entries = recorded_entries()
    control = "".join(stream_of(entries, Face.CONTROL))
    assert "FaultInjected" in control
    assert "GroundTruthLabelled" not in control
    assert "QuoteChanged" not in control
    shown = [one for frame in stream_of(entries[:2_000], Face.AUDIT) for one in json.loads(frame) if "entry" in one]
    assert [one["entry"]["sequence"] for one in shown] == [one.sequence for one in entries[:2_000]]
