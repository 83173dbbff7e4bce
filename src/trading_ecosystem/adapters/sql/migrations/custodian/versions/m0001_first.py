"""The first shape of schema custodian."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trading_ecosystem.adapters.sql.column_types import TEXT

revision = "0001"
down_revision = None


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("custodian", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("custodian", "account", name=op.f("pk_accounts")),
        sqlite_with_rowid=False,
    )


def _breaks() -> None:
    op.create_table(
        "breaks",
        sa.Column("custodian", TEXT, autoincrement=False, nullable=False),
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("asset", TEXT, autoincrement=False, nullable=False),
        sa.Column("found_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("claim_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("expected_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("custodian", "venue", "account", "asset", "found_at", name=op.f("pk_breaks")),
        sqlite_with_rowid=False,
    )


def _holdings() -> None:
    op.create_table(
        "holdings",
        sa.Column("custodian", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("asset", TEXT, autoincrement=False, nullable=False),
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_holdings_amount_minor_ge_0")),
        sa.PrimaryKeyConstraint("custodian", "account", "asset", "venue", name=op.f("pk_holdings")),
        sqlite_with_rowid=False,
    )


def _postings() -> None:
    op.create_table(
        "postings",
        sa.Column("custodian", TEXT, autoincrement=False, nullable=False),
        sa.Column("reference", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("asset", TEXT, autoincrement=False, nullable=False),
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("status", TEXT, autoincrement=False, nullable=False),
        sa.Column("balance_after", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("posted_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.CheckConstraint(
            "status <> 'posted' OR posted_at IS NOT NULL", name=op.f("ck_postings_status_ne_posted_or_posted_at_is_not_null")
        ),
        sa.CheckConstraint("balance_after >= 0", name=op.f("ck_postings_balance_after_ge_0")),
        sa.PrimaryKeyConstraint("custodian", "reference", "account", "asset", "venue", name=op.f("pk_postings")),
        sqlite_with_rowid=False,
    )


def _reconciliations() -> None:
    op.create_table(
        "reconciliations",
        sa.Column("custodian", TEXT, autoincrement=False, nullable=False),
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("completed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("claims", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("breaks", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("breaks >= 0", name=op.f("ck_reconciliations_breaks_ge_0")),
        sa.CheckConstraint("claims >= 0", name=op.f("ck_reconciliations_claims_ge_0")),
        sa.PrimaryKeyConstraint("custodian", "venue", "completed_at", name=op.f("pk_reconciliations")),
        sqlite_with_rowid=False,
    )


def _settlement_instructions() -> None:
    op.create_table(
        "settlement_instructions",
        sa.Column("custodian", TEXT, autoincrement=False, nullable=False),
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("trade_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("side", TEXT, autoincrement=False, nullable=False),
        sa.Column("base_asset", TEXT, autoincrement=False, nullable=False),
        sa.Column("base_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quote_asset", TEXT, autoincrement=False, nullable=False),
        sa.Column("quote_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("instructed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("settles_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("status", TEXT, autoincrement=False, nullable=False),
        sa.Column("reason", TEXT, autoincrement=False, nullable=True),
        sa.Column("attempts", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("settled_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_settlement_instructions_attempts_ge_0")),
        sa.CheckConstraint("base_minor > 0", name=op.f("ck_settlement_instructions_base_minor_gt_0")),
        sa.CheckConstraint("fee_minor >= 0", name=op.f("ck_settlement_instructions_fee_minor_ge_0")),
        sa.CheckConstraint("quote_minor > 0", name=op.f("ck_settlement_instructions_quote_minor_gt_0")),
        sa.PrimaryKeyConstraint(
            "custodian", "venue", "instrument", "trade_id", "account", name=op.f("pk_settlement_instructions")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_settlement_instructions_account"), "settlement_instructions", ["account"], unique=False)
    op.create_index(
        op.f("ix_settlement_instructions_status_settles_at"), "settlement_instructions", ["status", "settles_at"], unique=False
    )


def _store_position() -> None:
    op.create_table(
        "store_position",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("one = 1", name=op.f("ck_store_position_one_row")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_store_position")),
    )


def _transfer_refusals() -> None:
    op.create_table(
        "transfer_refusals",
        sa.Column("custodian", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, autoincrement=False, nullable=False),
        sa.Column("transfer_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("refused_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("asset", TEXT, autoincrement=False, nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", TEXT, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("custodian", "account", "kind", "transfer_id", "refused_at", name=op.f("pk_transfer_refusals")),
        sqlite_with_rowid=False,
    )


def _transfers() -> None:
    op.create_table(
        "transfers",
        sa.Column("custodian", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, autoincrement=False, nullable=False),
        sa.Column("transfer_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("asset", TEXT, autoincrement=False, nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("status", TEXT, autoincrement=False, nullable=False),
        sa.Column("posts_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_transfers_amount_minor_gt_0")),
        sa.PrimaryKeyConstraint("custodian", "account", "kind", "transfer_id", name=op.f("pk_transfers")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_transfers_account_status"), "transfers", ["account", "status"], unique=False)


def upgrade() -> None:
    """Make the tables."""
    _accounts()
    _breaks()
    _holdings()
    _postings()
    _reconciliations()
    _settlement_instructions()
    _store_position()
    _transfer_refusals()
    _transfers()
