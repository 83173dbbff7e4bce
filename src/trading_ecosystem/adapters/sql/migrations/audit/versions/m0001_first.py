"""The first shape of schema audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trading_ecosystem.adapters.sql.append_only import refuse_changes
from trading_ecosystem.adapters.sql.column_types import BIG_KEY, TEXT

revision = "0001"
down_revision = None


def _alert_findings() -> None:
    op.create_table(
        "alert_findings",
        sa.Column("run", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("alert_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, autoincrement=False, nullable=False),
        sa.Column("subject", TEXT, autoincrement=False, nullable=False),
        sa.Column("severity", TEXT, autoincrement=False, nullable=False),
        sa.Column("raised_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("verdict", TEXT, autoincrement=False, nullable=False),
        sa.Column("fault_id", TEXT, autoincrement=False, nullable=True),
        sa.Column("basis", TEXT, autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("run", "account", "alert_id", name=op.f("pk_alert_findings")),
        sqlite_with_rowid=False,
    )


def _chains() -> None:
    op.create_table(
        "chains",
        sa.Column("run", TEXT, autoincrement=False, nullable=False),
        sa.Column("fault_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("alert_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("step", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sender", TEXT, autoincrement=False, nullable=False),
        sa.Column("type", TEXT, autoincrement=False, nullable=False),
        sa.Column("subject", TEXT, autoincrement=False, nullable=False),
        sa.Column("basis", TEXT, autoincrement=False, nullable=True),
        sa.Column("detail", TEXT, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("run", "fault_id", "alert_id", "step", name=op.f("pk_chains")),
        sqlite_with_rowid=False,
    )


def _checkpoints() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("run", TEXT, autoincrement=False, nullable=False),
        sa.Column("entries", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("merkle_root", TEXT, autoincrement=False, nullable=False),
        sa.CheckConstraint("entries > 0", name=op.f("ck_checkpoints_entries_gt_0")),
        sa.PrimaryKeyConstraint("run", "entries", name=op.f("pk_checkpoints")),
        sqlite_with_rowid=False,
    )


def _conditions() -> None:
    op.create_table(
        "conditions",
        sa.Column("run", TEXT, autoincrement=False, nullable=False),
        sa.Column("firm", TEXT, autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, autoincrement=False, nullable=False),
        sa.Column("subject", TEXT, autoincrement=False, nullable=False),
        sa.Column("begun_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("peak", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("run", "firm", "kind", "subject", "begun_at", name=op.f("pk_conditions")),
        sqlite_with_rowid=False,
    )


def _conservation_findings() -> None:
    op.create_table(
        "conservation_findings",
        sa.Column("run", TEXT, autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rule", TEXT, autoincrement=False, nullable=False),
        sa.Column("detail", TEXT, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("run", "number", name=op.f("pk_conservation_findings")),
        sqlite_with_rowid=False,
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, autoincrement=False, nullable=False),
        sa.Column("sender", TEXT, autoincrement=False, nullable=False),
        sa.Column("cause", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("trace", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("type", TEXT, autoincrement=False, nullable=False),
        sa.Column("subject", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("message", TEXT, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_events")),
        postgresql_partition_by="RANGE (sequence)",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_events_at"), "events", ["at"], unique=False)
    op.create_index(op.f("ix_events_cause"), "events", ["cause"], unique=False)
    op.create_index(op.f("ix_events_trace"), "events", ["trace"], unique=False)
    op.create_index(op.f("ix_events_type_subject_at"), "events", ["type", "subject", "at"], unique=False)


def _lifecycles() -> None:
    op.create_table(
        "lifecycles",
        sa.Column("run", TEXT, autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("client_order_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("instrument", TEXT, autoincrement=False, nullable=False),
        sa.Column("trace", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("requested_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("first_fill_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("ended_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("status", TEXT, autoincrement=False, nullable=False),
        sa.Column("quantity_lots", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cumulative_lots", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fills", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("settled_fills", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_settled_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.CheckConstraint("cumulative_lots >= 0", name=op.f("ck_lifecycles_cumulative_lots_ge_0")),
        sa.CheckConstraint("fills >= 0", name=op.f("ck_lifecycles_fills_ge_0")),
        sa.CheckConstraint("settled_fills >= 0", name=op.f("ck_lifecycles_settled_fills_ge_0")),
        sa.PrimaryKeyConstraint("run", "number", name=op.f("pk_lifecycles")),
        sqlite_with_rowid=False,
    )


def _retentions() -> None:
    op.create_table(
        "retentions",
        sa.Column("domain", TEXT, autoincrement=False, nullable=False),
        sa.Column("kept_table", TEXT, autoincrement=False, nullable=False),
        sa.Column("until_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rows", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("archive", TEXT, autoincrement=False, nullable=False),
        sa.Column("digest", TEXT, autoincrement=False, nullable=False),
        sa.Column("merkle_root", TEXT, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("domain", "kept_table", "until_at", name=op.f("pk_retentions")),
        sqlite_with_rowid=False,
    )


def _scores() -> None:
    op.create_table(
        "scores",
        sa.Column("run", TEXT, autoincrement=False, nullable=False),
        sa.Column("fault_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, autoincrement=False, nullable=False),
        sa.Column("onset_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("expected_alert", TEXT, autoincrement=False, nullable=True),
        sa.Column("outcome", TEXT, autoincrement=False, nullable=False),
        sa.Column("detectable_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("alert_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("alert_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("severity", TEXT, autoincrement=False, nullable=True),
        sa.Column("time_to_detect_ns", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("time_from_onset_ns", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("sla_ns", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("threshold", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("peak", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("run", "fault_id", name=op.f("pk_scores")),
        sqlite_with_rowid=False,
    )


def _store_positions() -> None:
    op.create_table(
        "store_positions",
        sa.Column("position", BIG_KEY, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_store_positions")),
    )


def upgrade() -> None:
    """Make the tables."""
    _alert_findings()
    _chains()
    _checkpoints()
    _conditions()
    _conservation_findings()
    _events()
    _lifecycles()
    _retentions()
    _scores()
    _store_positions()
    refuse_changes(
        op.get_bind(),
        (
            "alert_findings",
            "chains",
            "checkpoints",
            "conditions",
            "conservation_findings",
            "events",
            "lifecycles",
            "retentions",
            "scores",
            "store_positions",
        ),
    )
