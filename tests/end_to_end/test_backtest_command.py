"""``trading-ecosystem backtest`` as a person uses it."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import pytest
from tests.command_line import cli

from trading_ecosystem.messages.units import MINUTE, SECOND

START = 1_700_000_000


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stream, price = random.Random(3), 30_000.0
    lines = ["time,open,high,low,close,volume"]
    for minute in range(900):
        opening = price
        price = round(price * math.exp(stream.gauss(0, 0.0012) + 0.0005 * math.sin(minute / 200)), 2)
        high, low = max(opening, price) * 1.0002, min(opening, price) * 0.9998
        lines.append(f"{START + 60 * minute},{opening:.2f},{high:.2f},{low:.2f},{price:.2f},{stream.uniform(5, 20):.4f}")
    path = tmp_path_factory.mktemp("bars") / "bars.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


MOMENTUM = ("backtest", "momentum", "--set", "size_usd=5000", "--set", "max_position_usd=40000", "--taker-fee", "2")


def document(*arguments: object, cwd: Path) -> dict[str, object]:
    done = cli(*arguments, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    read: dict[str, object] = json.loads(done.stdout)
    return read


def test_it_writes_a_page_that_fetches_nothing(bars: Path, tmp_path: Path) -> None:
    done = cli(*MOMENTUM, "--data", bars, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Sharpe ratio" in done.stdout
    page = (tmp_path / "tearsheet.html").read_text(encoding="utf-8")
    for forbidden in ("<script", "http://", "https://", "url("):
        assert forbidden not in page.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert page.count("<svg") == 4
    written = json.loads((tmp_path / "tearsheet.json").read_text(encoding="utf-8"))
    performance = written["performance"]
    assert performance["fills"] > 10
    assert written["equity"][-1][1] == performance["capital_minor"] + performance["net_minor"]
    assert performance["total_return"] == pytest.approx(performance["net_minor"] / performance["capital_minor"], rel=1e-9)


def test_the_same_twice_is_the_same_and_latency_is_not(bars: Path, tmp_path: Path) -> None:
    first = document(*MOMENTUM, "--data", bars, cwd=tmp_path)
    assert document(*MOMENTUM, "--data", bars, cwd=tmp_path) == first
    late = document(*MOMENTUM, "--data", bars, "--latency", "90s", cwd=tmp_path)
    assert late["digest"] != first["digest"]


def test_from_and_to_cut_the_recording(bars: Path, tmp_path: Path) -> None:
    cut = document(*MOMENTUM, "--data", bars, "--from", str(START + 6_000), "--to", str(START + 50_000), cwd=tmp_path)
    assert (cut["start"], cut["end"]) == ((START + 6_000) * SECOND, (START + 50_000) * SECOND)


def test_a_sweep_is_the_same_on_one_core_and_two(bars: Path, tmp_path: Path) -> None:
    options = ("--sweep", "fast=5,15")
    one = document(*MOMENTUM, "--data", bars, *options, "--jobs", 1, cwd=tmp_path)
    assert document(*MOMENTUM, "--data", bars, *options, "--jobs", 2, cwd=tmp_path) == one


def test_walk_forward_trades_each_part_with_what_was_best_before(bars: Path, tmp_path: Path) -> None:
    options = ("--sweep", "fast=5,15", "--sweep", "slow=30,60", "--jobs", 1)
    walked = document(*MOMENTUM, "--data", bars, *options, "--walk-forward", 2, cwd=tmp_path)
    swept = walked["sweep"]
    assert isinstance(swept, list)
    assert [point["settings"] for point in swept] == [
        {"fast": "5", "slow": "30"},
        {"fast": "5", "slow": "60"},
        {"fast": "15", "slow": "30"},
        {"fast": "15", "slow": "60"},
    ]
    best = max(swept, key=lambda point: point["performance"]["sharpe_ratio"])
    assert walked["performance"] == best["performance"]
    first, second = walked["walk_forward"]  # type: ignore[misc]
    assert first["test_end"] == second["test_start"]
    chained = 1.0
    for fold in (first, second):
        chained *= 1.0 + fold["tested"]["performance"]["total_return"]
    assert walked["unseen"]["total_return"] == pytest.approx(chained - 1.0, rel=1e-12)  # type: ignore[index]
    chosen = [word for name, value in second["chosen"].items() for word in ("--set", f"{name}={value}")]
    unseen = ("--from", second["test_start"], "--to", second["test_end"])
    alone = document(*MOMENTUM, "--data", bars, *unseen, *chosen, cwd=tmp_path)
    assert alone["performance"] == second["tested"]["performance"]
    span = ("--from", second["train_start"], "--to", second["test_start"])
    trained = document(*MOMENTUM, "--data", bars, *span, *options, cwd=tmp_path)
    assert {name: trained["settings"][name] for name in ("fast", "slow")} == second["chosen"]  # type: ignore[index]


def test_faults_are_put_beside_the_clean_twin(bars: Path, tmp_path: Path) -> None:
    faults = ("--fault", "venue_outage@5h+2h", "--fault", "link_partition@10h+1h", "--fault", "venue_reject@13h+1h=0.9")
    faulted = document(*MOMENTUM, "--data", bars, *faults, cwd=tmp_path)
    clean = document(*MOMENTUM, "--data", bars, cwd=tmp_path)
    damages = faulted["damages"]
    assert isinstance(damages, list)
    assert [one["fault"] for one in damages] == [*faults[1::2], "all together"]
    assert all(one["agrees_until_onset"] for one in damages)
    assert damages[0]["ended_at"] - damages[0]["onset_at"] == 120 * MINUTE
    net = [one["performance"]["net_minor"] for one in (clean, faulted)]  # type: ignore[index]
    assert damages[-1]["damage_minor"] == net[0] - net[1]
    assert damages[0]["worst_minor"] != 0


OWN = """
from trading_ecosystem.domains.trading.crossing import cross
from trading_ecosystem.domains.trading.settings import Name
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.messages.orders import Side
import msgspec

