"""Types of the compiled flow's core; see ``compiled_flow.pyx``."""

from typing import Any, Final

from trading_ecosystem.domains.exchange.flow.flow_constants import FlowConstants
from trading_ecosystem.domains.exchange.flow.house import House
from trading_ecosystem.messages.units import Lots, MinorUnits, Nanos

INTERFACE: Final[int]

class FlowCore:
    at: Nanos
    bound: bool
    events: int
    last_order_id: int
    next_at: Nanos
    seen_lots: Lots

    def __init__(self, seed: int = 0) -> None: ...
    def bind(self, constants: FlowConstants, book: Any, house: House, keeper: Any) -> None: ...
    def follow_fundamental(self, at: Nanos, price_minor: MinorUnits) -> None: ...
    @classmethod
    def from_snapshot_state(cls, state: list[Any]) -> FlowCore: ...
    def look_again(self, disturbed: bool, signed_lots: Lots) -> None: ...
    def resume(self, now: Nanos) -> None: ...
    def run(self, until: Nanos) -> Nanos: ...
    def snapshot_state(self) -> list[Any]: ...
