"""Recorded markets for backtests: trades, quotes, depth and bars in CSV and Parquet, as what happens at a recorded venue."""
