"""The column types that every table and every migration is made of."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Integer, Text

TEXT: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is ordered by its code points everywhere, as in Python and in SQLite."""
BIG_KEY: Final = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit key that in SQLite is the row's own number."""
