"""What every history store promises, on every technology; the one in memory is what the others are compared with."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from tests.contract.history_stores import TECHNOLOGIES, Opening, opening_of
from tests.recorded_run import recorded_entries, recorded_run

from trading_ecosystem.adapters.domain_records import PROJECTIONS
from trading_ecosystem.adapters.memory.history import MemoryHistory
from trading_ecosystem.domains.audit import records as audit
from trading_ecosystem.domains.custodian import records as custodian
from trading_ecosystem.domains.exchange import records as exchange
from trading_ecosystem.domains.exchange.margin_records import VariationRecord
from trading_ecosystem.domains.risk import records as risk
from trading_ecosystem.domains.test_coordination import records as test_coordination
from trading_ecosystem.ports.errors import NotFound, Unavailable
from trading_ecosystem.ports.records import HistoryStore, OneOf, Patch, Upsert, Within

Story = Callable[[HistoryStore], Awaitable[None]]


@pytest.fixture(params=TECHNOLOGIES)
def opening(request, tmp_path) -> Opening:
    return opening_of(request.param, request, tmp_path)


def told(opening: Opening, projection: Any, story: Story) -> None:
    async def whole() -> None:
        async with opening(projection) as store:
            await story(store)

    asyncio.run(whole())


async def everything(store: HistoryStore) -> dict[str, list[Any]]:
    return {kind.table: await store.rows(kind) for kind in store.projection.RECORDS}


async def reference(projection: Any, entries=None) -> MemoryHistory:
    store = MemoryHistory(projection)
    await store.apply(recorded_entries() if entries is None else entries)
    return store


@pytest.mark.parametrize("namespace", PROJECTIONS)
def test_a_real_record_leaves_the_same_rows_however_it_is_cut_and_repeated(opening, namespace):
    entries = recorded_entries()
    generator = random.Random(7)

    async def story(store: HistoryStore) -> None:
        done = 0
        while done < len(entries):
            size = generator.choice((1, 7, 400, 3000))
            # Half of the batches begin with entries that were applied before.
            again = max(0, done - generator.choice((0, 50)))
            await store.apply(entries[again : done + size])
            done = min(len(entries), done + size)
            assert await store.position() == entries[done - 1].sequence
        await store.apply(entries[:100])
        assert await store.position() == entries[-1].sequence
        assert await everything(store) == await everything(await reference(PROJECTIONS[namespace]))

    told(opening, PROJECTIONS[namespace], story)


def test_a_fresh_store_is_empty_and_at_no_position(opening):
    async def story(store: HistoryStore) -> None:
        assert await store.position() == 0
        assert not any((await everything(store)).values())
        await store.apply(())
        assert await store.position() == 0
        with pytest.raises(NotFound, match=r"no row .*fund.* in exchange\.accounts"):
            await store.get(exchange.AccountRecord, ("exchange-alpha", "fund"))
        assert await store.totals(exchange.FillRecord, sums=["quantity_lots"]) == []

    told(opening, exchange, story)


QUERIES: tuple[tuple[Any, Any, dict[str, Any]], ...] = (
    (exchange, exchange.FillRecord, {}),
    (exchange, exchange.FillRecord, {"where": {"account": "fund/maker"}, "order": ["-filled_at"], "limit": 5}),
    (exchange, exchange.FillRecord, {"where": {"side": exchange.Side.BUY, "venue": "exchange-beta"}}),
    (exchange, exchange.OrderRecord, {"where": {"post_only": True}, "order": ["instrument", "-price_ticks"]}),
    (exchange, exchange.OrderStateRecord, {"where": {"leaves_lots": Within(1)}, "order": ["status", "-order_id"]}),
    (custodian, custodian.InstructionSide, {"where": {"status": OneOf((custodian.InstructionStatus.PENDING,))}}),
    (custodian, custodian.InstructionSide, {"where": {"settled_at": None}}),
    (custodian, custodian.InstructionSide, {"order": ["settled_at"], "limit": 40}),
    (custodian, custodian.InstructionSide, {"order": ["-settled_at", "reason"], "limit": 40}),
    (custodian, custodian.Posting, {"where": {"balance_after": Within(None, 10**12)}}),
    (risk, risk.AlertRecord, {"where": {"state": OneOf(())}}),
    (test_coordination, test_coordination.FaultRecord, {"order": ["-expected_alert"]}),
    (audit, audit.EventRecord, {"where": {"cause": None, "type": "PlaceOrder"}, "limit": 3}),
    (audit, audit.EventRecord, {"where": {"sequence": Within(500, 1500)}, "order": ["type", "-sequence"]}),
)


@pytest.mark.parametrize("projection", [exchange, custodian, risk, test_coordination, audit])
def test_conditions_and_orders_mean_the_same_everywhere(opening, projection):
    entries = recorded_entries()[:6000]

    async def story(store: HistoryStore) -> None:
        await store.apply(entries)
        same = await reference(projection, entries)
        for module, kind, query in QUERIES:
            if module is projection:
                found = await store.rows(kind, **query)
                assert found == await same.rows(kind, **query)
                if found:
                    assert await store.get(kind, found[0].identity()) == found[0]

    told(opening, projection, story)


def test_totals_are_exact_per_group_and_beyond_64_bits(opening):
    async def story(store: HistoryStore) -> None:
        await store.apply(recorded_entries())
        same = await reference(exchange)
        for by in ((), ("venue",), ("account", "side")):
            sums = ["quantity_lots", "fee_minor"]
            assert await store.totals(exchange.FillRecord, by=by, sums=sums) == await same.totals(
                exchange.FillRecord, by=by, sums=sums
            )
        due = VariationRecord("large", 1, "fund", "USD", 0, 0, 0)
        large = [msgspec.structs.replace(due, number=n, due_minor=2**63 - n) for n in range(1, 6)]
        small = [msgspec.structs.replace(due, venue="small", number=n, due_minor=n - 2**63) for n in range(1, 6)]
        await store.take(map(Upsert, large + small))
        where = {"venue": OneOf(("large", "small"))}
        totals = await store.totals(VariationRecord, where, by=["venue"], sums=["due_minor"])
        assert [(total.group, total.count, total.sums) for total in totals] == [
            (("large",), 5, (5 * 2**63 - 15,)),
            (("small",), 5, (15 - 5 * 2**63,)),
        ]

    told(opening, exchange, story)


def test_a_batch_that_fails_leaves_nothing_and_may_be_applied_again(opening):
    entries = recorded_entries()[:400]
    planted = msgspec.structs.replace(entries[300], message=None)

    async def story(store: HistoryStore) -> None:
        await store.apply(entries[:100])
        before = await everything(store)

        class Breaking:
            NAMESPACE, RECORDS = exchange.NAMESPACE, exchange.RECORDS

            @staticmethod
            def project(message: Any, now: int) -> Any:
                if message is None:
                    raise ArithmeticError("planted")
                return exchange.project(message, now)

        kept, store.projection = store.projection, Breaking  # type: ignore[misc]
        with pytest.raises(ArithmeticError, match="planted"):
            await store.apply([*entries[100:300], planted])
        store.projection = kept  # type: ignore[misc]
        assert await everything(store) == before
        assert await store.position() == entries[99].sequence
        await store.apply(entries)
        assert await everything(store) == await everything(await reference(exchange, entries))

    told(opening, exchange, story)


def test_changes_without_an_entry_are_taken_and_patches_reach_rows_that_are_there(opening):
    run = recorded_run()

    async def story(store: HistoryStore) -> None:
        await store.take(test_coordination.verdict_changes("one", run.verdict))
        result = await store.get(test_coordination.ResultRecord, ("one", "verdict", 0))
        await store.take(
            [
                Patch(test_coordination.ResultRecord, result.identity(), {"evidence": "it's \u00fc \U0001f600"}),
                Patch(test_coordination.ResultRecord, ("nobody", "verdict", 0), {"evidence": "lost"}),
            ]
        )
        changed = await store.get(test_coordination.ResultRecord, result.identity())
        assert changed == msgspec.structs.replace(result, evidence="it's \u00fc \U0001f600")
        assert len(await store.rows(test_coordination.ResultRecord)) == 2
        assert await store.position() == 0

    told(opening, test_coordination, story)


def test_derived_rows_may_be_taken_twice_where_nothing_is_replaced(opening):
    report = recorded_run().audit

    async def story(store: HistoryStore) -> None:
        for _ in range(2):
            await store.take(map(Upsert, audit.rows(report)))
        assert await store.rows(audit.LifecycleRecord) == list(audit.rows_of(report, audit.LifecycleRecord))
        assert await store.rows(audit.ChainStepRecord) == list(audit.rows_of(report, audit.ChainStepRecord))

    told(opening, audit, story)


def test_whoever_waits_for_a_position_gets_it_or_is_told_to_come_back(opening):
    entries = recorded_entries()[:50]
    last = entries[-1].sequence

    async def story(store: HistoryStore) -> None:
        with pytest.raises(Unavailable, match=f"exchange has not applied {last} yet, it is at 0") as refused:
            await store.wait_for(last, timeout=0.03)
        assert refused.value.retry_after == 1.0
        waiting = asyncio.create_task(store.wait_for(last, timeout=20.0))
        await asyncio.sleep(0)
        await store.apply(entries)
        await waiting
        await store.wait_for(last, timeout=0.0)

    told(opening, exchange, story)
