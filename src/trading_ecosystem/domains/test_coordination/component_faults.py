"""Components that pause or crash, and stores that are slow or gone."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.test_coordination.catalogue_entry import CatalogueEntry
from trading_ecosystem.domains.test_coordination.targeted_fault import TargetedFault
from trading_ecosystem.messages.test_coordination import FaultKind

ENTRIES: Final[dict[FaultKind, CatalogueEntry]] = {}
"""What the catalogue states of each kind."""
FAMILIES: Final[dict[FaultKind, type[TargetedFault]]] = {}
"""What reads each kind."""
