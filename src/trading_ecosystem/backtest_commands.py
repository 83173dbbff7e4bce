"""The command ``trading-ecosystem backtest``: a strategy over a recorded market, with a tearsheet."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from trading_ecosystem.ports.errors import BadInput

if TYPE_CHECKING:
    from trading_ecosystem.backtest_sweeps import Fold, Point
    from trading_ecosystem.backtesting import Backtest, BacktestSettings
    from trading_ecosystem.domains.exchange.recorded.queue_position import QueueEstimate
    from trading_ecosystem.reports.backtest.damage import Damage
    from trading_ecosystem.reports.backtest.performance import Unseen
    from trading_ecosystem.reports.backtest.tearsheet import TriedRow

MOST_JOBS: Final = 64
MOST_FOLDS: Final = 1_000

DataOption = Annotated[
    list[str],
    typer.Option(
        metavar="[[VENUE:]SYMBOL=]FILE",
        help="Recorded trades, quotes, depth or bars, CSV or Parquet, of BTC/USD at exchange-alpha unless named; repeatable.",
    ),
]
_PER: Final = 1_000_000


StrategyArgument = Annotated[
    str, typer.Argument(metavar="STRATEGY", help="A kind of the library, module:Class, or a file strategy.py[:Class].")
]
FromOption = Annotated[str, typer.Option("--from", help="First instant, RFC 3339 or a date; default: the first row.")]
ToOption = Annotated[str, typer.Option("--to", help="First instant left out; default: after the last row.")]
SettingOption = Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting of the strategy.")]
CapitalOption = Annotated[str, typer.Option(help="What it has at each venue: USD=100000,BTC=1.")]
LatencyOption = Annotated[str, typer.Option(help="How long an order is under way, such as 5ms.")]
FeedLatencyOption = Annotated[str, typer.Option(help="How long quotes and reports are under way.")]
MakerFeeOption = Annotated[float, typer.Option(help="Basis points; negative is a rebate.")]
TakerFeeOption = Annotated[float, typer.Option(help="Basis points.")]
QueueOption = Annotated[str, typer.Option(help="How cancels ahead in a queue are estimated: conservative, proportional.")]
SpreadOption = Annotated[float, typer.Option(min=0, max=1_000, help="Basis points assumed where no quotes are recorded.")]
BarShareOption = Annotated[float, typer.Option(min=0, max=1, help="Share of a bar's volume that can be had.")]
SampleOption = Annotated[str, typer.Option(help="How far marks are apart, such as 1h; default: by the length.")]
PeriodsOption = Annotated[float, typer.Option(min=0, help="Default: as many marks as fit into 365 days.")]
SweepOption = Annotated[list[str] | None, typer.Option(metavar="NAME=A,B,C", help="Try every value, and combination.")]
WalkForwardOption = Annotated[int, typer.Option(min=0, max=MOST_FOLDS, help="So many steps over the sweep.")]
ObjectiveOption = Annotated[str, typer.Option(help="What a sweep makes large.")]
FaultOption = Annotated[
    list[str] | None, typer.Option(metavar="KIND@OFFSET+DURATION[=SIZE]", help="Such as venue_outage@2h+10m; repeatable.")
]
JobsOption = Annotated[int | None, typer.Option(min=1, max=MOST_JOBS, help="Processes of a sweep; default: cores.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Of what faults draw.")]
OutOption = Annotated[Path, typer.Option(help="The page to write; beside it goes the same as JSON.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def backtest(
    strategy: StrategyArgument,
    data: DataOption,
    from_: FromOption = "",
    to: ToOption = "",
    set_: SettingOption = None,
    capital: CapitalOption = "USD=100000",
    latency: LatencyOption = "0",
    feed_latency: FeedLatencyOption = "0",
    maker_fee: MakerFeeOption = 0.0,
    taker_fee: TakerFeeOption = 0.0,
    queue: QueueOption = "conservative",
    spread: SpreadOption = 1.0,
    bar_share: BarShareOption = 0.1,
    sample: SampleOption = "0",
    periods_per_year: PeriodsOption = 0.0,
    sweep: SweepOption = None,
    walk_forward: WalkForwardOption = 0,
    objective: ObjectiveOption = "sharpe_ratio",
    fault: FaultOption = None,
    jobs: JobsOption = None,
    seed: SeedOption = 1,
    out: OutOption = Path("tearsheet.html"),
    json: JsonOption = False,
) -> None:
    """Run a strategy, unchanged, over a recorded market, and write its tearsheet."""
    from trading_ecosystem.adapters.few_collections import few_collections
    from trading_ecosystem.adapters.market_history.histories import source_of
    from trading_ecosystem.adapters.market_history.reading import Assumptions
    from trading_ecosystem.adapters.whole_files import check_writable
    from trading_ecosystem.backtesting import BacktestSettings
    from trading_ecosystem.terminal import progress_bar

    check_writable(out)
    settings = BacktestSettings(
        strategy=strategy,
        sources=tuple(source_of(text) for text in data),
        settings=_pairs("--set", set_ or ()),
        start=_instant("--from", from_),
        end=_instant("--to", to),
        capital=_capital(capital),
        order_latency_ns=_duration("--latency", latency),
        feed_latency_ns=_duration("--feed-latency", feed_latency),
        maker_fee_ppm=round(maker_fee * 100),
        taker_fee_ppm=round(taker_fee * 100),
        queue=_queue(queue),
        assumptions=Assumptions(round(spread * 100), round(bar_share * _PER)),
        sample_ns=_duration("--sample", sample),
        periods_per_year=periods_per_year,
        seed=seed,
    )
    chosen = (sweep or (), walk_forward, objective, fault or (), jobs or os.cpu_count() or 1)
    with progress_bar(f"testing {strategy}", quiet=json) as progress, few_collections():
        told = _run(settings, *chosen, _Counted(progress))
        told.write(out)
    told.say(out, json)


class _Counted:
    """Tells a progress bar of one backtest after the other."""

    def __init__(self, progress: Callable[[int, int], None] | None) -> None:
        self._progress = progress
        self._done = 0
        self.total = 1

    def __call__(self) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self.total)


class _Told:
    """What came of the command, to be written and said."""

    def __init__(
        self, tested: Backtest, damages: Sequence[Damage], sweep: Sequence[Point], folds: Sequence[Fold], best: Point | None
    ) -> None:
        self._tested = tested
        self._damages = damages
        self._sweep = sweep
        self._folds = folds
        self._best = best

    def document(self) -> dict[str, object]:
        """Everything as one JSON document."""
        tested = self._tested
        return {
            "strategy": tested.settings.strategy,
            "settings": tested.settings.settings,
            "start": tested.start,
            "end": tested.end,
            "performance": tested.performance,
            "counts": tested.observed.counts,
            "withheld": tested.observed.withheld,
            "halted": tested.observed.halted,
            "digest": tested.observed.digest(),
            "equity": [(sample.at, tested.capital_minor + sample.net_minor) for sample in tested.observed.samples],
            "round_trips": tested.observed.trips,
            "damages": self._damages,
            "sweep": [{"settings": point.settings, "performance": point.performance} for point in self._sweep],
            "walk_forward": self._folds,
            "unseen": self.unseen(),
        }

    def unseen(self) -> Unseen | None:
        """The walk-forward as a whole, where there was one."""
        from trading_ecosystem.reports.backtest.performance import unseen_of

        if not self._folds:
            return None
        returns = [one for fold in self._folds for one in fold.tested.returns]
        return unseen_of(returns, self._folds[0].tested.performance.periods_per_year)

    def _rows(self) -> tuple[list[TriedRow], list[TriedRow]]:
        from trading_ecosystem.reports.backtest.tearsheet import TriedRow

        def text(settings: dict[str, str]) -> str:
            return " ".join(f"{name}={value}" for name, value in settings.items()) or "as given"

        return (
            [TriedRow(text(point.settings), point.performance, point is self._best) for point in self._sweep],
            [TriedRow(text(fold.chosen), fold.tested.performance) for fold in self._folds],
        )

    def write(self, out: Path) -> None:
        """The page, and beside it the document."""
        import msgspec

        from trading_ecosystem.adapters.whole_files import write_whole
        from trading_ecosystem.reports.backtest.tearsheet import Tested, render_tearsheet
        from trading_ecosystem.reports.wording import duration_text

        tested, settings = self._tested, self._tested.settings
        assumed = (
            ("maker and taker fee", f"{settings.maker_fee_ppm / 100:g} bp, {settings.taker_fee_ppm / 100:g} bp"),
            ("latency", f"orders {duration_text(settings.order_latency_ns)}, feed {duration_text(settings.feed_latency_ns)}"),
            ("queue", settings.queue.value),
            ("without recorded quotes", f"{settings.assumptions.spread_ppm / 100:g} bp from bid to ask"),
            ("marks", f"every {duration_text(tested.sample_ns)}"),
        )
        shown = Tested(
            settings.strategy,
            settings.settings,
            assumed,
            tested.read,
            tested.start,
            tested.end,
            tested.capital_minor,
            tested.observed.digest(),
        )
        page = render_tearsheet(shown, tested.observed, tested.performance, self._damages, *self._rows(), self.unseen())
        write_whole(out, page)
        write_whole(out.with_suffix(".json"), msgspec.json.format(msgspec.json.encode(self.document())).decode() + "\n")

    def say(self, out: Path, json: bool) -> None:
        """Print it."""
        from rich.console import Console

        from trading_ecosystem.reports.backtest.summary import summary_text
        from trading_ecosystem.terminal import print_json

        if json:
            print_json(self.document())
            return
        console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
        halted = self._tested.observed.halted
        console.print(summary_text(self._tested.performance, self._damages, *self._rows(), halted, self.unseen()))
        console.print(f"tearsheet     {out}  {out.with_suffix('.json')}", soft_wrap=True)


def _run(
    settings: BacktestSettings,
    sweep: Sequence[str],
    steps: int,
    objective: str,
    faults: Sequence[str],
    jobs: int,
    counted: _Counted,
) -> _Told:
    """The backtest; with a sweep the one with the best of its settings, with faults the one with all of them."""
    import msgspec

    from trading_ecosystem.backtest_faults import fault_of, run_with_faults
    from trading_ecosystem.backtest_sweeps import OBJECTIVES, Cores, best_of, grid_of, walk_forward
    from trading_ecosystem.backtesting import run_backtest, with_only_places

    if objective not in OBJECTIVES:
        raise BadInput(f"--objective {objective}", f"expected one of {', '.join(OBJECTIVES)}")
    if steps and not sweep:
        raise BadInput("--walk-forward", "has nothing to choose from; expected --sweep NAME=A,B,C as well")
    read = [fault_of(text) for text in faults]
    settings = with_only_places(settings)
    points: list[Point] = []
    folds: list[Fold] = []
    best = None
    if sweep:
        grid = grid_of(sweep)
        with Cores(min(jobs, len(grid))) as cores:
            counted.total = len(grid) * (steps + 1) + steps + 1
            points = cores.run(settings, grid, told=counted)
            folds = walk_forward(settings, grid, steps, objective, cores, counted) if steps else []
        best = best_of(points, objective)
        settings = msgspec.structs.replace(settings, settings=settings.settings | best.settings)
    tested, damages = run_with_faults(settings, read) if read else (run_backtest(settings), ())
    return _Told(tested, damages, points, folds, best)


def _pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise BadInput(f"{option} {text}", "expected NAME=VALUE")
        found[name] = value
    return found


def _capital(text: str) -> dict[str, int]:
    from trading_ecosystem.messages.units import ASSETS, minor_units

    found = {}
    for part in text.split(","):
        asset, _, amount = part.strip().partition("=")
        if asset not in ASSETS:
            raise BadInput(
                f"--capital {text}", f"unknown asset {asset!r}; expected one of {', '.join(ASSETS)}, as in USD=100000"
            )
        try:
            found[asset] = minor_units(amount)
        except (ValueError, ArithmeticError):
            found[asset] = -1
        if found[asset] < 0:
            raise BadInput(
                f"--capital {text}", f"{amount!r} is no amount, expected one such as 100000 with eight places at most"
            )
    return found


def _instant(option: str, text: str) -> int:
    from trading_ecosystem.adapters.market_history.scales import instant_of

    try:
        return instant_of(text) if text else 0
    except ValueError as error:
        raise BadInput(f"{option} {text}", str(error)) from None


def _duration(option: str, text: str) -> int:
    from trading_ecosystem.domains.trading.settings import duration_ns

    try:
        return duration_ns(text)
    except ValueError as error:
        raise BadInput(f"{option} {text}", f"{error}; expected a duration such as 5ms or 1h") from None


def _queue(text: str) -> QueueEstimate:
    from trading_ecosystem.domains.exchange.recorded.queue_position import QueueEstimate

    try:
        return QueueEstimate(text)
    except ValueError:
        raise BadInput(f"--queue {text}", f"expected one of {', '.join(one.value for one in QueueEstimate)}") from None


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(backtest)
