"""The steps that bring each schema to this version's shape, run by :mod:`trading_ecosystem.adapters.sql.migrate`.

Every schema has its own line of steps, numbered ``0001``, ``0002`` and so on, and its own table ``schema_version`` that says
how far it has come. A step runs inside its schema, names no schema, and serves SQLite and PostgreSQL alike. Steps that were
released are never changed; there is no way back but a backup.
"""