class OnceSettings(msgspec.Struct, frozen=True):
    venue: Name
    instrument: Name

class Once(Strategy):
    def __init__(self, settings: OnceSettings) -> None:
        self.settings, self.done = settings, False

    def quotes_watched(self):
        return ((self.settings.venue, self.settings.instrument),)

    def quote_changed(self, view, quote):
        if self.done:
            return ()
        self.done = True
        return cross(view, quote.venue, quote.instrument, Side.BUY, 1000, 100)
"""


def test_a_strategy_of_ones_own_file_runs_unchanged(bars: Path, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    own = document("backtest", "own.py", "--data", bars, cwd=tmp_path)
    assert own["counts"]["fills"] == 1  # type: ignore[index]
    failing = OWN.replace("return cross", "raise RuntimeError('no')\n        return cross")
    (tmp_path / "failing.py").write_text(failing, encoding="utf-8")
    failed = document("backtest", "failing.py:Once", "--data", bars, cwd=tmp_path)
    assert failed["halted"] == "RuntimeError: no"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("momentom",), "is no strategy that is known"),
        (("nowhere.py",), "cannot be read (no such file or directory)"),
        (("momentum",), "needs the setting 'size_usd'"),
        (("momentum", "--set", "size"), "expected NAME=VALUE"),
        ((*MOMENTUM[1:], "--from", "never"), "is no time"),
        ((*MOMENTUM[1:], "--from", "2030-01-01"), "expected a span"),
        ((*MOMENTUM[1:], "--latency", "fast"), "expected a duration"),
        ((*MOMENTUM[1:], "--queue", "hopeful"), "expected one of conservative, proportional"),
        ((*MOMENTUM[1:], "--capital", "DOGE=1"), "unknown asset"),
        ((*MOMENTUM[1:], "--capital", "USD=-1"), "is no amount"),
        ((*MOMENTUM[1:], "--capital", "USD=0"), "is nothing"),
        ((*MOMENTUM[1:], "--capital", "ETH=1"), "ETH has no price in USD"),
        ((*MOMENTUM[1:], "--sweep", "fast"), "expected a setting and its values"),
        ((*MOMENTUM[1:], "--walk-forward", "2"), "expected --sweep"),
        ((*MOMENTUM[1:], "--sweep", "fast=1", "--objective", "luck"), "expected one of sharpe_ratio"),
        ((*MOMENTUM[1:], "--fault", "fire@1h+1h"), "unknown kind"),
        ((*MOMENTUM[1:], "--fault", "link_delay@1h+1h"), "=SIZE"),
        ((*MOMENTUM[1:], "--fault", "venue_reject@1h+1h=2"), "at most 1"),
        ((*MOMENTUM[1:], "--fault", "venue_outage@1000h+1h"), "after the end"),
    ],
)
def test_what_cannot_be_used_is_one_line(bars: Path, tmp_path: Path, arguments: tuple[str, ...], problem: str) -> None:
    done = cli("backtest", *arguments, "--data", bars, cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert problem in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "tearsheet.html").exists()
