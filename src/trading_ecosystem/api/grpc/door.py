"""What servicers have in common: the gateway, as the caller of the call that is being served."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec

from trading_ecosystem.api.caller import Caller, Scope
from trading_ecosystem.api.gateway import Gateway, Places
from trading_ecosystem.api.grpc.conversion import invalid, struct_of
from trading_ecosystem.api.grpc.entrance import current_call
from trading_ecosystem.api.grpc.fields import needed
from trading_ecosystem.api.positions import HEADER as POSITION
from trading_ecosystem.api.problems import NoSuchThing, no_answer
from trading_ecosystem.messages.base import Message, Question
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.records import HistoryStore
from trading_ecosystem.runtime.live import Receipt

C = TypeVar("C", bound=Message)


class Door:
    """See the module."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    @property
    def places(self) -> Places:
        """The components by what they are."""
        return self.gateway.places

    @property
    def caller(self) -> Caller:
        """Whoever made the call that is being served."""
        return current_call().caller

    def now(self) -> Nanos:
        """Ecosystem time."""
        return self.gateway.now()

    async def ask(self, component: str, question: Question) -> Any:
        """A component's answer about now."""
        return await self.gateway.ask(self.caller, component, question)

    async def history(self, namespace: str) -> HistoryStore:
        """A domain's history, as far as the caller has written."""
        return await self.gateway.history(self.caller, namespace, current_call().position)

    def own(self, request: Any, scope: Scope = Scope.READ) -> str:
        """The account that a request names; raises :class:`Forbidden` where it is not the caller's."""
        needed(request, "account")
        account: str = request.account
        self.caller.require(scope, account)
        return account

    def firm(self, request: Any) -> str:
        """The firm that a request names; there is one with a trading engine and a risk monitor of its own."""
        account = self.own(request)
        if account != self.places.firm:
            raise NoSuchThing(f"{account} has no trading engine and no risk monitor; {self.places.firm} has")
        return account

    def venue(self, name: str) -> str:
        """A venue's name; where there is but one, it need not be named. Raises :class:`NotFound`."""
        name = name or _only(self.places.venues, "venue")
        self.gateway.venue(name)
        return name

    def custodian(self, name: str) -> str:
        """The custodian's name, which need not be said."""
        if name not in ("", self.places.custodian):
            raise NoSuchThing(f"there is no custodian {name}; there is {self.places.custodian}")
        return self.places.custodian

    def read_command(self, request: Any, field: str, command: type[C]) -> C:
        """The command in a field of a request; raises :class:`InvalidRequest` where something is missing in it."""
        if not request.HasField(field):
            raise invalid(field, "is missing")
        read = struct_of(getattr(request, field), command, field)
        addressee = command.addressed_by
        if addressee is not None and not getattr(read, addressee):
            read = msgspec.structs.replace(read, **{addressee: self._addressee(command, addressee, f"{field}.{addressee}")})
        for name in _texts_of(command):
            if not getattr(read, name):
                raise invalid(f"{field}.{name}", "is missing")
        return read

    async def command(self, command: Message, context: Any) -> Receipt:
        """Have a command carried out; the answer's ``x-position`` lets later reads see what came of it."""
        receipt = await self.gateway.command(self.caller, command)
        context.set_trailing_metadata(
            ((POSITION, self.gateway.position_of(receipt)), ("x-request-id", current_call().request_id))
        )
        return receipt

    def _addressee(self, command: type[Message], field: str, path: str) -> str:
        if field == "venue":
            return _only(self.places.venues, path)
        if field == "custodian":
            return self.places.custodian
        if field == "coordinator":
            return self.places.coordination
        by_module = {"trading": self.places.trading, "risk": self.places.risk, "trading_state": self.places.risk}
        module = command.__module__.rpartition(".")[2]
        if module not in by_module:
            raise invalid(path, "is missing")
        return by_module[module]


@functools.cache
def _texts_of(command: Any) -> tuple[str, ...]:
    """The texts that a command has to have."""
    known = msgspec.structs.fields(command)
    return tuple(one.name for one in known if one.required and one.type is str)


def said(receipt: Receipt, *kinds: type[Message]) -> list[Any]:
    """What was said of some types in answer to a command, in order."""
    return [entry.message for entry in receipt.said if isinstance(entry.message, kinds)]


def first_said(receipt: Receipt, *kinds: type[Message], where: Callable[[Any], bool] = lambda _: True) -> Any:
    """The first answer of one of these types; raises :class:`TryAgainLater` where whoever was asked gave none."""
    for message in said(receipt, *kinds):
        if where(message):
            return message
    raise no_answer("whoever was asked")


def _only(names: Iterable[str], path: str) -> str:
    known = list(names)
    if len(known) != 1:
        raise invalid(path, f"is missing; there are {', '.join(known)}")
    return known[0]
