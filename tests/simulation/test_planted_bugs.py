"""Bugs planted in the middle of a running ecosystem are caught by the conservation check, which shares no code with them."""

from __future__ import annotations

import msgspec
import pytest

import trading_ecosystem
from trading_ecosystem.domains.custodian.component import Custodian
from trading_ecosystem.domains.exchange.component import Exchange
from trading_ecosystem.messages.custodian import SettlementSettled
from trading_ecosystem.messages.exchange import ClaimChanged, ClaimReason, OrderFilled

SHORT = ("duration=30m", "clean_periods.0.until=30m")


def run():
    result = trading_ecosystem.run("quiet_day", seed=2, overrides=SHORT)
    assert result.audit is not None
    return result


def planted(monkeypatch, component, change):
    """Pass everything a component says through ``change``."""
    original = component.handler_of

    def handler_of(self, message_type):
        handler = original(self, message_type)
        return lambda message, now: [other for said in handler(message, now) for other in change(said)]

    monkeypatch.setattr(component, "handler_of", handler_of)
    handle = component.handle
    monkeypatch.setattr(
        component, "handle", lambda self, message, now: [o for said in handle(self, message, now) for o in change(said)]
    )


def test_nothing_is_found_without_a_bug():
    assert run().audit.conservation == ()


def credits_twice(said):
    if isinstance(said, ClaimChanged) and said.reason is ClaimReason.TRADED:
        yield msgspec.structs.replace(said, available_after=said.available_after + 1_000_000)
    else:
        yield said


def charges_nobody(said):
    if not (isinstance(said, ClaimChanged) and said.account.endswith("-fees")):
        yield said


def posts_one_leg(said):
    if isinstance(said, SettlementSettled):
        first, second = said.pledged_after
        unchanged = msgspec.structs.replace(second, pledged_after=second.pledged_after + 5)
        yield msgspec.structs.replace(said, pledged_after=(first, unchanged))
    else:
        yield said


def fills_twice(said):
    yield said
    if isinstance(said, OrderFilled):
        yield said


@pytest.mark.parametrize(
    ("component", "change"),
    [(Exchange, credits_twice), (Exchange, charges_nobody), (Custodian, posts_one_leg), (Exchange, fills_twice)],
)
def test_a_planted_bug_is_caught(monkeypatch, component, change):
    planted(monkeypatch, component, change)
    result = run()
    assert result.audit.conservation
    assert not result.passed
    assert any("breaks" in line for line in result.verdict.unexpected)
