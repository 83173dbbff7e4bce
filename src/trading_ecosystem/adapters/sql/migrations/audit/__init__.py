"""Migrations of schema audit."""
