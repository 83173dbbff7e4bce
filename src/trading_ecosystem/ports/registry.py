"""The port for who is there: instances say that they live, and are found while they do.

An instance that is not heard of for its time to live counts as gone. It is found no more, at once; what is left of its entry
goes when somebody clears up. Each domain has its own registry, and so nobody can register as another domain's.
"""

from __future__ import annotations

import enum
import re
from typing import Final, Protocol

import msgspec

from trading_ecosystem.messages.units import SECOND, Nanos

INSTANCES: Final = 256
"""Instances of one domain at most."""
TTL: Final[Nanos] = 15 * SECOND
"""How long an instance is believed to live after it was last heard of, unless it says otherwise."""
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class Health(enum.StrEnum):
    """What an instance says of itself."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    """It works, but something that it needs does not."""
    STOPPING = "stopping"


class Instance(msgspec.Struct, frozen=True):
    """An instance: its DNS-safe name, where it is reached, which version it runs, and whatever else it wants known."""

    name: str
    address: str
    version: str = ""
    health: Health = Health.HEALTHY
    details: dict[str, str] = {}


class Registry(Protocol):
    """The instances of one domain.

    Every method raises :class:`trading_ecosystem.ports.errors.Unavailable` where it cannot be asked.
    """

    async def register(self, instance: Instance, ttl: Nanos = TTL) -> None:
        """Enter an instance; the same name and address again replaces what was said before.

        Raises :class:`trading_ecosystem.ports.errors.Conflict` where another address lives under the name, ``ValueError`` for a
        name that is not DNS-safe, and ``Unavailable`` for one instance more than :data:`INSTANCES`.
        """

    async def heartbeat(self, instance: Instance, ttl: Nanos = TTL) -> None:
        """Say that the instance lives, and how it is.

        Raises :class:`trading_ecosystem.ports.errors.NotFound` where its time was over: it has to register again.
        """

    async def deregister(self, name: str) -> None:
        """Take an instance out; one that is not there is no error."""

    async def discover(self, *, healthy: bool = True) -> list[Instance]:
        """Instances that live, by name; only those that say they are healthy unless told otherwise."""

    async def clear_up(self) -> tuple[str, ...]:
        """Remove what is left of instances whose time is over; returns their names."""

    async def close(self) -> None:
        """Release connections; closing twice is harmless."""


def check_instance(instance: Instance, ttl: Nanos) -> Instance:
    """The instance itself; raises ``ValueError`` for an unsafe name or a time to live below a millisecond."""
    if not _NAME.fullmatch(instance.name):
        raise ValueError(f"{instance.name!r} is no safe name; expected 1 to 63 of a-z, 0-9 and '-', with no '-' at either end")
    if ttl < 1_000_000:
        raise ValueError(f"an instance lives for at least a millisecond, not {ttl} ns")
    return instance
