"""Every message of the published language goes through protobuf and comes back as it was; what is not whole is refused."""

from __future__ import annotations

import enum
import functools
import importlib
from typing import Any

import msgspec
import pytest
from google.protobuf.message import Message as ProtoMessage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import inspect as types
from tests.campaign import CAMPAIGN
from tests.contract import proto_rendering
from tests.contract.proto_mapping import LARGEST, samples, type_of

from trading_ecosystem.adapters.data.custodian import AssetHolding
from trading_ecosystem.api.grpc.conversion import fill, fill_choice, struct_of
from trading_ecosystem.api.grpc.stubs import exchange_pb2
from trading_ecosystem.api.grpc.stubs.services import custody_pb2
from trading_ecosystem.api.grpc.stubs.services import exchange_pb2 as trading_pb2
from trading_ecosystem.api.problems import InvalidRequest
from trading_ecosystem.messages.envelope import MESSAGE_TYPES, Entry, EntryKind
from trading_ecosystem.messages.exchange import DepthChanged, Level, PlaceOrder
from trading_ecosystem.messages.orders import OrderTerms, OrderType, PegReference, Side, TimeInForce

STRUCTS = [
    definition
    for module in proto_rendering.modules()
    for definition in proto_rendering.definitions(module)
    if issubclass(definition, msgspec.Struct)
]
EXAMPLES = 400 if CAMPAIGN else 6
TERMS = OrderTerms(peg=PegReference.MID, minimum_lots=3)
ORDER = PlaceOrder(
    "alpha", "demo", "c1", "BTC/USD", Side.SELL, OrderType.LIMIT, TimeInForce.GOOD_TILL_CANCEL, 100, 5, False, TERMS
)


def generated(struct: type[Any]) -> type[ProtoMessage]:
    """The generated class of a Struct."""
    module = struct.__module__.rpartition(".")[2]
    found: type[ProtoMessage] = getattr(
        importlib.import_module(f"trading_ecosystem.api.grpc.stubs.{module}_pb2"), struct.__name__
    )
    return found


@functools.cache
def values_of(struct: type[Any]) -> st.SearchStrategy[Any]:
    """Any value of a Struct that 64 bits and UTF-8 can carry."""
    if struct is Entry:
        return st.builds(
            Entry,
            st.integers(0, LARGEST),
            st.integers(0, LARGEST),
            st.sampled_from(EntryKind),
            st.text(),
            st.none() | st.integers(0, LARGEST),
            st.integers(0, LARGEST),
            st.one_of([values_of(kind) for kind in MESSAGE_TYPES.values()]),
        )
    return st.builds(struct, **{field.name: _values(field.type) for field in type_of(struct).fields})


def _values(field_type: types.Type) -> st.SearchStrategy[Any]:
    if isinstance(field_type, types.UnionType):
        return st.one_of([st.none() if isinstance(one, types.NoneType) else _values(one) for one in field_type.types])
    if isinstance(field_type, types.VarTupleType):
        return st.lists(_values(field_type.item_type), max_size=3).map(tuple)
    if isinstance(field_type, types.EnumType):
        members: type[enum.Enum] = field_type.cls
        return st.sampled_from(members)
    if isinstance(field_type, types.StructType):
        return values_of(field_type.cls)
    if isinstance(field_type, types.BoolType):
        return st.booleans()
    if isinstance(field_type, types.IntType):
        return st.integers(-LARGEST - 1, LARGEST)
    assert isinstance(field_type, types.StrType)
    return st.text(max_size=20)


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
def test_any_value_survives_the_way_through_protobuf(struct: type[Any], data: st.DataObject) -> None:
    value = data.draw(values_of(struct))
    received = generated(struct).FromString(fill(generated(struct)(), value).SerializeToString())
    assert struct_of(received, struct) == value


