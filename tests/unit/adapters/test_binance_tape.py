"""An event tape inferred from a Binance capture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.campaign import CAMPAIGN, recorded_market

from trading_ecosystem.adapters.recordings.binance_tape import binance_tape
from trading_ecosystem.adapters.recordings.event_tape import ASK, BID, EventKind
from trading_ecosystem.adapters.recordings.tape_reading import read_tape
from trading_ecosystem.messages.units import MILLISECOND
from trading_ecosystem.ports.errors import BadInput

START = 1_700_000_000_000_000_000


def ticker(bid: str, bid_quantity: str, ask: str, ask_quantity: str, symbol: str = "BTCUSDT") -> dict[str, object]:
    return {"u": 1, "s": symbol, "b": bid, "B": bid_quantity, "a": ask, "A": ask_quantity}


def trade(price: str, quantity: str, *, buyer_is_maker: bool) -> dict[str, object]:
    return {"e": "trade", "s": "BTCUSDT", "t": 1, "p": price, "q": quantity, "m": buyer_is_maker}


def depth(bids: list[list[str]], asks: list[list[str]]) -> dict[str, object]:
    return {"e": "depthUpdate", "s": "BTCUSDT", "U": 1, "u": 2, "b": bids, "a": asks}


def capture(path: Path, *frames: tuple[int, dict[str, object]]) -> Path:
    """A file with these frames, each at so many milliseconds."""
    lines = [f"{START + at * MILLISECOND} {json.dumps({'stream': 's', 'data': frame})}" for at, frame in frames]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_what_the_best_prices_do_becomes_orders_trades_and_cancellations(tmp_path: Path) -> None:
    path = capture(
        tmp_path / "capture",
        (0, ticker("100.00", "1", "100.10", "2")),
        (100, ticker("100.00", "1.5", "100.10", "2")),  # half a coin joins the bid
        (200, ticker("100.00", "1.5", "100.05", "1")),  # a seller narrows
        (300, ticker("100.00", "1.5", "100.05", "0.4")),  # 0.5 traded, 0.1 cancelled
        (302, trade("100.05", "0.5", buyer_is_maker=False)),
        (400, ticker("99.90", "3", "100.05", "0.4")),  # the best bid is gone without a trade
    )
    tape = binance_tape(path)
    rows = list(zip(tape.kinds, tape.sides, tape.prices, tape.lots, strict=True))
    assert rows == [
        (EventKind.ADD, BID, 10_000, 500_000),
        (EventKind.ADD, ASK, 10_005, 1_000_000),
        (EventKind.EXECUTE, ASK, 10_005, 500_000),
        (EventKind.DELETE, ASK, 10_005, 100_000),
        (EventKind.DELETE, BID, 10_000, 1_500_000),
    ]
    assert (tape.bids[-1], tape.asks[-1]) == (9_990, 10_005)


def test_changes_behind_are_spread_over_the_tenth_of_a_second_before(tmp_path: Path) -> None:
    path = capture(
        tmp_path / "capture",
        (0, ticker("100.00", "1", "100.10", "2")),
        (1, trade("100.00", "1", buyer_is_maker=True)),
        (200, depth([["99.99", "1"], ["50.00", "1"], ["100.00", "9"]], [["100.12", "2"]])),
        (300, depth([["99.99", "0.25"]], [])),
    )
    tape = binance_tape(path)
    rows = list(zip(tape.kinds, tape.sides, tape.prices, tape.lots, strict=True))
    assert rows == [
        (EventKind.ADD, BID, 9_999, 1_000_000),
        (EventKind.ADD, ASK, 10_012, 2_000_000),
        (EventKind.DELETE, BID, 9_999, 750_000),
    ]
    assert START + 100 * MILLISECOND < tape.times[0] < tape.times[1] < START + 200 * MILLISECOND


def test_what_is_no_such_capture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="expected a capture of BTCUSDT alone"):
        binance_tape(capture(tmp_path / "other", (0, ticker("1", "1", "2", "2", symbol="ETHUSDT"))))
    with pytest.raises(BadInput, match="no trades"):
        binance_tape(capture(tmp_path / "still", (0, ticker("1", "1", "2", "2"))))
    (tmp_path / "text").write_text("hello\n")
    with pytest.raises(BadInput, match="unknown format"):
        read_tape(tmp_path / "text")


@pytest.mark.skipif(not CAMPAIGN, reason="reading the whole capture takes half a minute: make campaign does it")
def test_the_recorded_capture_is_never_crossed_and_finds_its_trades() -> None:
    tape = read_tape(recorded_market("binance_ws/spot_btcusdt_20240808.gz"))
    assert not any(bid >= ask for bid, ask in zip(tape.bids, tape.asks, strict=True) if bid and ask)
    kinds = list(tape.kinds)
    assert kinds.count(EventKind.EXECUTE) > 3_000
    assert len(tape) > 90_000
