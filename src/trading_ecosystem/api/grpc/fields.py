"""What the texts of a request may hold, by the names of their fields: the same bounds as REST's.

A field that may be left out is empty; whether it may is for whoever reads it. Nothing that is not known here is let through.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message as ProtoMessage

from trading_ecosystem.api.grpc.conversion import invalid, is_repeated, refuse_unknown
from trading_ecosystem.api.rest.bodies import AccountName, Asset, ClientId, Name, OneLine, Symbol

_RULES: Final[dict[str, Any]] = {
    "account": AccountName,
    "asset": Asset,
    "client_order_id": ClientId,
    "custodian": Name,
    "instrument": Symbol,
    "instruments": Symbol,
    "transfer_id": ClientId,
    "venue": Name,
    "venues": Name,
}
MOST_ITEMS: Final = 100
"""Items of a list in a request at most."""
_STRING: Final = FieldDescriptor.TYPE_STRING
_MESSAGE: Final = FieldDescriptor.TYPE_MESSAGE


def check_request(message: ProtoMessage, path: str = "") -> None:
    """Raise :class:`InvalidRequest`, naming the field, where a text is out of bounds or a field is not known here."""
    refuse_unknown(message, path)
    for field, value in message.ListFields():
        name = f"{path}.{field.name}" if path else field.name
        if is_repeated(field):
            if len(value) > MOST_ITEMS:
                raise invalid(name, f"has {len(value)} items; expected at most {MOST_ITEMS}")
            for number, item in enumerate(value):
                _check(field, item, f"{name}[{number}]")
        else:
            _check(field, value, name)


def check_text(value: str, rule: Any, path: str) -> str:
    """The text, or :class:`InvalidRequest` where it does not keep to a rule."""
    try:
        return str(msgspec.convert(value, rule))
    except msgspec.ValidationError as error:
        raise invalid(path, str(error)) from None


def needed(message: Any, *names: str) -> None:
    """Raise :class:`InvalidRequest` where one of these texts was left out."""
    for name in names:
        if not getattr(message, name):
            raise invalid(name, "is missing")


def optional(message: Any, name: str) -> Any:
    """The value of an optional field, or ``None``."""
    return getattr(message, name) if message.HasField(name) else None


def _check(field: FieldDescriptor, value: Any, path: str) -> None:
    if field.type == _STRING:
        if value:
            check_text(value, _RULES.get(field.name, OneLine), path)
    elif field.type == _MESSAGE:
        check_request(value, path)
