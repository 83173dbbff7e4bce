"""A recorded market played at a chosen speed, and series that resemble it, on the whole ecosystem."""

from __future__ import annotations

import math

import pytest

import trading_ecosystem
from trading_ecosystem.container import replay
from trading_ecosystem.domains.market_data.similarity import similarity
from trading_ecosystem.messages.market_data import PriceRecorded
from trading_ecosystem.messages.units import MINUTE, SECOND

START = 1_772_409_600
"""2026-03-02T00:00:00Z, in seconds."""
ROWS = 180
PRICES = [60_000 + round(900 * math.sin(number / 7) + 40 * math.sin(number * 2.3)) for number in range(ROWS)]


@pytest.fixture
def play(tmp_path):
    """Run the recording of a row a minute with further settings of it."""
    rows = "".join(f"{(START + number * 60) * SECOND},BTC/USD,{price}\n" for number, price in enumerate(PRICES))
    (tmp_path / "prices.csv").write_text("time,instrument,price\n" + rows)

    def run(settings: str, seed: int = 1, **options):
        path = tmp_path / "played.yaml"
        path.write_text(
            "title: Played\nduration: 3h\nstarts_at: 2026-03-02T00:00:00Z\necosystem:\n  market_data:\n"
            "    instruments: [BTC/USD]\n    tick: 10s\n"
            f"    recording: {{file: prices.csv, format: csv{settings}}}\n  venues: [{{name: alpha, publish_every: 1m}}]\n"
        )
        return trading_ecosystem.run(path, seed=seed, **options)

    return run


def rows_of(result) -> list[tuple[int, int]]:
    """Instant after the start and price of every row that entered."""
    recorded = [(entry.at, entry.message) for entry in result.entries() if isinstance(entry.message, PriceRecorded)]
    return [(at - START * SECOND, message.price_minor // 10**8) for at, message in recorded]


@pytest.mark.parametrize(("speed", "apart"), [("", MINUTE), (", speed: 2", MINUTE // 2), (", speed: 10", 6 * SECOND)])
def test_recorded_time_goes_by_at_the_speed_asked_for(play, speed, apart):
    rows = rows_of(play(speed))
    assert rows == [(number * apart, price) for number, price in enumerate(PRICES)]


def test_a_slow_replay_shows_the_beginning(play):
    assert rows_of(play(", speed: 0.5")) == [(number * 2 * MINUTE, price) for number, price in enumerate(PRICES[:91])]


def test_a_similar_series_enters_as_rows_and_replays_without_the_file(play, tmp_path):
    real = rows_of(play(""))
    result = play(", similar: {block: 20, resemblance: 0.6}", out=tmp_path / "run")
    rows = rows_of(result)
    assert [at for at, _ in rows] == [at for at, _ in real]
    found = similarity([price * 10**8 for _, price in rows], [price * 10**8 for _, price in real])
    assert 300_000 < found.correlation_ppm < 900_000
    (tmp_path / "prices.csv").unlink()
    assert replay(tmp_path / "run") == (result.entry_count, result.journal_digest)


def test_a_similar_series_follows_from_the_seed(play):
    first, again, other = (rows_of(play(", similar: {}", seed=seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert first[0] == (0, PRICES[0])
