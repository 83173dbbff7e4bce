"""The first shape of schema trading."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trading_ecosystem.adapters.sql.column_types import TEXT

revision = "0001"
down_revision = None


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("client_order_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("side", TEXT, autoincrement=False, nullable=False),
        sa.Column("order_type", TEXT, autoincrement=False, nullable=False),
        sa.Column("time_in_force", TEXT, autoincrement=False, nullable=False),
        sa.Column("price_ticks", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quantity_lots", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cumulative_lots", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaves_lots", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", TEXT, autoincrement=False, nullable=False),
        sa.Column("reason", TEXT, autoincrement=False, nullable=False),
        sa.Column("placed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint(
            "cumulative_lots BETWEEN 0 AND quantity_lots OR state IN ('pending_new', 'rejected', 'cancelled')",
            name=op.f("ck_orders_cumulative_lots_between_0_and_quantity_lots_or_state_"),
        ),
        sa.CheckConstraint(
            "leaves_lots >= 0 OR state IN ('pending_new', 'rejected')",
            name=op.f("ck_orders_leaves_lots_ge_0_or_state_in_pending_new_rejected"),
        ),
        sa.CheckConstraint(
            "quantity_lots > 0 OR state IN ('pending_new', 'rejected')",
            name=op.f("ck_orders_quantity_lots_gt_0_or_state_in_pending_new_rejected"),
        ),
        sa.PrimaryKeyConstraint("venue", "account", "client_order_id", name=op.f("pk_orders")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_orders_account_state"), "orders", ["account", "state"], unique=False)


def _performance() -> None:
    op.create_table(
        "performance",
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("strategy", TEXT, autoincrement=False, nullable=False),
        sa.Column("net_usd_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("max_drawdown_usd_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("turnover_usd_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("return_on_turnover_ppm", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("orders", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fills", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fills_per_order_ppm", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("marked_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("fills >= 0", name=op.f("ck_performance_fills_ge_0")),
        sa.CheckConstraint("max_drawdown_usd_minor >= 0", name=op.f("ck_performance_max_drawdown_usd_minor_ge_0")),
        sa.CheckConstraint("orders >= 0", name=op.f("ck_performance_orders_ge_0")),
        sa.CheckConstraint("turnover_usd_minor >= 0", name=op.f("ck_performance_turnover_usd_minor_ge_0")),
        sa.PrimaryKeyConstraint("account", "strategy", name=op.f("pk_performance")),
        sqlite_with_rowid=False,
    )


def _positions() -> None:
    op.create_table(
        "positions",
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("strategy", TEXT, autoincrement=False, nullable=False),
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("position_lots", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("average_price_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("realised_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fees_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("account", "strategy", "venue", "instrument", name=op.f("pk_positions")),
        sqlite_with_rowid=False,
    )


def _profit_and_loss() -> None:
    op.create_table(
        "profit_and_loss",
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("strategy", TEXT, autoincrement=False, nullable=False),
        sa.Column("realised_usd_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("unrealised_usd_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fees_usd_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("marked_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("account", "strategy", name=op.f("pk_profit_and_loss")),
        sqlite_with_rowid=False,
    )


def _profit_and_loss_marks() -> None:
    op.create_table(
        "profit_and_loss_marks",
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("strategy", TEXT, autoincrement=False, nullable=False),
        sa.Column("marked_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("realised_usd_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("unrealised_usd_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fees_usd_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("account", "strategy", "marked_at", name=op.f("pk_profit_and_loss_marks")),
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


def _strategies() -> None:
    op.create_table(
        "strategies",
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("strategy", TEXT, autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, autoincrement=False, nullable=False),
        sa.Column("state", TEXT, autoincrement=False, nullable=False),
        sa.Column("detail", TEXT, autoincrement=False, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("account", "strategy", name=op.f("pk_strategies")),
        sqlite_with_rowid=False,
    )


def upgrade() -> None:
    """Make the tables."""
    _orders()
    _performance()
    _positions()
    _profit_and_loss()
    _profit_and_loss_marks()
    _store_position()
    _strategies()
