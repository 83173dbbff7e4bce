"""Drives a process that runs a live ecosystem, kills it at random moments, and holds it to what it acknowledged."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.end_to_end.independent_checker import Checker

PROCESS = Path(__file__).parent / "door_process.py"
SPEED = 60
SNAPSHOT_EVERY = 400
DESK = "fund/desk"
CUSTODIAN, VENUE = "custodian", "exchange-alpha"
OUTSTANDING = 12
PATIENCE = 60.0
QUESTIONS = [
    [CUSTODIAN, {"type": "HoldingsQuestion"}],
    [VENUE, {"type": "ClaimsQuestion"}],
    [CUSTODIAN, {"type": "UnsettledQuestion"}],
    ["risk", {"type": "AlertsQuestion"}],
    ["trading", {"type": "PortfolioQuestion"}],
    [VENUE, {"type": "OpenOrdersQuestion", "account": DESK}],
]


class Door:
    """A process that is running, and what it answered."""

    def __init__(self, store, environment, speed=SPEED, snapshot_every=SNAPSHOT_EVERY):
        self.process = subprocess.Popen(
            [sys.executable, str(PROCESS), store, str(speed), str(snapshot_every)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **environment},
        )
        self.replies = {}
        self.ready = self.stopped = None
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            if not line.endswith(b"\n"):
                break
            reply = json.loads(line)
            with self.news:
                self.ready = reply.get("ready", self.ready)
                self.stopped = reply.get("stopped", self.stopped)
                if "id" in reply:
                    self.replies[reply["id"]] = reply
                self.news.notify_all()
        with self.news:
            self.news.notify_all()

    def send(self, document):
        """Send a line; false where nobody reads it any more."""
        try:
            self.process.stdin.write(json.dumps(document).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return False
        return True

    def wait(self, happened):
        """Wait until something happened; fails with what the process said when it ends before."""
        with self.news:
            assert self.news.wait_for(lambda: happened() or not self.reader.is_alive(), PATIENCE), "no answer"
        if not happened():
            self.process.wait(PATIENCE)
            raise AssertionError(f"the process ended: {self.process.stderr.read().decode()}")

    def wait_ready(self):
        self.wait(lambda: self.ready is not None)

    def kill(self):
        """End it at once; what it said before that is read to the end."""
        self.process.kill()
        self.end()

    def end(self):
        self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def stop(self):
        """Close its input and let it stop cleanly."""
        self.process.stdin.close()
        self.wait(lambda: self.stopped is not None)
        self.end()
        assert self.process.returncode == 0


class Desk:
    """A seeded stream of commands, each with an id of its own where there is one."""

    def __init__(self, seed):
        self.draws = random.Random(seed)
        self.number = 0
        self.orders = []
        self.alerts = {}

    def opening(self):
        yield {"type": "OpenCustodyAccount", "custodian": CUSTODIAN, "account": DESK}
        yield {"type": "OpenAccount", "venue": VENUE, "account": DESK}
        for asset, amount in (("BTC", 2 * 10**8), ("USD", 100_000 * 10**8)):
            yield self.transfer("DepositAssets", f"first-{asset}", asset, 2 * amount)
            yield self.transfer("PledgeAssets", f"first-pledge-{asset}", asset, amount, venue=VENUE)

    def transfer(self, kind, transfer_id, asset, amount, **more):
        where = {"venue": VENUE} if kind == "ReleaseAssets" else {"custodian": CUSTODIAN, **more}
        return {
            "type": kind,
            "account": DESK,
            "transfer_id": transfer_id,
            "asset": asset,
            "amount_minor": amount,
            **where,
        }

    def command(self):
        self.number += 1
        draws, number = self.draws, self.number
        kind = draws.choices(
            ("order", "cancel", "deposit", "withdraw", "pledge", "release", "limit", "acknowledge"), (8, 4, 2, 1, 2, 2, 1, 2)
        )[0]
        asset, amount = draws.choice((("BTC", 10**6), ("USD", 600 * 10**8)))
        amount *= draws.randint(1, 20)
        if kind == "deposit":
            method = draws.choice(("crypto_internal", "crypto_internal", "crypto_external"))
            return self.transfer("DepositAssets", f"in-{number}", asset, amount, method=method)
        if kind == "withdraw":
            method = draws.choice(("crypto_internal", "crypto_internal", "wire"))
            return self.transfer("WithdrawAssets", f"out-{number}", asset, amount, method=method)
        if kind == "pledge":
            return self.transfer("PledgeAssets", f"pledge-{number}", asset, amount, venue=VENUE)
        if kind == "release":
            return self.transfer("ReleaseAssets", f"release-{number}", asset, amount)
        if kind == "cancel" and self.orders:
            order = draws.choice(self.orders[-30:])
            return {"type": "CancelOrder", "venue": VENUE, "account": DESK, "client_order_id": order}
        if kind == "limit":
            value = draws.choice((1, 50_000, 10_000_000)) * 10**8
            subject = {"account": "fund", "kind": "total_notional", "subject": "fund"}
            return {"type": "ChangeLimit", "component": "risk", **subject, "value": value}
        if kind == "acknowledge" and self.alerts:
            alert = draws.choice(sorted(self.alerts))
            return {
                "type": "AcknowledgeAlert",
                "component": "risk",
                "account": "fund",
                "alert_id": alert,
                "by": f"desk-{number}",
            }
        return self.order()

    def order(self):
        draws = self.draws
        self.orders.append(f"order-{self.number}")
        order_type, time_in_force = draws.choice(
            (("limit", "good_till_cancel"), ("limit", "good_till_cancel"), ("market", "immediate_or_cancel"))
        )
        return {
            "type": "PlaceOrder",
            "venue": VENUE,
            "account": DESK,
            "client_order_id": self.orders[-1],
            "instrument": "BTC/USD",
            "side": draws.choice(("buy", "sell")),
            "order_type": order_type,
            "time_in_force": time_in_force,
            "price_ticks": draws.randint(5_900_000, 6_100_000) if order_type == "limit" else 0,
            "quantity_lots": draws.randint(100, 20_000),
        }


class KillTest:
    """Kill after kill on one store; ``read_lines`` reads the journal's lines after the first so many, not by our code."""

    def __init__(self, store, seed, read_lines, environment=None):
        self.store = store
        self.environment = environment or {}
        self.read_lines = read_lines
        self.draws = random.Random(f"kills-{seed}")
        self.desk = Desk(seed)
        self.checker = Checker()
        self.doubtful = dict(enumerate(self.desk.opening(), 1))
        self.next_id = len(self.doubtful) + 1
        self.acknowledged = self.retried = self.kills = 0

    def round(self):
        """Start, retry what is in doubt, compare, trade, and kill at some moment of all that."""
        moment = self.draws.random()
        door = Door(self.store, self.environment)
        asked = 0
        try:
            if moment < 0.08:
                time.sleep(self.draws.random() * 1.5)
            else:
                door.wait_ready()
                asked = self.retry_and_ask(door, wait=moment > 0.2)
                if moment > 0.2:
                    self.trade(door, self.draws.randint(1, 60))
                    for _ in range(self.draws.randint(0, 10)):
                        self.send(door)
                time.sleep(self.draws.random() * 0.02)
            assert door.process.poll() is None, "it ended by itself"
        finally:
            door.kill()
        self.kills += 1
        self.judge(door, asked)

    def finish(self):
        """The last start: everything in doubt is retried, compared, and the process stops cleanly."""
        door = Door(self.store, self.environment)
        try:
            door.wait_ready()
            asked = self.retry_and_ask(door, wait=True)
            self.let_pass(door, 60 * 10**9)
            door.stop()
        except BaseException:
            door.kill()
            raise
        self.judge(door, asked)
        assert not self.doubtful
        assert self.checker.reconciled > 0
        again = Checker()
        again.feed(self.read_lines(0))
        assert again.digest.hexdigest() == self.checker.digest.hexdigest(), "lines that were read before have changed"
        assert again.problems == []

    def retry_and_ask(self, door, wait):
        retries = dict(self.doubtful)
        self.retried += len(retries)
        for number, command in retries.items():
            door.send({"id": number, "message": command})
        asked = self.next_id
        self.next_id += 1
        if wait:
            door.wait(lambda: retries.keys() <= door.replies.keys())
            door.send({"id": asked, "ask": QUESTIONS})
            door.wait(lambda: asked in door.replies)
        return asked

    def trade(self, door, answers):
        goal = len(door.replies) + answers
        while len(door.replies) < goal:
            self.send(door)
            door.wait(lambda: len(self.doubtful.keys() - door.replies.keys()) < OUTSTANDING)

    def let_pass(self, door, duration):
        """Trade on until so much time of the ecosystem has passed."""
        begun = None
        while begun is None or door.replies[self.next_id - 1]["at"] < begun + duration:
            time.sleep(0.05)
            self.send(door)
            door.wait(lambda: self.next_id - 1 in door.replies)
            begun = begun or door.replies[self.next_id - 1]["at"]

    def send(self, door):
        number, self.next_id = self.next_id, self.next_id + 1
        self.doubtful[number] = command = self.desk.command()
        door.send({"id": number, "message": command})

    def judge(self, door, asked):
        """Hold what the journal has now against everything that was acknowledged and answered."""
        receipts = [reply for reply in door.replies.values() if "sequence" in reply]
        refused = [reply for reply in door.replies.values() if "unavailable" in reply]
        assert refused == []
        answered = door.replies.get(asked)
        lines = self.read_lines(self.checker.lines)
        self.checker.said.clear()
        if answered is not None:
            until = answered["entries"] - self.checker.lines
            assert 0 <= until <= len(lines), "an answer was given before it was committed"
            self.checker.feed(lines[:until])
            self.checker.compare(*answered["answers"])
            lines = lines[until:]
        self.checker.feed(lines)
        self.checker.acknowledged(receipts)
        assert self.checker.problems == [], self.checker.problems[:3]
        self.acknowledged += len(receipts)
        for receipt in receipts:
            self.doubtful.pop(receipt["id"], None)
        self.desk.alerts = self.checker.alerts
