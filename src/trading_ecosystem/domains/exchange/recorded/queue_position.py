"""Where a resting order stands in the queue of its price, estimated from the displayed size and the trades.

A recording of levels does not say whose order a cancelled one stood before. Two estimates, as Rigtorp (2013, "Estimating order
queue position") and hftbacktest's queue models have them:

``conservative``
    only trades shorten the queue ahead; what is cancelled is taken to have stood behind, until the displayed size is smaller
    than the queue ahead was thought to be;
``proportional``
    what is cancelled stood ahead and behind in proportion to both, rounded down in favour of the order by less than one lot.

A size that grows joins behind under either.
"""

from __future__ import annotations

import enum

from trading_ecosystem.messages.units import Lots


class QueueEstimate(enum.StrEnum):
    """How cancels ahead of a resting order are estimated."""

    CONSERVATIVE = "conservative"
    PROPORTIONAL = "proportional"


class QueuePosition:
    """The queue of others at one price as one order sees it: ``ahead`` of it, of ``displayed`` in all.

    ``is_known`` is false while the recording shows no size for the price: it is then behind whatever is shown first, and a
    trade at the price says nothing of it.
    """

    __slots__ = ("ahead", "displayed", "estimate", "is_known")

    def __init__(self, estimate: QueueEstimate, displayed: Lots | None) -> None:
        self.estimate = estimate
        self.is_known = displayed is not None
        self.ahead: Lots = displayed or 0
        self.displayed: Lots = self.ahead

    def show(self, displayed: Lots) -> None:
        """The recording shows this size at the price."""
        if not self.is_known:
            self.is_known = True
            self.ahead = self.displayed = displayed
            return
        if self.estimate is QueueEstimate.PROPORTIONAL and displayed < self.displayed:
            self.ahead = self.ahead * displayed // self.displayed
        self.ahead = min(self.ahead, displayed)
        self.displayed = displayed

    def trade(self, quantity: Lots) -> Lots:
        """So many lots traded at the price; returns what is left of them once the queue ahead is served."""
        if not self.is_known:
            return 0
        served = min(self.ahead, quantity)
        self.ahead -= served
        self.displayed = max(0, self.displayed - quantity)
        return quantity - served
