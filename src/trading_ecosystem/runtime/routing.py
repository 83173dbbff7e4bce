"""Who hears a message: by its type, the instance it is addressed to, and the account it is private to.

The blindness rule is enforced here, once, at start-up: a component that would hear what its context must not hear is
refused before anything runs.

A *drop copy* is a command of its own firm that a component hears although it is addressed to another: it is delivered like
everything else, over the link from whoever says the command, and the addressee knows nothing of it.
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
"""Contexts that hear what is private to their own firm, and that may hear copies of its commands."""


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
    for command in component.copies:
        problem = _problem_of_copy(component, command)
        if problem is not None:
            raise Forbidden(
                f"component {component.name} ({component.context}) must not hear copies of {command.__name__}: {problem}"
            )


def _problem_of_copy(component: Component, command: type[Message]) -> str | None:
    if component.context not in _OWN_FIRM_ONLY:
        return "only clients hear copies, of their own firm's commands"
    if not issubclass(command, Command) or command.audience is not Audience.PRODUCTION:
        return "it is no command of a client"
    if command.addressed_by is None or "account" not in command.__struct_fields__:
        return "it is addressed to nobody, or names no account"
    return None if command in component.hears else "it has no handler for it"


class Route:
    """All receivers of one message type, looked up by addressed instance and master account."""

    __slots__ = ("_address", "_by_key", "_copied", "_listeners", "_private", "_type")

    def __init__(self, message_type: type[Message], listeners: Sequence[Component]) -> None:
        self._type = message_type
        self._private = message_type.private
        self._address = attrgetter(message_type.addressed_by) if message_type.addressed_by else None
        self._listeners = [listener for listener in listeners if message_type in listener.hears]
        self._copied = any(message_type in listener.copies for listener in listeners)
        self._by_key: dict[Any, tuple[Receiver, ...]] = {}

    def receivers(self, message: Any) -> tuple[Receiver, ...]:
        """Receivers of this message, ordered by name."""
        key = None
        if self._copied:
            key = (self._address(message), message.account)  # type: ignore[misc]
        elif self._address is not None:
            key = self._address(message)
        elif self._private:
            key = message.account
        found = self._by_key.get(key)
        if found is None:
            found = self._by_key[key] = self._find(key)
        return found

    def _find(self, key: Any) -> tuple[Receiver, ...]:
        if self._copied:
            return self._addressee_and_copies(*key)
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

    def _addressee_and_copies(self, addressee: str, account: str) -> tuple[Receiver, ...]:
        chosen = []
        for listener in self._listeners:
            if self._type in listener.copies:
                heard = listener.accounts is not None and master_of(account) in listener.accounts
            else:
                heard = listener.name == addressee
            if heard:
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
