"""Evidence: what lets somebody who does not trust this program check that a record is the one that was made.

``signing.py`` has the keys, ``checkpoints.py`` the signed statements of how far a record was and what its root is,
``witness.py`` the file outside the store that remembers them, ``pack.py`` writes the evidence of a run directory,
``run_evidence.py`` does so for a run, ``verification.py`` checks one, and ``store_evidence.py`` does both for stores.
``docs/evidence.md`` has the format for who writes a verifier of their own.
"""
