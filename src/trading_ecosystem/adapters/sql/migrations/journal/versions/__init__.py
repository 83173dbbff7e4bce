"""Migrations of schema journal."""
