"""The audit face: the whole record, what was found in it, and proofs that it is whole."""
