"""What database drivers raise, as the port errors that the rest of the program knows; each message names the store, masked."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import exc

from trading_ecosystem.ports.errors import Conflict, Corrupt, EcosystemError, Forbidden, PortError, Unavailable

_BY_STATE: Final[tuple[tuple[str, type[PortError]], ...]] = (
    ("28", Forbidden),  # invalid authorization, wrong password
    ("42501", Forbidden),  # insufficient privilege
    ("3D", Unavailable),  # no such database
    ("08", Unavailable),  # connection
    ("53", Unavailable),  # resources: disk full, too many connections
    ("57", Unavailable),  # shut down, cancelled
    ("58", Unavailable),  # system error outside the database
    ("55", Unavailable),  # object in use, lock not available
    ("40", Unavailable),  # serialization failure, deadlock
    ("25006", Unavailable),  # read-only: a standby
    ("23", Conflict),  # integrity
    ("XX", Corrupt),  # internal error, damaged data
)
_UNAVAILABLE_SQLITE: Final = frozenset(
    getattr(sqlite3, name)
    for name in (
        "SQLITE_BUSY",
        "SQLITE_LOCKED",
        "SQLITE_FULL",
        "SQLITE_IOERR",
        "SQLITE_CANTOPEN",
        "SQLITE_READONLY",
        "SQLITE_NOMEM",
    )
)
_CORRUPT_SQLITE: Final = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))


@contextmanager
def failures(store: str) -> Iterator[None]:
    """Raise a port error that names ``store`` (masked) instead of whatever SQLAlchemy or a driver raises inside."""
    try:
        yield
    except EcosystemError:
        raise
    except (exc.SQLAlchemyError, OSError, sqlite3.Error) as error:
        raise port_error(store, error) from error
    except Exception as error:
        if getattr(error, "sqlstate", None) is None and not type(error).__module__.startswith("asyncpg"):
            raise
        raise port_error(store, error) from error


def port_error(store: str, error: BaseException) -> PortError:
    """The port error that one failure of a database is."""
    cause = _driver_error(error)
    detail = _first_line(cause)
    state = getattr(cause, "sqlstate", None)
    if isinstance(state, str):
        for start, kind in _BY_STATE:
            if state.startswith(start):
                return kind(f"{store}: {detail}")
    if isinstance(cause, sqlite3.IntegrityError):
        if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_CONSTRAINT_TRIGGER:
            return Forbidden(f"{store}: {detail}")
        return Conflict(f"{store}: {detail}")
    code = getattr(cause, "sqlite_errorcode", None)
    if isinstance(code, int):
        if code & 0xFF in _CORRUPT_SQLITE:
            return Corrupt(f"{store}: {detail}")
        if code & 0xFF in _UNAVAILABLE_SQLITE:
            return Unavailable(f"{store}: {detail}")
    if isinstance(cause, sqlite3.DatabaseError) and "not a database" in detail:
        return Corrupt(f"{store}: {detail}")
    if isinstance(error, exc.IntegrityError):
        return Conflict(f"{store}: {detail}")
    if isinstance(cause, OSError | TimeoutError | exc.TimeoutError) or _lost(error):
        if isinstance(cause, OSError) and cause.errno:
            detail = f"cannot be reached: {os.strerror(cause.errno) if cause.errno > 0 else cause.strerror}"
        return Unavailable(f"{store}: {detail}")
    return Corrupt(f"{store}: {detail}")


def state_of(error: BaseException) -> str:
    """The SQLSTATE behind an error, or nothing."""
    inner: BaseException | None = error
    while inner is not None:
        state = getattr(_driver_error(inner), "sqlstate", None)
        if isinstance(state, str):
            return state
        inner = inner.__cause__
    return ""


def _lost(error: BaseException) -> bool:
    if isinstance(error, exc.DBAPIError) and error.connection_invalidated:
        return True
    names = {one.__name__ for one in type(_driver_error(error)).__mro__}
    return bool(names & {"InterfaceError", "ConnectionDoesNotExistError", "InternalClientError"})


def _driver_error(error: BaseException) -> BaseException:
    """The driver's own error beneath SQLAlchemy's wrappings."""
    while isinstance(error, exc.DBAPIError) and error.orig is not None:
        error = error.orig
    inner = error.__cause__
    while inner is not None and type(error).__module__.startswith("sqlalchemy.dialects"):
        error, inner = inner, inner.__cause__
    return error


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
