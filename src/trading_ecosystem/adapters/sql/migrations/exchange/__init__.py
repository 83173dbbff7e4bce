"""Migrations of schema exchange."""
