"""Migrations of schema market_data."""
