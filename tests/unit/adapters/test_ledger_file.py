import json
import os
import zlib

import pytest
from tests.campaign import CAMPAIGN

from trading_ecosystem.adapters.ledger_file import LedgerFile
from trading_ecosystem.domains.custodian.general_ledger.accounts import AccountTerms
from trading_ecosystem.domains.custodian.general_ledger.transfers import AccountRule, Phase, Transfer, TransferResult
from trading_ecosystem.ports.errors import Conflict, Corrupt, Unavailable
from trading_ecosystem.runtime.snapshot import Encoder

ACCOUNTS = (AccountTerms(1, "USD", AccountRule.UNBOUNDED), AccountTerms(2, "USD", owner="anna"), AccountTerms(3, "USD"))


def busy_file(path):
    with LedgerFile(path) as file:
        file.open(*ACCOUNTS, now=5)
        file.transfer(Transfer(1, 1, 2, 100), Transfer(2, 2, 3, 60, Phase.PENDING, expires_after_ns=50), now=10)
        file.transfer(Transfer(3, 2, 3, 41), now=20)  # refused
        file.transfer(Transfer(4, 0, 0, 20, Phase.POST, 2, effective_at=15), Transfer(5, 2, 3, 999), now=30)
        file.transfer(Transfer(6, 2, 3, 5, Phase.PENDING, expires_after_ns=5), now=40)
        file.transfer(Transfer(7, 3, 2, 20, reverses=4), now=60)
        return json.dumps(Encoder().encode(file.ledger))


def test_opened_again_it_is_the_same_ledger(tmp_path):
    document = busy_file(tmp_path / "ledger")
    with LedgerFile(tmp_path / "ledger") as file:
        assert json.dumps(Encoder().encode(file.ledger)) == document
        assert file.transfer(Transfer(7, 3, 2, 20, reverses=4), now=60) == (TransferResult.EXISTS,)
        assert file.ledger.balance(2, at=15, known_at=60).posted_minor == 80


def test_cut_anywhere_it_has_whole_batches_only(tmp_path):
    path = tmp_path / "ledger"
    busy_file(path)
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    assert len(lines) == 5
    for length in range(0, len(whole), 1 if CAMPAIGN else 11):
        path.write_bytes(whole[:length])
        with LedgerFile(path) as file:
            kept = path.read_bytes()
            assert whole.startswith(kept)
            assert len(kept) == max(total for total in (len(b"".join(lines[:count])) for count in range(6)) if total <= length)
            assert file.ledger.totals("USD").posted_minor == 0


def test_a_changed_byte_is_found_and_its_line_named(tmp_path):
    path = tmp_path / "ledger"
    busy_file(path)
    whole = bytearray(path.read_bytes())
    place = whole.index(b"\n") + 20
    whole[place] ^= 1
    path.write_bytes(whole)
    with pytest.raises(Corrupt, match="line 2 is not what was written"):
        LedgerFile(path)
    text = b'[1,[],[["1"]]]'
    path.write_bytes(b"%08x %s\n" % (zlib.crc32(text), text))
    with pytest.raises(Corrupt, match="line 1 is no batch"):
        LedgerFile(path)


def test_after_a_failed_write_it_takes_nothing_more(tmp_path, monkeypatch):
    path = tmp_path / "ledger"
    busy_file(path)

    def full(*_):
        raise OSError(28, "No space left on device")

    with LedgerFile(path) as file:
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            with pytest.raises(Unavailable, match="No space left on device; open it again"):
                file.transfer(Transfer(8, 1, 2, 1), now=70)
        with pytest.raises(Unavailable, match="a write failed; open it again"):
            file.transfer(Transfer(9, 1, 2, 1), now=70)


def test_one_process_at_a_time_and_no_file_where_none_can_be(tmp_path):
    with LedgerFile(tmp_path / "ledger") as file:
        with pytest.raises(Conflict, match="another process has it"):
            LedgerFile(tmp_path / "ledger")
        file.close()
        with pytest.raises(Unavailable, match="it is closed; open it again"):
            file.open(*ACCOUNTS, now=1)
    with pytest.raises(Unavailable, match="No such file or directory"):
        LedgerFile(tmp_path / "nowhere" / "ledger")
