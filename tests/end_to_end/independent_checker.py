"""A second opinion on a journal: it reads its lines as JSON, and shares no code with the program.

It keeps its own books from what was said: what is free and pledged at the custodian, what venues owe, open orders, unsettled
trades, firing alerts, positions. It complains (``problems``) of whatever contradicts itself: an effect that happened twice, a
balance said that is not the one it computes, a reconciliation break, numbers that do not rise.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict


class Checker:
    def __init__(self):
        self.problems = []
        self.lines = 0
        self.digest = hashlib.sha256()
        self.sequence = self.at = 0
        self.said = {}  # sequence -> (at, type) of everything since the last forget()
        self.free = defaultdict(int)  # (account, asset)
        self.leaving = defaultdict(int)  # (account, asset): withdrawals under way
        self.pledged = defaultdict(int)  # (account, venue, asset)
        self.claims = defaultdict(int)  # (account, venue, asset)
        self.claims_said = {}
        self.brought_in = defaultdict(int)  # asset
        self.transfers = {}  # (account, kind, transfer_id) -> [asset, amount, posted]
        self.numbers = set()  # pledges and releases by venue and number
        self.unsettled = {}  # (venue, instrument, trade_id) -> TradeMatched
        self.settled = set()
        self.orders = {}  # (venue, account, client_order_id) -> order_id
        self.leaves = {}  # order_id -> [account, leaves]
        self.filled = defaultdict(int)  # order_id
        self.executions = set()
        self.positions = defaultdict(int)  # (account, venue, instrument)
        self.alerts = {}  # alert_id
        self.reconciled = 0

    def feed(self, lines):
        for line in lines:
            self.lines += 1
            self.digest.update(line + b"\n")
            entry = json.loads(line)
            message = entry["message"]
            if entry["sequence"] <= self.sequence or entry["at"] < self.at:
                self.complain(f"sequence {entry['sequence']} at {entry['at']} does not follow {self.sequence} at {self.at}")
            self.sequence, self.at = entry["sequence"], entry["at"]
            self.said[self.sequence] = (self.at, message["type"], entry["trace"])
            handler = getattr(self, "hear_" + message["type"], None)
            if handler is not None:
                handler(message)

    def complain(self, problem):
        self.problems.append(f"line {self.lines}: {problem}")

    def same(self, what, said, computed):
        if said != computed:
            self.complain(f"{what}: said {said}, computed {computed}")

    # ---- custody

    def hear_TransferPending(self, m):  # noqa: N802
        known = self.transfer(m)
        if m["kind"] == "withdrawal" and known[2] == "new":
            self.move_free(m, -m["amount_minor"])
            self.leaving[m["account"], m["asset"]] += m["amount_minor"]
        if known[2] == "new":
            known[2] = "pending"
        self.same("free_after", m["free_after"], self.free[m["account"], m["asset"]])

    def hear_TransferPosted(self, m):  # noqa: N802
        known = self.transfer(m)
        amount, place = m["amount_minor"], (m["account"], m["venue"], m["asset"])
        if known[2] != "posted":
            if m["kind"] == "deposit":
                self.move_free(m, amount)
                self.brought_in[m["asset"]] += amount
            elif m["kind"] == "withdrawal":
                self.brought_in[m["asset"]] -= amount
                if known[2] == "pending":
                    self.leaving[m["account"], m["asset"]] -= amount
                else:
                    self.move_free(m, -amount)
            else:
                sign = 1 if m["kind"] == "pledge" else -1
                self.move_free(m, -sign * amount)
                self.pledged[place] += sign * amount
            known[2] = "posted"
        self.same("free_after", m["free_after"], self.free[m["account"], m["asset"]])
        if m["venue"]:
            self.same("pledged_after", m["pledged_after"], self.pledged[place])

    def transfer(self, m):
        key = (m["account"], m["kind"], m["transfer_id"])
        known = self.transfers.setdefault(key, [m["asset"], m["amount_minor"], "new"])
        if known[:2] != [m["asset"], m["amount_minor"]]:
            self.complain(f"transfer {key} was said before with other content")
        return known

    def move_free(self, m, amount):
        key = (m["account"], m["asset"])
        self.free[key] += amount
        if self.free[key] < 0:
            self.complain(f"{key} has {self.free[key]} free")

    def hear_TradeSettled(self, m):  # noqa: N802
        key = (m["venue"], m["instrument"], m["trade_id"])
        trade = self.unsettled.pop(key, None)
        if trade is None:
            self.complain(f"trade {key} is settled twice, or was never made")
            return
        self.settled.add(key)
        self.apply(self.pledged, trade)
        fee = self.pledged[m["fee_account"], m["venue"], m["fee_asset"]]
        self.same("fee_pledged_after", m["fee_pledged_after"], fee)

    def hear_ReconciliationBreak(self, m):  # noqa: N802
        self.complain(f"reconciliation break: {m}")

    def hear_ReconciliationCompleted(self, m):  # noqa: N802
        self.reconciled += 1
        self.same("breaks", m["breaks"], 0)

    # ---- venues

    def hear_AssetsPledged(self, m):  # noqa: N802
        self.once("pledge", m)
        self.claims[m["account"], m["venue"], m["asset"]] += m["amount_minor"]

    def hear_ClaimReleased(self, m):  # noqa: N802
        self.once("release", m)
        self.once_named("release", m)
        self.claims[m["account"], m["venue"], m["asset"]] -= m["amount_minor"]

    def once(self, what, m):
        key = (what, m["venue"], m["number"])
        if key in self.numbers:
            self.complain(f"{key} happened twice")
        self.numbers.add(key)

    def once_named(self, what, m):
        key = (what, m["venue"], m["account"], m["transfer_id"])
        if key in self.numbers:
            self.complain(f"{key} happened twice")
        self.numbers.add(key)

    def hear_ClaimChanged(self, m):  # noqa: N802
        if m["available_after"] < 0 or m["held_after"] < 0:
            self.complain(f"a claim below zero: {m}")
        self.claims_said[m["account"], m["venue"], m["asset"]] = m["available_after"] + m["held_after"]

    def hear_TradeMatched(self, m):  # noqa: N802
        key = (m["venue"], m["instrument"], m["trade_id"])
        if key in self.unsettled or key in self.settled:
            self.complain(f"trade {key} is made twice")
        self.unsettled[key] = m
        self.apply(self.claims, m)

    @staticmethod
    def apply(books, m):
        venue, fee_asset = m["venue"], m["fee_asset"] or m["quote_asset"]
        for account, sign, fee in ((m["buyer"], 1, m["buyer_fee_minor"]), (m["seller"], -1, m["seller_fee_minor"])):
            books[account, venue, m["base_asset"]] += sign * m["base_minor"]
            books[account, venue, m["quote_asset"]] -= sign * m["quote_minor"]
            books[account, venue, fee_asset] -= fee
            books[m["fee_account"], venue, fee_asset] += fee

    def hear_OrderAccepted(self, m):  # noqa: N802
        key = (m["venue"], m["account"], m["client_order_id"])
        known = self.orders.setdefault(key, m["order_id"])
        if known != m["order_id"]:
            self.complain(f"order {key} was accepted twice, as {known} and {m['order_id']}")
        elif m["order_id"] not in self.filled:
            self.filled[m["order_id"]] = 0
            self.leaves[m["order_id"]] = [m["account"], m["quantity_lots"]]

    def hear_OrderFilled(self, m):  # noqa: N802
        execution = (m["venue"], m["execution_id"])
        if execution in self.executions:
            self.complain(f"execution {execution} happened twice")
        self.executions.add(execution)
        self.filled[m["order_id"]] += m["quantity_lots"]
        self.same("cumulative_lots", m["cumulative_lots"], self.filled[m["order_id"]])
        self.leave(m, m["leaves_lots"])
        sign = 1 if m["side"] == "buy" else -1
        self.positions[m["account"], m["venue"], m["instrument"]] += sign * m["quantity_lots"]

    def hear_OrderCancelled(self, m):  # noqa: N802
        self.leave(m, 0)

    def leave(self, m, lots):
        if lots == 0:
            self.leaves.pop(m["order_id"], None)
        elif m["order_id"] in self.leaves:
            self.leaves[m["order_id"]][1] = lots

    # ---- risk

    def hear_AlertRaised(self, m):  # noqa: N802
        if m["alert_id"] in self.alerts:
            self.complain(f"alert {m['alert_id']} fires twice")
        self.alerts[m["alert_id"]] = m

    def hear_AlertResolved(self, m):  # noqa: N802
        if self.alerts.pop(m["alert_id"], None) is None:
            self.complain(f"alert {m['alert_id']} was not firing")

    # ---- comparisons

    def acknowledged(self, receipts):
        """Every fact that was acknowledged has to stand in the journal as it was told."""
        for receipt in receipts:
            found = self.said.get(receipt["sequence"])
            if found is None or found[0] != receipt["at"]:
                self.complain(f"lost: acknowledged {receipt}, the journal has {found}")
            for sequence, kind in receipt["said"]:
                if self.said.get(sequence, (0, "nothing"))[1] != kind:
                    self.complain(f"lost: acknowledged {kind} as {sequence}, the journal has {self.said.get(sequence)}")

    def compare(self, holdings, claims, unsettled, alerts, portfolio, orders):
        """The program's own answers of the moment after the last line fed."""
        own = {(account, "", asset): amount for (account, asset), amount in self.free.items()}
        own |= self.pledged
        told = {(h["account"], h["venue"], h["asset"]): h["amount_minor"] for h in holdings}
        self.same("holdings", *differing(told, own))
        told_claims = {(c["account"], "exchange-alpha", c["asset"]): c["available_minor"] + c["held_minor"] for c in claims}
        self.same("claims", *differing(told_claims, self.claims))
        self.same("claims said", *differing(self.claims_said, self.claims))
        total = defaultdict(int)
        for (_, _, asset), amount in told.items():
            total[asset] += amount
        for (_, asset), amount in self.leaving.items():
            total[asset] += amount
        self.same("conservation", *differing(total, self.brought_in))
        pending = {(u["venue"], u["instrument"], u["trade_id"]) for u in unsettled}
        self.same("unsettled trades", sorted(pending), sorted(self.unsettled))
        self.same("alerts", sorted(a["alert_id"] for a in alerts), sorted(self.alerts))
        positions = {(p["account"], p["venue"], p["instrument"]): p["position_lots"] for p in portfolio}
        own_positions = {key: lots for key, lots in self.positions.items() if key[0] == "fund/maker"}
        self.same("portfolio", *differing(positions, own_positions))
        leaves = {o["order_id"]: o["quantity_lots"] for o in orders}
        accounts = {o["account"] for o in orders}
        own_leaves = {order: lots for order, (account, lots) in self.leaves.items() if account in accounts}
        self.same("open orders", *differing(leaves, own_leaves))


def differing(one, other):
    """What two books say where they differ; zero is the same as nothing."""
    keys = sorted(key for key in set(one) | set(other) if one.get(key, 0) != other.get(key, 0))
    return [(key, one.get(key, 0)) for key in keys], [(key, other.get(key, 0)) for key in keys]
