"""A depository that can be used alone: instructions of two sides are matched, and what is matched settles on a general ledger.

It promises that no delivery is one-legged: whatever settles, in whole or in part, is one chain of transfers with its payment,
done or not done. An instruction that cannot settle yet says why by one reason and is taken up again in every cycle after.
Amounts are minor units, days local ones since 1970-01-01; a business "no" is a member of a closed enum.

``instructions`` has the words, ``matching`` compares two sides, ``netting`` chooses what settles together,
``depository`` keeps the queue, ``fails`` says what penalties are for, and ``continuous_net`` is settlement by a central
counterparty, of what is left when everything is netted. Words are ISO 20022's (settlement and reconciliation messages, sese),
matching is by the rules of TARGET2-Securities (UDFS, "Instruction matching"), the models are the Committee on Payment and
Settlement Systems' (*Delivery versus Payment in Securities Settlement Systems*, BIS 1992).
"""
