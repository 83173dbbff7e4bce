"""Who hears a message: by its type, the instance it is addressed to, and the account it is private to.

The blindness rule is enforced here, once, at start-up: a component that would hear what its context must not hear is
refused before anything runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final

from trading_ecosystem.messages.base import Audience, Command, Message, master_of
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.component import Component, Said, WakeUp
from trading_ecosystem.ports.errors import Forbidden

Handler = Callable[[Any, Nanos], Said]
Receiver = tuple[str, Handler]
"""A component's name and its handler for one message type."""

ALLOWED_AUDIENCES: Final[dict[str, frozenset[Audience]]] = {
    "market_data": frozenset({Audience.CONTROL}),
    "exchange": frozenset({Audience.PRODUCTION, Audience.WORLD, Audience.CONTROL}),
    "custodian": frozenset({Audience.PRODUCTION, Audience.WORLD, Audience.CONTROL}),
    "trading": frozenset({Audience.PRODUCTION}),
    "risk": frozenset({Audience.PRODUCTION}),
    "test_coordination": frozenset({Audience.PRODUCTION, Audience.CONTROL}),
    "links": frozenset({Audience.CONTROL}),
    "monitors": frozenset({Audience.PRODUCTION}),
    "supervisor": frozenset({Audience.CONTROL}),
}
"""What each context may hear (production for venues and custodians: commands only)."""

_COMMANDS_ONLY: Final = frozenset({"exchange", "custodian"})
_OWN_FIRM_ONLY: Final = frozenset({"trading", "risk", "monitors"})


def check_blindness(component: Component) -> None:
    """Refuse a component that hears what it must not; raises :class:`Forbidden` naming it and the message type."""
    allowed = ALLOWED_AUDIENCES.get(component.context)
    if allowed is None:
        raise Forbidden(f"component {component.name}: context {component.context!r} may not be wired at all")
    if component.context in _OWN_FIRM_ONLY and not component.accounts:
        raise Forbidden(f"component {component.name}: {component.context} must be bound to the accounts of its firm")
    for message_type in component.hears:
        if issubclass(message_type, WakeUp):
            continue
        if message_type.audience not in allowed:
            raise Forbidden(
                f"component {component.name} ({component.context}) must not hear {message_type.__name__}: "
                f"its audience is {message_type.audience.value}"
            )
        if (
            component.context in _COMMANDS_ONLY
            and message_type.audience is Audience.PRODUCTION
            and not issubclass(message_type, Command)
        ):
            raise Forbidden(f"component {component.name}: {component.context} hears commands, not {message_type.__name__}")


class Route:
    """All receivers of one message type, looked up by addressed instance and master account."""

    __slots__ = ("_address", "_by_key", "_listeners", "_private", "_type")

    def __init__(self, message_type: type[Message], listeners: Sequence[Component]) -> None:
        self._type = message_type
        self._private = message_type.private
        self._address = attrgetter(message_type.addressed_by) if message_type.addressed_by else None
        self._listeners = [listener for listener in listeners if message_type in listener.hears]
        self._by_key: dict[Any, tuple[Receiver, ...]] = {}

    def receivers(self, message: Any) -> tuple[Receiver, ...]:
        """Receivers of this message, ordered by name."""
        key = None
        if self._address is not None:
            key = self._address(message)
        elif self._private:
            key = message.account
        found = self._by_key.get(key)
        if found is None:
            found = self._by_key[key] = self._find(key)
        return found

    def _find(self, key: str | None) -> tuple[Receiver, ...]:
        chosen = []
        for listener in self._listeners:
            if self._address is not None and key != listener.name:
                continue
            if self._address is None and self._private:
                assert key is not None
                if listener.accounts is not None and master_of(key) not in listener.accounts:
                    continue
            chosen.append((listener.name, listener.handler_of(self._type)))
        return tuple(chosen)


class RoutingTable:
    """The routes of a set of components; built at start-up, after every component passed the blindness check."""

    def __init__(self, components: Sequence[Component]) -> None:
        names = [component.name for component in components]
        if len(set(names)) != len(names):
            raise Forbidden(f"two components share a name among {', '.join(sorted(names))}")
        for component in components:
            check_blindness(component)
        self._components = sorted(components, key=lambda component: component.name)
        self._routes: dict[type[Message], Route] = {}

    def receivers(self, message: Message) -> tuple[Receiver, ...]:
        """Receivers of a message, ordered by name."""
        message_type = type(message)
        route = self._routes.get(message_type)
        if route is None:
            route = self._routes[message_type] = Route(message_type, self._components)
        return route.receivers(message)
