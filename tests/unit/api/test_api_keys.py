"""Keys are kept hashed, signatures prove the whole request, nonces serve once, positions tell nothing."""

from __future__ import annotations

import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading_ecosystem.api.caller import Caller, Scope
from trading_ecosystem.api.keys import KeyStore
from trading_ecosystem.api.positions import Positions
from trading_ecosystem.api.problems import InvalidRequest, NotAuthenticated, TooManyRequests
from trading_ecosystem.api.signing import Nonces, Signatures, text_to_sign
from trading_ecosystem.ports.errors import BadInput, Forbidden, NotFound

NOW = 1_800_000_000_000


def signed(key, method="POST", target="/api/v1/orders?x=1", body=b"{}", timestamp=NOW, nonce="nonce-0001"):
    text = text_to_sign(str(timestamp), nonce, method, target, body)
    signature = hmac.digest(key.secret.encode(), text, "sha256").hex()
    return {"x-key": key.id, "x-timestamp": str(timestamp), "x-nonce": nonce, "x-signature": signature}


@pytest.fixture
def store(tmp_path):
    return KeyStore(tmp_path / "keys")


@pytest.fixture
def key(store):
    return store.create("a bot", [Scope.READ, Scope.TRADE], ["demo"])


def test_files_hold_neither_token_nor_secret_and_belong_to_their_owner(tmp_path, store, key):
    folder = tmp_path / "keys"
    for name in ("keys.json", "master.key"):
        text = (folder / name).read_text()
        assert key.secret not in text
        assert key.token not in text
        assert key.token.rpartition("_")[2] not in text
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    assert json.loads((folder / "keys.json").read_text())[0]["label"] == "a bot"


def test_a_token_names_its_caller_until_it_is_revoked_also_in_another_process(tmp_path, store, key):
    other = KeyStore(tmp_path / "keys")
    assert other.by_token(key.token) == Caller(key.id, frozenset({Scope.READ, Scope.TRADE}), ("demo",))
    assert other.by_token(key.token + "x") is None
    store.revoke(key.id)
    assert store.by_token(key.token) is None
    assert KeyStore(tmp_path / "keys").by_token(key.token) is None
    with pytest.raises(NotFound):
        store.revoke("nobody")


def test_a_lent_key_is_known_to_its_process_alone_and_outlives_changes_of_the_file(tmp_path, store, key):
    lent = store.lend([Scope.CONTROL], ["*"])
    store.revoke(key.id)
    assert store.by_token(lent.token) == Caller(lent.id, frozenset({Scope.CONTROL}), ("*",))
    assert Signatures(store, lambda: NOW).caller(signed(lent), "POST", "/api/v1/orders?x=1", b"{}").key_id == lent.id
    assert KeyStore(tmp_path / "keys").by_token(lent.token) is None
    assert [record.id for record in store.records()] == [key.id]


@pytest.mark.parametrize("name", ["keys.json", "master.key"])
def test_files_that_others_could_read_are_refused(tmp_path, store, key, name):
    (tmp_path / "keys" / name).chmod(0o644)
    with pytest.raises(BadInput, match="chmod 600"):
        KeyStore(tmp_path / "keys")


def test_a_caller_owns_its_accounts_and_those_below():
    caller = Caller("k", frozenset({Scope.READ}), ("demo", "fund/one"))
    assert [caller.owns(name) for name in ("demo", "demo/a", "demonstration", "fund", "fund/one", "fund/one/x", "")] == [
        True,
        True,
        False,
        False,
        True,
        True,
        False,
    ]
    caller.require(Scope.READ, "demo/a")
    with pytest.raises(Forbidden, match="scope trade"):
        caller.require(Scope.TRADE, "demo")
    with pytest.raises(Forbidden, match="not bound"):
        caller.require(Scope.READ, "fund")


def test_a_signature_is_right_once(store, key):
    signatures = Signatures(store, lambda: NOW)
    headers = signed(key)
    assert signatures.caller(headers, "POST", "/api/v1/orders?x=1", b"{}").key_id == key.id
    with pytest.raises(NotAuthenticated, match="used before"):
        signatures.caller(headers, "POST", "/api/v1/orders?x=1", b"{}")


@pytest.mark.parametrize(
    "change",
    [
        {"body": b"{ }"},
        {"method": "PUT"},
        {"target": "/api/v1/orders?x=2"},
        {"nonce": "nonce-0002"},
        {"timestamp": NOW + 1},
    ],
)
def test_whatever_was_changed_after_signing_is_noticed(store, key, change):
    signatures = Signatures(store, lambda: NOW)
    sent = {"method": "POST", "target": "/api/v1/orders?x=1", "body": b"{}"}
    headers = signed(key)
    headers |= {f"x-{name}": str(value) for name, value in change.items() if name in ("nonce", "timestamp")}
    sent |= {name: value for name, value in change.items() if name in sent}
    with pytest.raises(NotAuthenticated, match="not right"):
        signatures.caller(headers, sent["method"], sent["target"], sent["body"])


@pytest.mark.parametrize("late", [-5_001, 5_001])
def test_stale_and_early_timestamps_are_refused(store, key, late):
    signatures = Signatures(store, lambda: NOW)
    with pytest.raises(NotAuthenticated, match="5 s away"):
        signatures.caller(signed(key, timestamp=NOW + late), "POST", "/api/v1/orders?x=1", b"{}")


def test_a_wrong_signature_does_not_use_up_a_nonce(store, key):
    signatures = Signatures(store, lambda: NOW)
    headers = signed(key)
    with pytest.raises(NotAuthenticated):
        signatures.caller({**headers, "x-signature": "0" * 64}, "POST", "/api/v1/orders?x=1", b"{}")
    assert signatures.caller(headers, "POST", "/api/v1/orders?x=1", b"{}")


@pytest.mark.parametrize("missing", ["x-timestamp", "x-nonce", "x-signature"])
def test_a_missing_header_is_named(store, key, missing):
    headers = {name: value for name, value in signed(key).items() if name != missing}
    with pytest.raises(NotAuthenticated, match=missing):
        Signatures(store, lambda: NOW).caller(headers, "POST", "/", b"")


def test_nonces_are_remembered_as_long_as_they_could_pass_and_in_bounded_memory():
    nonces = Nonces(most=2)
    assert nonces.use("k", "a", NOW)
    assert not nonces.use("k", "a", NOW + 10_000)
    assert nonces.use("other", "a", NOW)
    assert nonces.use("k", "b", NOW + 1)
    with pytest.raises(TooManyRequests):
        nonces.use("k", "c", NOW + 2)
    assert nonces.use("k", "c", NOW + 10_001)


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_positions_come_back_and_another_key_reads_another_number(sequence, secret):
    positions = Positions(secret)
    token = positions.token(sequence)
    assert positions.sequence(token) == sequence
    assert len(token) == 16
    assert Positions(bytes(32 - 1) + b"x").token(sequence) != token or secret == bytes(31) + b"x"


@pytest.mark.parametrize("token", ["", "1", "z" * 16, "-" + "1" * 15, "1" * 17])
def test_what_is_no_position_is_refused(token):
    with pytest.raises(InvalidRequest, match="X-Position"):
        Positions(bytes(32)).sequence(token)
