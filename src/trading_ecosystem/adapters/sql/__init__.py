"""Journal and records in SQL, written once for SQLite and PostgreSQL.

``urls.py`` says where a store is, ``engines.py`` opens it (one engine per schema), ``tables.py`` makes tables from records,
``failures.py`` turns what drivers raise into port errors. ``migrate.py`` brings a store to this version's shape, roles and
rights.
"""
