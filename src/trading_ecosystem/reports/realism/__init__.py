"""Realism: how far a generated market is from a real one, statistic by statistic, in units of the real one's own noise."""
