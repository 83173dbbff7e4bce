"""The first shape of schema exchange."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trading_ecosystem.adapters.sql.column_types import TEXT

revision = "0001"
down_revision = None


def _account_statuses() -> None:
    op.create_table(
        "account_statuses",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("status", TEXT, autoincrement=False, nullable=False),
        sa.Column("kyc", TEXT, autoincrement=False, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("venue", "account", name=op.f("pk_account_statuses")),
        sqlite_with_rowid=False,
    )


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("venue", "account", name=op.f("pk_accounts")),
        sqlite_with_rowid=False,
    )


def _claims() -> None:
    op.create_table(
        "claims",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("asset", TEXT, autoincrement=False, nullable=False),
        sa.Column("available_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("held_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("total_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("available_minor >= 0", name=op.f("ck_claims_available_minor_ge_0")),
        sa.CheckConstraint("held_minor >= 0", name=op.f("ck_claims_held_minor_ge_0")),
        sa.CheckConstraint(
            "total_minor = available_minor + held_minor", name=op.f("ck_claims_total_minor_eq_available_minor_held_minor")
        ),
        sa.PrimaryKeyConstraint("venue", "account", "asset", name=op.f("pk_claims")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_claims_account"), "claims", ["account"], unique=False)


def _client_order_ids() -> None:
    op.create_table(
        "client_order_ids",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("client_order_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("venue", "account", "client_order_id", name=op.f("pk_client_order_ids")),
        sa.UniqueConstraint("venue", "account", "order_id", name=op.f("uq_client_order_ids_venue_account_order_id")),
        sqlite_with_rowid=False,
    )


def _deficits() -> None:
    op.create_table(
        "deficits",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("covered_by", TEXT, autoincrement=False, nullable=False),
        sa.Column("asset", TEXT, autoincrement=False, nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("covered_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_deficits_amount_minor_gt_0")),
        sa.PrimaryKeyConstraint("venue", "number", "account", "covered_by", name=op.f("pk_deficits")),
        sqlite_with_rowid=False,
    )


def _fee_schedules() -> None:
    op.create_table(
        "fee_schedules",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("base", TEXT, autoincrement=False, nullable=False),
        sa.Column("quote", TEXT, autoincrement=False, nullable=False),
        sa.Column("tick_size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lot_size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("maker_fee_ppm", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("taker_fee_ppm", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("settlement_cycle_ns", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("listed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("lot_size > 0", name=op.f("ck_fee_schedules_lot_size_gt_0")),
        sa.CheckConstraint("maker_fee_ppm >= 0", name=op.f("ck_fee_schedules_maker_fee_ppm_ge_0")),
        sa.CheckConstraint("settlement_cycle_ns >= 0", name=op.f("ck_fee_schedules_settlement_cycle_ns_ge_0")),
        sa.CheckConstraint("taker_fee_ppm >= 0", name=op.f("ck_fee_schedules_taker_fee_ppm_ge_0")),
        sa.CheckConstraint("tick_size > 0", name=op.f("ck_fee_schedules_tick_size_gt_0")),
        sa.PrimaryKeyConstraint("venue", "instrument", name=op.f("pk_fee_schedules")),
        sqlite_with_rowid=False,
    )


def _fill_changes() -> None:
    op.create_table(
        "fill_changes",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("execution_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("changed_execution_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("trade_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("side", TEXT, autoincrement=False, nullable=False),
        sa.Column("busted", sa.Boolean(), autoincrement=False, nullable=False),
        sa.Column("price_ticks", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quantity_lots", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fee_asset", TEXT, autoincrement=False, nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("fee_minor >= 0", name=op.f("ck_fill_changes_fee_minor_ge_0")),
        sa.CheckConstraint("price_ticks > 0", name=op.f("ck_fill_changes_price_ticks_gt_0")),
        sa.CheckConstraint("quantity_lots > 0", name=op.f("ck_fill_changes_quantity_lots_gt_0")),
        sa.PrimaryKeyConstraint("venue", "account", "execution_id", name=op.f("pk_fill_changes")),
        sqlite_with_rowid=False,
    )


def _fills() -> None:
    op.create_table(
        "fills",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("execution_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("trade_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("side", TEXT, autoincrement=False, nullable=False),
        sa.Column("price_ticks", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quantity_lots", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("liquidity", TEXT, autoincrement=False, nullable=False),
        sa.Column("fee_asset", TEXT, autoincrement=False, nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("filled_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("settles_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("fee_minor >= 0", name=op.f("ck_fills_fee_minor_ge_0")),
        sa.CheckConstraint("price_ticks > 0", name=op.f("ck_fills_price_ticks_gt_0")),
        sa.CheckConstraint("quantity_lots > 0", name=op.f("ck_fills_quantity_lots_gt_0")),
        sa.PrimaryKeyConstraint("venue", "account", "execution_id", name=op.f("pk_fills")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_fills_account_filled_at"), "fills", ["account", "filled_at"], unique=False)
    op.create_index(op.f("ix_fills_venue_order_id"), "fills", ["venue", "order_id"], unique=False)


def _liquidations() -> None:
    op.create_table(
        "liquidations",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("equity_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("maintenance_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("started_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("outcome", TEXT, autoincrement=False, nullable=True),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_liquidations_ended_at_ge_started_at")),
        sa.PrimaryKeyConstraint("venue", "number", name=op.f("pk_liquidations")),
        sqlite_with_rowid=False,
    )


def _margins() -> None:
    op.create_table(
        "margins",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("asset", TEXT, autoincrement=False, nullable=False),
        sa.Column("equity_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("initial_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("maintenance_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("held_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("held_minor >= 0", name=op.f("ck_margins_held_minor_ge_0")),
        sa.CheckConstraint("initial_minor >= 0", name=op.f("ck_margins_initial_minor_ge_0")),
        sa.CheckConstraint("maintenance_minor >= 0", name=op.f("ck_margins_maintenance_minor_ge_0")),
        sa.PrimaryKeyConstraint("venue", "account", "asset", name=op.f("pk_margins")),
        sqlite_with_rowid=False,
    )


def _marks() -> None:
    op.create_table(
        "marks",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("mark_ticks", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sources", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("marked_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("mark_ticks > 0", name=op.f("ck_marks_mark_ticks_gt_0")),
        sa.CheckConstraint("sources >= 0", name=op.f("ck_marks_sources_ge_0")),
        sa.PrimaryKeyConstraint("venue", "instrument", name=op.f("pk_marks")),
        sqlite_with_rowid=False,
    )


def _order_changes() -> None:
    op.create_table(
        "order_changes",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("price_ticks", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stop_price_ticks", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quantity_lots", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("price_ticks >= 0", name=op.f("ck_order_changes_price_ticks_ge_0")),
        sa.CheckConstraint("quantity_lots > 0", name=op.f("ck_order_changes_quantity_lots_gt_0")),
        sa.CheckConstraint("stop_price_ticks >= 0", name=op.f("ck_order_changes_stop_price_ticks_ge_0")),
        sa.PrimaryKeyConstraint("venue", "account", "order_id", name=op.f("pk_order_changes")),
        sqlite_with_rowid=False,
    )


def _order_states() -> None:
    op.create_table(
        "order_states",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("status", TEXT, autoincrement=False, nullable=False),
        sa.Column("cumulative_lots", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaves_lots", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint(
            "leaves_lots = 0 OR status IN ('new', 'partially_filled')",
            name=op.f("ck_order_states_leaves_lots_eq_0_or_status_in_new_partially_fil"),
        ),
        sa.CheckConstraint("cumulative_lots >= 0", name=op.f("ck_order_states_cumulative_lots_ge_0")),
        sa.CheckConstraint("leaves_lots >= 0", name=op.f("ck_order_states_leaves_lots_ge_0")),
        sa.PrimaryKeyConstraint("venue", "account", "order_id", name=op.f("pk_order_states")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_order_states_status_account"), "order_states", ["status", "account"], unique=False)


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client_order_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("side", TEXT, autoincrement=False, nullable=False),
        sa.Column("order_type", TEXT, autoincrement=False, nullable=False),
        sa.Column("time_in_force", TEXT, autoincrement=False, nullable=False),
        sa.Column("price_ticks", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quantity_lots", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("post_only", sa.Boolean(), autoincrement=False, nullable=False),
        sa.Column("answered_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("price_ticks >= 0", name=op.f("ck_orders_price_ticks_ge_0")),
        sa.CheckConstraint("quantity_lots > 0", name=op.f("ck_orders_quantity_lots_gt_0")),
        sa.PrimaryKeyConstraint("venue", "account", "order_id", name=op.f("pk_orders")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_orders_account"), "orders", ["account"], unique=False)


def _positions() -> None:
    op.create_table(
        "positions",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("position_lots", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("carried_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fees_due_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("fees_due_minor >= 0", name=op.f("ck_positions_fees_due_minor_ge_0")),
        sa.PrimaryKeyConstraint("venue", "account", "instrument", name=op.f("pk_positions")),
        sqlite_with_rowid=False,
    )


def _refusals() -> None:
    op.create_table(
        "refusals",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("client_order_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("reason", TEXT, autoincrement=False, nullable=False),
        sa.Column("refused_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("venue", "account", "client_order_id", name=op.f("pk_refusals")),
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


def _trades() -> None:
    op.create_table(
        "trades",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("trade_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("price_ticks", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quantity_lots", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("aggressor", TEXT, autoincrement=False, nullable=False),
        sa.Column("buyer", TEXT, autoincrement=False, nullable=False),
        sa.Column("seller", TEXT, autoincrement=False, nullable=False),
        sa.Column("quote_asset", TEXT, autoincrement=False, nullable=False),
        sa.Column("quote_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("buyer_fee_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seller_fee_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("matched_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("settles_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("buyer_fee_minor >= 0", name=op.f("ck_trades_buyer_fee_minor_ge_0")),
        sa.CheckConstraint("price_ticks > 0", name=op.f("ck_trades_price_ticks_gt_0")),
        sa.CheckConstraint("quantity_lots > 0", name=op.f("ck_trades_quantity_lots_gt_0")),
        sa.CheckConstraint("quote_minor > 0", name=op.f("ck_trades_quote_minor_gt_0")),
        sa.CheckConstraint("seller_fee_minor >= 0", name=op.f("ck_trades_seller_fee_minor_ge_0")),
        sa.PrimaryKeyConstraint("venue", "instrument", "trade_id", name=op.f("pk_trades")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_trades_instrument_matched_at"), "trades", ["instrument", "matched_at"], unique=False)


def _variations() -> None:
    op.create_table(
        "variations",
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("asset", TEXT, autoincrement=False, nullable=False),
        sa.Column("due_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("settled_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("settled_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("venue", "number", "account", name=op.f("pk_variations")),
        sqlite_with_rowid=False,
    )


def upgrade() -> None:
    """Make the tables."""
    _account_statuses()
    _accounts()
    _claims()
    _client_order_ids()
    _deficits()
    _fee_schedules()
    _fill_changes()
    _fills()
    _liquidations()
    _margins()
    _marks()
    _order_changes()
    _order_states()
    _orders()
    _positions()
    _refusals()
    _store_position()
    _trades()
    _variations()
