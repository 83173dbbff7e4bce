"""Migrations of schema test_coordination."""
