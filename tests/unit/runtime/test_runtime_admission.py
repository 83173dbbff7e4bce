"""What no store could keep does not enter: the door says so, and nothing is journaled."""

from __future__ import annotations

import pytest

from trading_ecosystem.messages.custodian import DepositAssets, OpenCustodyAccount
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.runtime.admission import check_keepable


@pytest.mark.parametrize("amount", [2**63, -(2**63) - 1, 10**30])
def test_integers_beyond_64_bits(amount: int) -> None:
    with pytest.raises(BadInput) as error:
        check_keepable(DepositAssets("custodian", "fund", "one", "USD", amount))
    assert str(error.value) == f"DepositAssets.amount_minor: {amount} is too large; expected an integer of 64 bits"


@pytest.mark.parametrize("amount", [2**63 - 1, 0, -5])
def test_integers_of_64_bits(amount: int) -> None:
    check_keepable(DepositAssets("custodian", "fund", "one", "USD", amount))


def test_nul_characters() -> None:
    with pytest.raises(BadInput, match="^OpenCustodyAccount.account: holds a NUL character; expected text without one$"):
        check_keepable(OpenCustodyAccount("custodian", "fund\0"))
