"""A general ledger that can be used alone: accounts of debits and credits, and transfers that move amounts once and for ever.

It promises that what debits add up to, credits add up to, per asset, pending and posted alike; that a number names one
transfer for good; that a pending transfer is posted, voided or expired, once, and never two of these; that a chain is
posted whole or not at all; and that nothing recorded changes: a correction is a transfer of its own, which names the one it
reverses. Every request is answered by one member of a closed enum, and everything but ``DONE`` changed nothing.

``transfers`` has the words, ``accounts`` balances and what they were, ``general_ledger`` the rules. The two-phase transfers are
after TigerBeetle's ("Two-Phase Transfers", "Transfer": reference pages of its documentation), the two times of an as-of
question after R. Snodgrass, *Developing Time-Oriented Database Applications in SQL* (1999), chapter 10. ::

    ledger = GeneralLedger()
    ledger.open(AccountTerms(1, "USD", AccountRule.UNBOUNDED), AccountTerms(2, "USD"), AccountTerms(3, "USD"), now=0)
    ledger.transfer(Transfer(1, 1, 2, 100), now=10)                             # (TransferResult.DONE,)
    ledger.transfer(Transfer(2, 2, 3, 60, phase=Phase.PENDING), now=20)         # held back
    ledger.transfer(Transfer(3, 2, 3, 41), now=20)                              # (TransferResult.EXCEEDS_CREDITS,)
    ledger.transfer(Transfer(4, 0, 0, 0, phase=Phase.POST, pending=2), now=30)  # all 60
    ledger.balance(2, at=25, known_at=30).available_minor                       # 40
"""
