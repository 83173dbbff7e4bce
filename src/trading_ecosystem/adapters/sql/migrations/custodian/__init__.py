"""Migrations of schema custodian."""
