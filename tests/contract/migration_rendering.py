"""Renders a schema's migrations from the tables in the code.

``python tests/contract/migration_rendering.py --first SCHEMA...`` writes the first migration of a schema anew, for a schema
that no released version has; ``--next SCHEMA "what changes"`` writes the one that leads from the newest migration to the tables
in the code. What it writes is read and corrected by a person.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.migration import MigrationContext
from alembic.operations import ops
from sqlalchemy import BigInteger, Integer, MetaData, Text, create_engine

from trading_ecosystem.adapters.sql import migrations
from trading_ecosystem.adapters.sql.tables import APPEND_ONLY, SCHEMAS, metadata_of

FOLDER = Path(migrations.__file__).parent
HEAD = '''"""{words}"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trading_ecosystem.adapters.sql.append_only import refuse_changes
from trading_ecosystem.adapters.sql.column_types import BIG_KEY, TEXT

revision = "{revision}"
down_revision = {before!r}
'''


def render_type(kind: str, item: object, _: AutogenContext) -> str | bool:
    """Our own names for the types that differ between databases."""
    if kind == "type" and isinstance(item, Text):
        return "TEXT"
    if kind == "type" and isinstance(item, BigInteger) and item._variant_mapping:
        return "BIG_KEY"
    if kind == "type" and type(item) is Integer:
        return "sa.Integer()"
    return False


def without_schema(schema: str) -> MetaData:
    """The tables of a schema under their bare names: a migration runs inside its schema."""
    metadata = metadata_of(schema)
    bare = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.sorted_tables:
        table.to_metadata(bare, schema=None)
    return bare


def first(schema: str) -> str:
    """The first migration of a schema: one function per table."""
    tables = without_schema(schema).sorted_tables
    parts = [HEAD.format(words=f"The first shape of schema {schema}.", revision="0001", before=None)]
    calls = []
    for table in tables:
        steps = [ops.CreateTableOp.from_table(table)]
        steps += [ops.CreateIndexOp.from_index(index) for index in sorted(table.indexes, key=lambda one: str(one.name))]
        body = render_python_code(ops.UpgradeOps(steps), render_item=render_type)
        code = "\n".join(line for line in body.splitlines() if "### " not in line)
        parts.append(f"\n\ndef _{table.name}() -> None:\n    {code.strip()}\n")
        calls.append(f"    _{table.name}()\n")
    if schema in APPEND_ONLY:
        calls.append(f"    refuse_changes(op.get_bind(), {tuple(table.name for table in tables)!r})\n")
    parts.append('\n\ndef upgrade() -> None:\n    """Make the tables."""\n' + "".join(calls))
    return "".join(parts)


def next_one(schema: str, words: str, before: str) -> str:
    """The migration from the newest one to the tables in the code."""
    from trading_ecosystem.adapters.sql.versions import upgrade_schema

    with tempfile.TemporaryDirectory() as folder, create_engine(f"sqlite:///{folder}/shape.sqlite").begin() as connection:
        upgrade_schema(connection, schema)
        options = {"version_table": "schema_version", "render_as_batch": True}
        context = MigrationContext.configure(connection, opts=options)
        script = produce_migrations(context, without_schema(schema))
        code = render_python_code(script.upgrade_ops, render_as_batch=True, render_item=render_type)
    head = HEAD.format(words=words, revision=f"{int(before) + 1:04}", before=before)
    return f'{head}\n\ndef upgrade() -> None:\n    """Change the tables."""\n    {code.strip()}\n'


def write(path: Path, code: str) -> None:
    """Write a migration as the linter wants it."""
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(exist_ok=True)
        docstring = f'"""Migrations of schema {path.parent.parent.name}."""\n'
        (folder / "__init__.py").write_text(docstring, encoding="utf-8")
    path.write_text(code, encoding="utf-8")
    for command in (("format", "--quiet"), ("check", "--fix", "--quiet"), ("format", "--quiet")):
        subprocess.run([sys.executable, "-m", "ruff", *command, str(path)], check=False)
    print(path)


def main(arguments: list[str]) -> None:
    """Write what was asked for."""
    match arguments:
        case ["--first", *schemas]:
            for schema in schemas or SCHEMAS:
                write(FOLDER / schema / "versions" / "m0001_first.py", first(schema))
        case ["--next", schema, words]:
            from trading_ecosystem.adapters.sql.versions import newest_version

            before = newest_version(schema)
            name = "_".join(words.lower().split())[:40].strip("_.")
            path = FOLDER / schema / "versions" / f"m{int(before) + 1:04}_{name}.py"
            write(path, next_one(schema, words, before))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
