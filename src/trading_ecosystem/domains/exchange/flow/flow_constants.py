"""The background flow's parameters as the numbers that it computes with: made once, shared by the plain and the compiled flow.

That both twins read the same tables and constants from here, and that nothing is computed twice, is half of why they agree.
"""

from __future__ import annotations

import math
from typing import Final

from trading_ecosystem.domains.exchange.flow.draws import logarithms, mean_of
from trading_ecosystem.domains.exchange.flow.flow_parameters import KINDS, TAKE, FlowParameters
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Instrument

_UNIFORM: Final = math.sqrt(3.0)
"""Half the width of a centred uniform distribution whose standard deviation is 1."""


class FlowConstants:
    """Constants; names are those of the parameters, shares are plain ratios."""

    # fmt: off
    __slots__ = (
        "activity_keep",
        "activity_step",
        "after_logs",
        "behind_logs",
        "beyond",
        "cancel_power",
        "excitation_keep",
        "excitation_most",
        "excited_rate",
        "excited_take",
        "excursion",
        "excursion_reversion_ns",
        "excursion_size",
        "imbalance_edges",
        "impact",
        "informed_below",
        "informed_threshold",
        "interval_logs",
        "limit_logs",
        "maker_half_spread",
        "maker_levels",
        "maker_reaction_ns",
        "maker_share",
        "maker_spacing",
        "makers",
        "memory_share",
        "momentum_below",
        "momentum_step",
        "narrow_logs",
        "notional",
        "orders",
        "orders_at_most",
        "persistence",
        "premium_reversion_ns",
        "premium_step",
        "pressure",
        "pressure_keep",
        "pressure_weight",
        "pull",
        "reach",
        "sign_keep",
        "sign_weight",
        "spread_edges",
        "take_at_most",
        "take_reach",
        "tick_size",
        "tick_value",
        "usual_rate",
        "usual_take",
        "weights",
        "whole",
    )
    # fmt: on

    def __init__(self, parameters: FlowParameters, instrument: Instrument) -> None:
        self.tick_size = instrument.tick_size
        self.tick_value = instrument.tick_value
        self._time(parameters)
        self._places_and_sizes(parameters, instrument)
        self._memory(parameters)
        self._excitation(parameters)
        anchor = parameters.anchor
        self.premium_reversion_ns = float(anchor.premium_reversion_ns)
        steps_a_reversion = anchor.premium_reversion_ns / parameters.timing.mean_interval_ns
        self.premium_step = _ratio(anchor.premium_ppm) * math.sqrt(2.0 / steps_a_reversion) * _UNIFORM
        self.excursion = _ratio(anchor.excursion_ppm)
        self.excursion_size = _ratio(anchor.excursion_size_ppm)
        self.excursion_reversion_ns = float(anchor.excursion_reversion_ns)
        self.pull = _ratio(anchor.pull_ppm) * 1e4
        self.impact = _ratio(anchor.impact_ppm)
        self.pressure = _ratio(anchor.pressure_ppm)
        self.pressure_keep = tuple(math.exp(-1.0 / events) for events in anchor.pressure_events)
        self.pressure_weight = tuple(math.sqrt(anchor.pressure_events[0] / events) for events in anchor.pressure_events)
        assert len(self.pressure_keep) == 3

    def _time(self, parameters: FlowParameters) -> None:
        timing = parameters.timing
        raw = logarithms(timing.interval_ppm, 1e-6)
        correction = math.log(timing.mean_interval_ns / mean_of(raw))
        for deviation in timing.activity_ppm:
            correction -= _ratio(deviation) ** 2 / 2.0
        self.interval_logs = tuple(value + correction for value in raw)
        self.persistence = _ratio(timing.persistence_ppm)
        self.after_logs = logarithms_of(timing.after_ppm)
        first, second = (math.exp(-1.0 / events) for events in timing.activity_events)
        self.activity_keep = (first, second)
        self.activity_step = tuple(
            _ratio(deviation) * math.sqrt(1.0 - keep * keep) * _UNIFORM
            for deviation, keep in zip(timing.activity_ppm, self.activity_keep, strict=True)
        )

    def _places_and_sizes(self, parameters: FlowParameters, instrument: Instrument) -> None:
        reaction, placement, sizes, agents = parameters.reaction, parameters.placement, parameters.sizes, parameters.agents
        stretch = _ratio(placement.distance_ppm)
        self.spread_edges = tuple(_ratio(edge) * stretch for edge in reaction.spread_edges_ppm)
        self.imbalance_edges = tuple(_ratio(edge) for edge in reaction.imbalance_edges_ppm)
        flat: list[float] = []
        for row in reaction.weights:
            assert len(row) == len(self.imbalance_edges) + 1
            for kinds in row:
                assert len(kinds) == KINDS
                flat += [float(weight) for weight in kinds]
                flat[-KINDS + TAKE] *= _ratio(reaction.take_ppm)
        assert len(reaction.weights) == len(self.spread_edges) + 1
        self.weights = tuple(flat)
        self.narrow_logs = logarithms(placement.narrow_ppm, 1e-6)
        self.behind_logs = logarithms(placement.behind_ppm, 1e-6 * stretch)
        self.orders = float(placement.orders)
        self.orders_at_most = placement.orders_at_most
        self.reach = _ratio(placement.reach_ppm)
        self.cancel_power = placement.cancel_power
        self.notional = float(dict(sizes.order_notional)[instrument.quote])
        raw = logarithms(sizes.limit_ppm, 1e-6)
        self.limit_logs = tuple(value - math.log(mean_of(raw)) for value in raw)
        self.whole = _ratio(sizes.whole_ppm)
        self.beyond = self.whole + _ratio(sizes.beyond_ppm)
        self.take_reach = _ratio(sizes.take_reach_ppm) * stretch
        self.take_at_most = _ratio(sizes.take_at_most_ppm)
        self.makers = agents.makers
        self.maker_reaction_ns = max(1, agents.maker_reaction_ns)
        self.maker_half_spread = _ratio(agents.maker_half_spread_ppm) * stretch
        self.maker_spacing = _ratio(agents.maker_spacing_ppm) * stretch
        self.maker_levels = agents.maker_levels
        self.maker_share = _ratio(agents.maker_share_ppm) if agents.makers else 0.0

    def _memory(self, parameters: FlowParameters) -> None:
        memory, agents = parameters.memory, parameters.agents
        self.sign_keep = tuple(math.exp(-1.0 / trades) for trades in memory.sign_trades)
        self.sign_weight = tuple(_ratio(weight) for weight in memory.sign_ppm)
        assert len(self.sign_keep) == len(self.sign_weight) == 4
        self.memory_share = _ratio(memory.share_ppm)
        self.informed_below = self.memory_share + _ratio(agents.informed_ppm)
        self.informed_threshold = _ratio(agents.informed_threshold_ppm)
        self.momentum_below = self.informed_below + _ratio(agents.momentum_ppm)
        self.momentum_step = 1.0 / agents.momentum_events

    def _excitation(self, parameters: FlowParameters) -> None:
        excitation = parameters.excitation
        assert len(excitation.events) == len(excitation.usual_ppm) == 2
        self.excitation_keep = tuple(math.exp(-1.0 / events) for events in excitation.events)
        self.excitation_most = float(excitation.at_most)
        self.excited_rate = tuple(_ratio(rate) for rate in excitation.rate_ppm)
        usual = [_ratio(level) for level in excitation.usual_ppm]
        self.usual_rate = self.excited_rate[0] * usual[0] + self.excited_rate[1] * usual[1]
        raw = [_ratio(share) for share in excitation.take_ppm]
        self.usual_take = 1.0 / (1.0 + raw[0] * usual[0] + raw[1] * usual[1])
        self.excited_take = tuple(share * self.usual_take for share in raw)


def logarithms_of(shares_ppm: tuple[int, ...]) -> tuple[float, ...]:
    """The logarithms of some shares, not ascending."""
    return tuple(math.log(share * 1e-6) for share in shares_ppm)


def _ratio(ppm: int) -> float:
    return ppm / PARTS_PER_MILLION
