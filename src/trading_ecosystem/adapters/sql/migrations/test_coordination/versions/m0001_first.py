"""The first shape of schema test_coordination."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trading_ecosystem.adapters.sql.column_types import TEXT

revision = "0001"
down_revision = None


def _expectations() -> None:
    op.create_table(
        "expectations",
        sa.Column("scenario", TEXT, autoincrement=False, nullable=False),
        sa.Column("fault_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("expected_alert", TEXT, autoincrement=False, nullable=True),
        sa.Column("within_ns", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("scenario", "fault_id", name=op.f("pk_expectations")),
        sqlite_with_rowid=False,
    )


def _faults() -> None:
    op.create_table(
        "faults",
        sa.Column("run", TEXT, autoincrement=False, nullable=False),
        sa.Column("fault_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, autoincrement=False, nullable=False),
        sa.Column("component", TEXT, autoincrement=False, nullable=False),
        sa.Column("subjects", TEXT, autoincrement=False, nullable=False),
        sa.Column("injected_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("planned_until", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("onset_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("ended_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("expected_alert", TEXT, autoincrement=False, nullable=True),
        sa.Column("detectable", sa.Boolean(), autoincrement=False, nullable=True),
        sa.Column("threshold", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("severity", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("sla_ns", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.CheckConstraint("ended_at >= onset_at", name=op.f("ck_faults_ended_at_ge_onset_at")),
        sa.PrimaryKeyConstraint("run", "fault_id", name=op.f("pk_faults")),
        sqlite_with_rowid=False,
    )


def _results() -> None:
    op.create_table(
        "results",
        sa.Column("run", TEXT, autoincrement=False, nullable=False),
        sa.Column("part", TEXT, autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject", TEXT, autoincrement=False, nullable=False),
        sa.Column("judgement", TEXT, autoincrement=False, nullable=False),
        sa.Column("evidence", TEXT, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("run", "part", "number", name=op.f("pk_results")),
        sqlite_with_rowid=False,
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("run", TEXT, autoincrement=False, nullable=False),
        sa.Column("scenario", TEXT, autoincrement=False, nullable=False),
        sa.Column("seed", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("started_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("duration_ns", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_runs_ended_at_ge_started_at")),
        sa.PrimaryKeyConstraint("run", name=op.f("pk_runs")),
        sqlite_with_rowid=False,
    )


def _scenarios() -> None:
    op.create_table(
        "scenarios",
        sa.Column("scenario", TEXT, autoincrement=False, nullable=False),
        sa.Column("title", TEXT, autoincrement=False, nullable=False),
        sa.Column("description", TEXT, autoincrement=False, nullable=False),
        sa.Column("duration_ns", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("faults", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("duration_ns > 0", name=op.f("ck_scenarios_duration_ns_gt_0")),
        sa.CheckConstraint("faults >= 0", name=op.f("ck_scenarios_faults_ge_0")),
        sa.PrimaryKeyConstraint("scenario", name=op.f("pk_scenarios")),
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


def upgrade() -> None:
    """Make the tables."""
    _expectations()
    _faults()
    _results()
    _runs()
    _scenarios()
    _store_position()
