"""Which terms of an order agree with each other: the rule behind ``INVALID_TERMS``, the same at both books."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.messages.units import Lots

MAXIMUM_SLICES: Final = 1_000
"""The most slices of an iceberg, so that no command does unbounded work."""


def terms_agree(
    lots: Lots, rests: bool, post_only: bool, reprice: bool, display_lots: Lots, hidden: bool, minimum_lots: Lots
) -> bool:
    """Whether the terms of an order make sense together."""
    return (
        0 <= minimum_lots <= lots
        and 0 <= display_lots <= lots <= (display_lots or lots) * MAXIMUM_SLICES
        and not (hidden and display_lots)
        and not (post_only and (not rests or minimum_lots))
        and (post_only or not reprice)
    )