@pytest.mark.parametrize("name", MESSAGE_TYPES)
def test_every_message_travels_in_an_entry(name: str) -> None:
    for message in samples(type_of(MESSAGE_TYPES[name])):
        entry = Entry(7, 2**62, EntryKind.SAID, "exchange-alpha", None, 5, message)
        received = generated(Entry).FromString(fill(generated(Entry)(), entry).SerializeToString())
        assert struct_of(received, Entry) == entry


def test_a_message_with_fewer_fields_shows_a_part() -> None:
    shown = fill(trading_pb2.OrderRecord(), ORDER)
    assert (shown.client_order_id, shown.quantity_lots, shown.answered_at) == ("c1", 5, 0)


def test_lists_and_maps_are_written() -> None:
    depth = fill(exchange_pb2.DepthChanged(), DepthChanged("alpha", "BTC/USD", 1, 2, (Level(10, 3), Level(9, 1)), ()))
    assert [(level.price_ticks, level.quantity_lots) for level in depth.bids] == [(10, 3), (9, 1)]
    holding = fill(custody_pb2.AssetHolding(), AssetHolding("BTC", 5, {"alpha": 2, "beta": 1}))
    assert (holding.free_minor, dict(holding.pledged_minor)) == (5, {"alpha": 2, "beta": 1})


def test_what_a_oneof_does_not_hold_is_a_bug() -> None:
    with pytest.raises(KeyError, match="StreamExecutionsResponse has no place_order"):
        fill_choice(trading_pb2.StreamExecutionsResponse(), ORDER)


def test_an_absent_part_and_an_empty_one_differ() -> None:
    absent = fill(exchange_pb2.PlaceOrder(), msgspec.structs.replace(ORDER, terms=None))
    empty = fill(exchange_pb2.PlaceOrder(), msgspec.structs.replace(ORDER, terms=OrderTerms()))
    assert struct_of(absent, PlaceOrder).terms is None
    assert struct_of(empty, PlaceOrder).terms == OrderTerms()
    assert absent != empty


REFUSED = [
    pytest.param({"side": 0}, "order.side", "is unspecified; expected one of SIDE_BUY, SIDE_SELL", id="unspecified"),
    pytest.param({"side": 9}, "order.side", "9 is not known here; expected one of SIDE_BUY, SIDE_SELL", id="unknown value"),
    pytest.param({"terms": exchange_pb2.PlaceOrder().terms.__class__(peg=7)}, "order.terms.peg", "7 is not known", id="below"),
]


@pytest.mark.parametrize(("change", "field", "problem"), REFUSED)
def test_an_enum_has_to_be_one_that_is_known(change: dict[str, Any], field: str, problem: str) -> None:
    message = fill(exchange_pb2.PlaceOrder(), ORDER)
    for name, value in change.items():
        if isinstance(value, int):
            setattr(message, name, value)
        else:
            getattr(message, name).CopyFrom(value)
    with pytest.raises(InvalidRequest) as refused:
        struct_of(message, PlaceOrder, "order")
    (found,) = refused.value.errors
    assert found.field == field
    assert found.problem.startswith(problem)


@pytest.mark.parametrize("within", ["order", "order.terms"])
def test_a_field_that_is_not_known_here_is_refused(within: str) -> None:
    message = fill(exchange_pb2.PlaceOrder(), ORDER)
    # Field 99, a varint: what a later contract might add.
    (message if within == "order" else message.terms).MergeFromString(b"\x98\x06\x01")
    with pytest.raises(InvalidRequest, match=f"{within}: has a field with the number 99 that is not known here"):
        struct_of(message, PlaceOrder, "order")


def test_a_part_that_has_to_be_there_is_asked_for() -> None:
    message = fill(generated(Entry)(), Entry(1, 2, EntryKind.INPUT, "door", None, 1, ORDER))
    message.ClearField("message")
    with pytest.raises(InvalidRequest, match="entry.message: is missing"):
        struct_of(message, Entry, "entry")
