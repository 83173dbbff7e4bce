"""The live driver, the clock it goes by, and how that is controlled: the part of the runtime that knows asyncio."""

from trading_ecosystem.runtime.live.driver import LiveDriver, drive
from trading_ecosystem.runtime.live.ecosystem_clock import ClockState
from trading_ecosystem.runtime.live.receipts import Receipt

__all__ = ["ClockState", "LiveDriver", "Receipt", "drive"]
