"""The first shape of schema market_data."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trading_ecosystem.adapters.sql.column_types import TEXT

revision = "0001"
down_revision = None


def _candles() -> None:
    op.create_table(
        "candles",
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("interval_ns", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("opened_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("open_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("high_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("low_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("close_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("prices", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint(
            "close_minor BETWEEN low_minor AND high_minor", name=op.f("ck_candles_close_minor_between_low_minor_and_high_minor")
        ),
        sa.CheckConstraint("interval_ns > 0", name=op.f("ck_candles_interval_ns_gt_0")),
        sa.CheckConstraint(
            "open_minor BETWEEN low_minor AND high_minor", name=op.f("ck_candles_open_minor_between_low_minor_and_high_minor")
        ),
        sa.PrimaryKeyConstraint("instrument", "interval_ns", "opened_at", name=op.f("pk_candles")),
        sqlite_with_rowid=False,
    )


def _consensus_prices() -> None:
    op.create_table(
        "consensus_prices",
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("price_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("confidence_ppm", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sources", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("outliers", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leading", TEXT, autoincrement=False, nullable=False),
        sa.Column("observed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reached_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint(
            "confidence_ppm BETWEEN 0 AND 1000000", name=op.f("ck_consensus_prices_confidence_ppm_between_0_and_1000000")
        ),
        sa.CheckConstraint("outliers BETWEEN 0 AND sources", name=op.f("ck_consensus_prices_outliers_between_0_and_sources")),
        sa.PrimaryKeyConstraint("instrument", name=op.f("pk_consensus_prices")),
        sqlite_with_rowid=False,
    )


def _feed_halts() -> None:
    op.create_table(
        "feed_halts",
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("halted_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("held_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("observed_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("move_ppm", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("resumed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("instrument", "halted_at", name=op.f("pk_feed_halts")),
        sqlite_with_rowid=False,
    )


def _instruments() -> None:
    op.create_table(
        "instruments",
        sa.Column("symbol", TEXT, autoincrement=False, nullable=False),
        sa.Column("base", TEXT, autoincrement=False, nullable=False),
        sa.Column("quote", TEXT, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("symbol", name=op.f("pk_instruments")),
        sqlite_with_rowid=False,
    )


def _latest_prices() -> None:
    op.create_table(
        "latest_prices",
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("price_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("priced_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("published_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("update", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("instrument", name=op.f("pk_latest_prices")),
        sqlite_with_rowid=False,
    )


def _market_conditions() -> None:
    op.create_table(
        "market_conditions",
        sa.Column("component", TEXT, autoincrement=False, nullable=False),
        sa.Column("condition_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, autoincrement=False, nullable=False),
        sa.Column("targets", TEXT, autoincrement=False, nullable=False),
        sa.Column("set_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("planned_until", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("took_effect_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_subject", TEXT, autoincrement=False, nullable=False),
        sa.Column("cleared_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("component", "condition_id", name=op.f("pk_market_conditions")),
        sqlite_with_rowid=False,
    )


def _price_histories() -> None:
    op.create_table(
        "price_histories",
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("minute_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("price_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("priced_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("instrument", "minute_at", name=op.f("pk_price_histories")),
        sqlite_with_rowid=False,
    )


def _quotes() -> None:
    op.create_table(
        "quotes",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("update", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bid_ticks", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bid_lots", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ask_ticks", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ask_lots", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("published_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("ask_lots >= 0", name=op.f("ck_quotes_ask_lots_ge_0")),
        sa.CheckConstraint("bid_lots >= 0", name=op.f("ck_quotes_bid_lots_ge_0")),
        sa.PrimaryKeyConstraint("venue", "instrument", name=op.f("pk_quotes")),
        sqlite_with_rowid=False,
    )


def _reference_quotes() -> None:
    op.create_table(
        "reference_quotes",
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("bid_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ask_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("spread_ppm", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("priced_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("update", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("bid_minor <= ask_minor", name=op.f("ck_reference_quotes_bid_minor_le_ask_minor")),
        sa.CheckConstraint("spread_ppm >= 0", name=op.f("ck_reference_quotes_spread_ppm_ge_0")),
        sa.PrimaryKeyConstraint("instrument", name=op.f("pk_reference_quotes")),
        sqlite_with_rowid=False,
    )


def _source_switches() -> None:
    op.create_table(
        "source_switches",
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("switched_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("before", TEXT, autoincrement=False, nullable=False),
        sa.Column("after", TEXT, autoincrement=False, nullable=False),
        sa.Column("problem", TEXT, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("instrument", "switched_at", name=op.f("pk_source_switches")),
        sqlite_with_rowid=False,
    )


def _store_position() -> None:
    op.create_table(
        "store_position",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("one = 1", name=op.f("ck_store_position_one_row")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_store_position")),
    )


def _trade_summaries() -> None:
    op.create_table(
        "trade_summaries",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("first_trade_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_trade_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("volume_lots", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("buyer_initiated_lots", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("high_ticks", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("low_ticks", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_ticks", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("published_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint(
            "buyer_initiated_lots BETWEEN 0 AND volume_lots",
            name=op.f("ck_trade_summaries_buyer_initiated_lots_between_0_and_volume_lo"),
        ),
        sa.CheckConstraint("first_trade_id <= last_trade_id", name=op.f("ck_trade_summaries_first_trade_id_le_last_trade_id")),
        sa.CheckConstraint(
            "last_ticks BETWEEN low_ticks AND high_ticks",
            name=op.f("ck_trade_summaries_last_ticks_between_low_ticks_and_high_ticks"),
        ),
        sa.PrimaryKeyConstraint("venue", "instrument", "first_trade_id", name=op.f("pk_trade_summaries")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_trade_summaries_instrument_published_at"), "trade_summaries", ["instrument", "published_at"], unique=False
    )


def upgrade() -> None:
    """Make the tables."""
    _candles()
    _consensus_prices()
    _feed_halts()
    _instruments()
    _latest_prices()
    _market_conditions()
    _price_histories()
    _quotes()
    _reference_quotes()
    _source_switches()
    _store_position()
    _trade_summaries()
