"""Perpetuals: positions, margin, mark price, variation and liquidation."""
