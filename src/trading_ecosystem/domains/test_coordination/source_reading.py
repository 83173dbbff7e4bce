"""How the ``sources`` of market data are read: who they are, what is wrong with them, and how one price is made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from trading_ecosystem.domains.test_coordination.document import Fields, Mapping, Node, items_of, shown
from trading_ecosystem.domains.test_coordination.market_data_section import (
    ConsensusMethod,
    Recording,
    SourceSection,
    SourcesSection,
)
from trading_ecosystem.domains.test_coordination.quantities import (
    duration,
    enumerated,
    instance_name,
    ratio,
    rhythm,
    spoken,
    whole_number,
)
from trading_ecosystem.messages.risk import STALE_AFTER
from trading_ecosystem.messages.units import HOUR, PARTS_PER_MILLION, Nanos, PartsPerMillion
from trading_ecosystem.ports.errors import BadInput

_MOST_SOURCES: Final = 8
_LOWEST_PRIORITY: Final = 100
_HEAVIEST: Final[PartsPerMillion] = 100 * PARTS_PER_MILLION
_LARGEST_NOISE: Final[PartsPerMillion] = 100_000
_LARGEST_ERROR: Final[PartsPerMillion] = 10 * PARTS_PER_MILLION
_USUAL_TOLERANCE: Final[PartsPerMillion] = 500
_CONSENSUS: Final = ("method", "smoothing", "stale_after", "tolerance")
_GENERATED: Final = ("every", "noise", "bias", "lag", "error", "outages")


def read_sources(
    node: Node | None, consensus: Node | None, place: str, tick_ns: Nanos, read_recording: Callable[[Node], Recording] | None
) -> SourcesSection | None:
    """The sources, or ``None`` where there are none; ``read_recording`` is ``None`` where the market itself is not recorded."""
    if node is None:
        if consensus is not None:
            raise BadInput(consensus.place, "a consensus takes sources; expected 'sources' beside it")
        return None
    items = items_of(node, "sources")
    if not 1 <= len(items) <= _MOST_SOURCES:
        raise BadInput(node.place, f"there are {len(items)} sources; expected 1 to {_MOST_SOURCES}")
    sources: list[SourceSection] = []
    for number, item in enumerate(items, 1):
        source = _read_source(item, number, tick_ns, read_recording)
        if any(other.name == source.name for other in sources):
            raise BadInput(item.place, f"the source {shown(source.name)} is listed twice; expected distinct names")
        if any(other.priority == source.priority for other in sources):
            raise BadInput(item.place, f"priority {source.priority} is used twice; expected distinct priorities")
        sources.append(source)
    fields = Fields(consensus or Mapping((), place), "consensus", _CONSENSUS)
    method, smoothing, stale_after, tolerance = (fields.get(name) for name in _CONSENSUS)
    return SourcesSection(
        sources=tuple(sources),
        method=enumerated(method, "method", ConsensusMethod) if method else ConsensusMethod.CONSENSUS,
        smoothing_ns=duration(smoothing, "smoothing", 0, HOUR) if smoothing else 0,
        stale_after_ns=duration(stale_after, "stale_after", tick_ns, STALE_AFTER) if stale_after else STALE_AFTER,
        tolerance_ppm=ratio(tolerance, "tolerance", 1, _LARGEST_NOISE) if tolerance else _USUAL_TOLERANCE,
    )


def _read_source(node: Node, number: int, tick_ns: Nanos, read_recording: Callable[[Node], Recording] | None) -> SourceSection:
    fields = Fields(node, "a source", ("name", "priority", "weight", "recording", *_GENERATED))
    priority, weight, recording = fields.get("priority"), fields.get("weight"), fields.get("recording")
    noise, bias, lag, error = (fields.get(name) for name in ("noise", "bias", "lag", "error"))
    if recording is not None:
        if read_recording is None:
            problem = "a recorded source observes a recorded market; expected 'recording' in market_data too"
            raise BadInput(recording.place, problem)
        for name in _GENERATED:
            if name in fields:
                problem = f"'{name}' shapes a generated source; expected no '{name}' beside 'recording'"
                raise BadInput(fields.place_of(name), problem)
    chance = Fields(error, "error", ("probability", "size")) if error is not None else None
    return SourceSection(
        name=instance_name(fields.need("name"), "the source's name"),
        priority=whole_number(priority, "priority", 1, _LOWEST_PRIORITY) if priority else number,
        weight_ppm=ratio(weight, "weight", 1, _HEAVIEST) if weight else PARTS_PER_MILLION,
        recording=read_recording(recording) if recording is not None and read_recording is not None else None,
        every_ns=rhythm(fields, "every", tick_ns),
        noise_ppm=ratio(noise, "noise", 0, _LARGEST_NOISE) if noise else 0,
        bias_ppm=ratio(bias, "bias", -_LARGEST_NOISE, _LARGEST_NOISE) if bias else 0,
        lag_ns=duration(lag, "lag", 0, STALE_AFTER) if lag else 0,
        error_probability_ppm=ratio(chance.need("probability"), "probability", 1, PARTS_PER_MILLION) if chance else 0,
        error_ppm=ratio(chance.need("size"), "size", 1 - PARTS_PER_MILLION, _LARGEST_ERROR) if chance else 0,
        outages=tuple(_read_outage(item) for item in _listed(fields, "outages")),
    )


def _listed(fields: Fields, name: str) -> tuple[Node, ...]:
    node = fields.get(name)
    return items_of(node, name) if node is not None else ()


def _read_outage(node: Node) -> tuple[Nanos, Nanos]:
    fields = Fields(node, "an outage", ("from", "until"))
    begins, ends = duration(fields.need("from"), "from"), duration(fields.need("until"), "until")
    if begins >= ends:
        problem = f"the outage from {spoken(begins)} until {spoken(ends)} is empty"
        raise BadInput(fields.place_of("until"), f"{problem}; expected 'until' after 'from'")
    return begins, ends
