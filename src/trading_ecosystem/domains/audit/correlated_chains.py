"""Causal chains over several rules: the effect of one rule is the trigger of the next.

A chain's confidence is the product of its links'. Of all ways from a root to an event the most confident is kept.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Final

import msgspec

from trading_ecosystem.domains.audit.correlation import CERTAIN, Link
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Nanos, PartsPerMillion

DEEPEST: Final = 12
"""Links in a chain at most."""


class CorrelatedChain(msgspec.Struct, frozen=True):
    """From a root to an event that leads no further: its links in order, the time it took, and its confidence."""

    root: int
    end: int
    links: tuple[Link, ...]
    delay_ns: Nanos
    confidence_ppm: PartsPerMillion


class _Way(msgspec.Struct, frozen=True):
    confidence: PartsPerMillion
    link: Link | None
    depth: int


def chains(links: Iterable[Link], roots: Container[int] | None = None) -> list[CorrelatedChain]:
    """The most confident chain to every event that is an effect and no trigger, in the order of their ends.

    With ``roots`` only what begins at one of these events.
    """
    ordered = sorted(links, key=lambda link: (link.effect, -link.confidence_ppm, link.trigger, link.rule))
    triggers = {link.trigger for link in ordered}
    ways: dict[int, _Way] = {}
    for link in ordered:
        # Links are taken in the order of their effects, so that every way to a trigger is known before it is gone on from.
        before = ways.get(link.trigger, _Way(CERTAIN, None, 0))
        if before.depth >= DEEPEST:
            continue
        confidence = before.confidence * link.confidence_ppm // PARTS_PER_MILLION
        known = ways.get(link.effect)
        if known is None or (confidence, before.depth) > (known.confidence, known.depth - 1):
            ways[link.effect] = _Way(confidence, link, before.depth + 1)
    found = (_chain(end, ways) for end in sorted(ways.keys() - triggers))
    return [one for one in found if roots is None or one.root in roots]


def _chain(end: int, ways: dict[int, _Way]) -> CorrelatedChain:
    links: list[Link] = []
    place = end
    while (way := ways.get(place)) is not None and way.link is not None:
        links.append(way.link)
        place = way.link.trigger
    links.reverse()
    return CorrelatedChain(place, end, tuple(links), sum(link.delay_ns for link in links), ways[end].confidence)
