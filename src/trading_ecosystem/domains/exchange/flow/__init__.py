"""The background market: a plain and a compiled flow with the same events, and the house account that trades for it."""
