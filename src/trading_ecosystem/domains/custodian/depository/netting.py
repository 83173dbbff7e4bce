"""What of the pairs that are due settles together, by the three models of delivery versus payment (BIS 1992, §3).

Model 1 settles securities and cash gross, pair by pair, both legs at once. Model 2 settles securities gross and cash net at the
end of the cycle; model 3 settles both net. In models 2 and 3 all legs of a cycle are one chain of transfers, so that an unwind
is never needed: what a participant cannot cover is left out before, the last in the queue first, until the rest can settle.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence

from trading_ecosystem.domains.custodian.depository.instructions import Instruction, PendingReason, Status
from trading_ecosystem.messages.units import MinorUnits

Holding = tuple[str, str]
"""Participant and asset."""


class Netting(enum.StrEnum):
    """What of a cycle is netted."""

    NOTHING = "nothing"
    """Model 1."""
    CASH = "cash"
    """Model 2."""
    BOTH = "both"
    """Model 3."""


class Leg:
    """An amount that one participant gives another."""

    __slots__ = ("amount_minor", "asset", "giver", "taker")

    def __init__(self, giver: str, taker: str, asset: str, amount_minor: MinorUnits) -> None:
        self.giver = giver
        self.taker = taker
        self.asset = asset
        self.amount_minor = amount_minor


class Pair:
    """Two instructions that match, and what became of them. The cash that settles is the delivering side's."""

    __slots__ = (
        "cancelled_by",
        "deliver",
        "held_by",
        "matched_day",
        "matched_last",
        "number",
        "reason",
        "receive",
        "settled_cash_minor",
        "settled_day",
        "settled_minor",
        "status",
    )

    def __init__(self, number: int, deliver: Instruction, receive: Instruction, matched_day: int, matched_last: str) -> None:
        self.number = number
        self.deliver = deliver
        self.receive = receive
        self.matched_day = matched_day
        self.matched_last = matched_last
        """Who instructed last, and pays for late matching."""
        self.held_by = [one.participant for one in (deliver, receive) if one.held]
        self.cancelled_by: list[str] = []
        self.status = Status.PENDING
        self.reason: PendingReason | None = PendingReason.AWAITING_DAY
        self.settled_minor: MinorUnits = 0
        self.settled_cash_minor: MinorUnits = 0
        self.settled_day: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything is left to settle."""
        return self.status in (Status.PENDING, Status.IN_PROGRESS, Status.FAILING)

    @property
    def order(self) -> tuple[int, int, int]:
        """The place in the queue: by priority, then intended day, then age."""
        return -max(self.deliver.priority, self.receive.priority), self.deliver.intended_day, self.number

    @property
    def left_minor(self) -> MinorUnits:
        """Securities that have not settled."""
        return self.deliver.quantity_minor - self.settled_minor

    def cash_of(self, quantity_minor: MinorUnits) -> MinorUnits:
        """The cash that goes with so much more: exact in the end, rounded down in between."""
        total = self.deliver.cash_minor * (self.settled_minor + quantity_minor) // self.deliver.quantity_minor
        return total - self.settled_cash_minor

    def legs(self, quantity_minor: MinorUnits) -> tuple[Leg, ...]:
        """The securities and, against payment, the cash."""
        giver, taker = self.deliver.participant, self.receive.participant
        legs = [Leg(giver, taker, self.deliver.security, quantity_minor)]
        cash = self.cash_of(quantity_minor)
        if cash:
            legs.append(Leg(taker, giver, self.deliver.cash_asset, cash))
        return tuple(legs)


def lacking(pair: Pair, quantity_minor: MinorUnits, available: Mapping[Holding, MinorUnits]) -> PendingReason | None:
    """What one of the two has too little of for so much to settle, if anything."""
    giver, taker = pair.deliver.participant, pair.receive.participant
    if available[giver, pair.deliver.security] < quantity_minor:
        return PendingReason.LACK_OF_SECURITIES
    cash = pair.cash_of(quantity_minor)
    if cash and available[taker, pair.deliver.cash_asset] < cash:
        return PendingReason.LACK_OF_CASH
    return None


def net_of(legs: Iterable[Leg]) -> dict[Holding, MinorUnits]:
    """What each participant takes (negative: gives) in each asset."""
    net: dict[Holding, MinorUnits] = {}
    for leg in legs:
        net[leg.giver, leg.asset] = net.get((leg.giver, leg.asset), 0) - leg.amount_minor
        net[leg.taker, leg.asset] = net.get((leg.taker, leg.asset), 0) + leg.amount_minor
    return net


def chosen(
    model: Netting, due: Sequence[Pair], available: Mapping[Holding, MinorUnits]
) -> tuple[list[Pair], dict[int, PendingReason]]:
    """Of pairs in the order of the queue, those that settle together by a netting model, and why each other one does not."""
    assert model is not Netting.NOTHING, "in model 1 each pair settles by itself"
    left_out: dict[int, PendingReason] = {}
    while True:
        taken, short = _passed(model, [pair for pair in due if pair.number not in left_out], available)
        deficit = _first_deficit(model, taken, available)
        if deficit is None:
            left_out.update(short)
            return taken, left_out
        pair, reason = deficit
        left_out[pair.number] = reason


def _passed(
    model: Netting, due: Sequence[Pair], available: Mapping[Holding, MinorUnits]
) -> tuple[list[Pair], dict[int, PendingReason]]:
    """Pairs whose securities can move one after the other; all of them where securities are netted."""
    if model is Netting.BOTH:
        return list(due), {}
    running = dict(available)
    taken: list[Pair] = []
    short: dict[int, PendingReason] = {}
    for pair in due:
        (securities, *_) = pair.legs(pair.left_minor)
        if running[securities.giver, securities.asset] < securities.amount_minor:
            short[pair.number] = PendingReason.LACK_OF_SECURITIES
            continue
        running[securities.giver, securities.asset] -= securities.amount_minor
        running[securities.taker, securities.asset] += securities.amount_minor
        taken.append(pair)
    return taken, short


def _first_deficit(
    model: Netting, taken: Sequence[Pair], available: Mapping[Holding, MinorUnits]
) -> tuple[Pair, PendingReason] | None:
    """The last pair in the queue that takes from the first holding that would be negative, if one would be."""
    net = net_of(leg for pair in taken for leg in pair.legs(pair.left_minor))
    for holding in sorted(net):
        if available[holding] + net[holding] >= 0:
            continue
        for pair in reversed(taken):
            for leg in reversed(pair.legs(pair.left_minor)):
                if (leg.giver, leg.asset) == holding and (model is Netting.BOTH or leg.asset != pair.deliver.security):
                    in_securities = leg.asset == pair.deliver.security
                    return pair, PendingReason.LACK_OF_SECURITIES if in_securities else PendingReason.LACK_OF_CASH
    return None
