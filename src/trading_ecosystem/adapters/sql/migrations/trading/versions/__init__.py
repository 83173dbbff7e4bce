"""Migrations of schema trading."""
