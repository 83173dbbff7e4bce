"""Seven bounded contexts. None imports another; they share the published language in ``messages``."""

from __future__ import annotations

from trading_ecosystem import messages as messages
