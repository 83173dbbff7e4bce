"""What the flow remembers of its trades: their signs, the excitement they left, and the trend of the mid price.

Power laws are sums of exponentials, each a factor per event or per trade, which costs a multiplication. Signs foretell the
next sign (large orders are traded in pieces); excitement brings more trades, and more of everything; the trend is what momentum
traders look at.
"""

from __future__ import annotations

from trading_ecosystem.domains.exchange.flow.flow_constants import FlowConstants


class FlowMemory:
    """Of one instrument."""

    __slots__ = ("_constants", "excitations", "level", "signs")

    def __init__(self, constants: FlowConstants) -> None:
        self._constants = constants
        self.signs = [0.0, 0.0, 0.0, 0.0]
        self.excitations = [0.0, 0.0]
        self.level = 0.0

    def pass_event(self, mid: float) -> None:
        """An event goes by while the mid price is this."""
        excitations, keep = self.excitations, self._constants.excitation_keep
        excitations[0] *= keep[0]
        excitations[1] *= keep[1]
        if self.level == 0.0:
            self.level = mid
        self.level += (mid - self.level) * self._constants.momentum_step

    def expected_sign(self) -> float:
        """The sign of the next trade, as far as those who follow the memory determine it."""
        signs, weight = self.signs, self._constants.sign_weight
        return signs[0] * weight[0] + signs[1] * weight[1] + signs[2] * weight[2] + signs[3] * weight[3]

    def eagerness(self) -> float:
        """The factor on the frequency of takers."""
        constants = self._constants
        share, most = constants.excited_take, constants.excitation_most
        return constants.usual_take + share[0] * min(self.excitations[0], most) + share[1] * min(self.excitations[1], most)

    def haste(self) -> float:
        """What trades add to the logarithm of the rate of events."""
        constants = self._constants
        rate, most = constants.excited_rate, constants.excitation_most
        return rate[0] * min(self.excitations[0], most) + rate[1] * min(self.excitations[1], most) - constants.usual_rate

    def traded(self, sign: float) -> float:
        """A trade; returns the part of its sign that was not expected."""
        surprise = sign - self._constants.memory_share * self.expected_sign()
        signs, keep = self.signs, self._constants.sign_keep
        for place in range(4):
            signs[place] = signs[place] * keep[place] + (1.0 - keep[place]) * sign
        self.excitations[0] += 1.0
        self.excitations[1] += 1.0
        return surprise
