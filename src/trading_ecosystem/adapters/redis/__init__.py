"""Cache, streams, registry and settings on a Redis-protocol server; each domain is a user of its own, bound to its prefix."""
