"""Migrations of schema risk."""
