"""An order brought up to what was said of it since is what the history says of it; orders and fills page by page."""

from __future__ import annotations

from tests.end_to_end.doors import ALPHA, FIRM, doors, ok

from trading_ecosystem.adapters.data.exchange import ExchangeHistory
from trading_ecosystem.api.rest.production.order_bodies import replaced_view
from trading_ecosystem.messages.order_handling import ReplaceOrder

BOB = f"{FIRM}/bob"


def test_a_view_brought_up_to_a_receipt_is_that_of_the_history():
    with doors() as market:
        client = market.trader(FIRM)
        market.advance(5)
        ok(client.post("/api/v1/accounts", json={"venue": ALPHA, "account": BOB}), 201)
        for asset, amount in (("USD", "90000"), ("BTC", "1")):
            transfer = {"account": BOB, "asset": asset, "amount": amount}
            ok(client.post("/api/v1/custody/deposits", json=transfer), 201)
            ok(client.post("/api/v1/custody/pledges", json={**transfer, "venue": ALPHA}), 201)
        order = {"venue": ALPHA, "account": BOB, "instrument": "BTC/USD", "side": "buy", "type": "limit", "price": "40000"}
        ok(client.post("/api/v1/orders", json={**order, "quantity": "0.1", "client_order_id": "one"}), 201)
        market.caught_up()
        gateway = market.serving.gateway

        def view():
            store = gateway._followers.history("exchange")
            return market.do(ExchangeHistory(store).order_named(ALPHA, BOB, "one"))

        for price_ticks, lots in ((4_100_000, 90_000), (8_000_000, 90_000)):
            before = view()
            receipt = market.do(
                gateway.driver.submit("door", ReplaceOrder(ALPHA, BOB, "one", price_ticks=price_ticks, quantity_lots=lots))
            )
            market.caught_up()
            assert replaced_view(before, receipt.said) == view() != before
        assert view().status == "filled"

        for number in range(7):
            ok(client.post("/api/v1/orders", json={**order, "quantity": "0.01", "client_order_id": f"more-{number}"}), 201)
        ok(client.delete(f"/api/v1/orders/{ALPHA}/more-3", params={"account": BOB}))
        market.caught_up()
        whole = market.do(ExchangeHistory(gateway._followers.history("exchange")).orders(BOB))
        names = {one.terms.client_order_id: one.status for one in whole}
        assert len(names) == 8
        for status in (None, "new", "filled", "cancelled", "partially_filled"):
            found = paged(client, "/api/v1/orders", {"account": BOB} if status is None else {"account": BOB, "status": status})
            expected = [name for name, said in names.items() if status in (None, said)]
            assert sorted(listed(found)) == sorted(expected), status
            accepted = [
                next(one.terms.answered_at for one in whole if one.terms.client_order_id == name) for name in listed(found)
            ]
            assert accepted == sorted(accepted, reverse=True)
        fills = paged(client, "/api/v1/fills", {"account": BOB})
        assert fills == ok(client.get("/api/v1/fills", params={"account": BOB}))["items"]
        assert len(fills) > 0


def listed(found):
    return [one["client_order_id"] for one in found]


def paged(client, path, parameters):
    """Every item of a list, three at a time."""
    items, cursor = [], None
    for _ in range(20):
        asked = {**parameters, "limit": 3} | ({} if cursor is None else {"cursor": cursor})
        page = ok(client.get(path, params=asked))
        assert len(page["items"]) <= 3
        items += page["items"]
        cursor = page.get("next_cursor")
        if cursor is None:
            return items
    raise AssertionError("a list that does not end")
