"""The life tables: random lives take no way that is not in them, and the document shows them as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.campaign import CAMPAIGN, REPOSITORY, seeds
from tests.unit.exchange.matching_commands import Stream
from tests.unit.exchange.test_exchange_matching_random import SETTINGS, fresh

from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.book.book_events import Cancelled, Filled, Reduced, Refused, Replaced, Rested
from trading_ecosystem.domains.exchange.matching.kept_orders import NewOrder
from trading_ecosystem.domains.exchange.matching.matching_events import Activated, Crossed, MatchingEvent, Parked, Triggered
from trading_ecosystem.domains.exchange.matching.order_lives import LIVES, LifeEvent, LifeState, kind_of
from trading_ecosystem.domains.exchange.matching.phases import ADMITS, FOLLOWS, Entry

DOCUMENT = REPOSITORY / "docs" / "orders.md"
SIMPLE = {
    Rested: (LifeEvent.RESTED, LifeState.RESTING),
    Cancelled: (LifeEvent.CANCELLED, LifeState.CANCELLED),
    Triggered: (LifeEvent.TRIGGERED, LifeState.ENTERING),
    Activated: (LifeEvent.ACTIVATED, LifeState.ENTERING),
}


class Lives:
    """Every step that the orders of one stream take."""

    def __init__(self) -> None:
        self.orders: dict[int, NewOrder] = {}
        self.states: dict[int, LifeState] = {}
        self.steps: dict[tuple[str, LifeState, LifeEvent, LifeState], int] = {}

    def asked(self, orders: tuple[NewOrder, ...] | list[NewOrder]) -> None:
        for new in orders:
            self.orders[new.order_id] = new
            self.states[new.order_id] = LifeState.NEW

    def heard(self, event: MatchingEvent) -> None:
        if type(event) in SIMPLE:
            self._step(event.order_id, *SIMPLE[type(event)])  # type: ignore[union-attr, index]
        elif isinstance(event, Refused):
            if self.states.get(event.order_id) is LifeState.NEW:
                self._step(event.order_id, LifeEvent.REFUSED, LifeState.REFUSED)
        elif isinstance(event, Parked):
            self._step(event.order_id, LifeEvent.PARKED, LifeState(f"waits for {event.waits_for}"))
        elif isinstance(event, Reduced):
            self._step(event.order_id, LifeEvent.REDUCED, self.states[event.order_id])
        elif isinstance(event, Replaced):
            self._step(event.order_id, LifeEvent.REPLACED, self.states[event.order_id])
        elif isinstance(event, Filled):
            for order_id, leaves in ((event.taker_id, event.taker_leaves_lots), (event.maker_id, event.maker_leaves_lots)):
                stays = LifeState.RESTING if self.states[order_id] is LifeState.RESTING else LifeState.ENTERING
                self._step(order_id, LifeEvent.TRADED, stays if leaves else LifeState.FILLED)
        elif isinstance(event, Crossed):
            for order_id, leaves in ((event.buy_id, event.buy_leaves_lots), (event.sell_id, event.sell_leaves_lots)):
                self._step(order_id, LifeEvent.TRADED, self.states[order_id] if leaves else LifeState.FILLED)

    def _step(self, order_id: int, event: LifeEvent, after: LifeState) -> None:
        step = (kind_of(self.orders[order_id]), self.states[order_id], event, after)
        self.steps[step] = self.steps.get(step, 0) + 1
        self.states[order_id] = after


def steps_of_random_lives(settings: str, seed: int, commands: int) -> dict[tuple[str, LifeState, LifeEvent, LifeState], int]:
    stream, lives = Stream(seed, phases=seed % 3 != 0), Lives()
    matching = fresh(books.available()[-1], settings)
    for _ in range(commands):
        stream.now += 20
        command, asked = stream.make(matching)
        events = list(command(matching))
        lives.asked(list(asked))
        stream.take(events, asked)
        events += stream.tell_positions(matching)[0]
        for event in events:
            lives.heard(event)
    return lives.steps


ALLOWED = {
    (kind, state, event, after) for kind, life in LIVES.items() for state, steps in life.items() for event, after in steps
}


def test_random_lives_take_no_other_way() -> None:
    taken: dict[tuple[str, LifeState, LifeEvent, LifeState], int] = {}
    for settings in SETTINGS:
        for seed in seeds(3, 150):
            taken |= steps_of_random_lives(settings, seed, 400)
    assert sorted(set(taken) - ALLOWED) == []
    assert {kind for kind, *_ in taken} == set(LIVES)
    if CAMPAIGN:
        never = ALLOWED - set(taken)
        assert len(never) <= len(ALLOWED) // 10, sorted(never)


@pytest.mark.parametrize("kind", LIVES)
def test_every_life_begins_new_and_can_end(kind: str) -> None:
    life = LIVES[kind]
    reached, ends = {LifeState.NEW}, set()
    for _ in LifeState:
        for state in tuple(reached):
            following = {after for _, after in life.get(state, ())}
            ends |= following - set(life)
            reached |= following
    assert ends == {LifeState.FILLED, LifeState.CANCELLED, LifeState.REFUSED}
    assert set(life) <= reached


def tables(path: Path = DOCUMENT) -> str:
    """The generated part of the document, as it stands."""
    text = path.read_text(encoding="utf-8")
    return text.split("<!-- lives:begin -->\n")[1].split("<!-- lives:end -->")[0]


def rendered() -> str:
    """The tables as the code has them."""
    lines: list[str] = []
    for kind, life in LIVES.items():
        lines += [f"### {kind.capitalize()}", "", "| state | what happens, and where it is then |", "|---|---|"]
        for state, steps in life.items():
            ways = " · ".join(f"{event} → *{after}*" if after is not state else f"{event}" for event, after in steps)
            lines.append(f"| *{state}* | {ways} |")
        lines.append("")
    lines += ["## Phases", "", "| phase | may be followed by |", "|---|---|"]
    lines += [f"| {phase} | {', '.join(following)} |" for phase, following in FOLLOWS.items()]
    lines += ["", f"| phase | {' | '.join(Entry)} |", f"|---|{'---|' * len(Entry)}"]
    lines += [
        f"| {phase} | {' | '.join('yes' if entry in admits else '-' for entry in Entry)} |" for phase, admits in ADMITS.items()
    ]
    return "\n".join([*lines, ""])


def test_the_document_shows_the_tables() -> None:
    assert tables() == rendered()
