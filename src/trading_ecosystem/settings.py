"""What the environment says: one tree of settings, read once.

``TRADING_ECOSYSTEM_STORE_PASSWORD`` is the password of every runtime role of a PostgreSQL store;
``TRADING_ECOSYSTEM_PASSWORDS_FILE`` names a JSON file that gives each role its own (``{"exchange": "...", "journal": "..."}``)
and goes before it. ``TRADING_ECOSYSTEM_CACHE_PASSWORD`` and ``TRADING_ECOSYSTEM_CACHE_PASSWORDS_FILE`` say the same of the
users of a Redis cache. Nobody but its owner may be able to read such a file. A password is never part of the representation of
a value here.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

STORE_PASSWORD: Final = "TRADING_ECOSYSTEM_STORE_PASSWORD"
PASSWORDS_FILE: Final = "TRADING_ECOSYSTEM_PASSWORDS_FILE"
CACHE_PASSWORD: Final = "TRADING_ECOSYSTEM_CACHE_PASSWORD"
CACHE_PASSWORDS_FILE: Final = "TRADING_ECOSYSTEM_CACHE_PASSWORDS_FILE"


class SettingsProblem(ValueError):
    """A setting that cannot be used: ``place`` is the variable or file, ``problem`` what is wrong and what was expected."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}")
        self.place = place
        self.problem = problem


class Passwords(msgspec.Struct, frozen=True):
    """Passwords by role, and one for every role that is not among them."""

    by_role: dict[str, str] = {}
    for_all: str | None = None

    def of(self, role: str) -> str | None:
        """The password of a role (a schema's name), or ``None`` where nothing says it."""
        return self.by_role.get(role, self.for_all)

    def __repr__(self) -> str:
        return f"Passwords({', '.join(sorted(self.by_role))}{' and one for all' if self.for_all else ''})"


class Settings(msgspec.Struct, frozen=True):
    """Everything that the environment says."""

    store_passwords: Passwords = Passwords()
    cache_passwords: Passwords = Passwords()


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of an environment (default: this process's); raises :class:`SettingsProblem`."""
    given = os.environ if environment is None else environment
    return Settings(
        store_passwords=_passwords(given, PASSWORDS_FILE, STORE_PASSWORD),
        cache_passwords=_passwords(given, CACHE_PASSWORDS_FILE, CACHE_PASSWORD),
    )


def _passwords(given: Mapping[str, str], file_variable: str, variable: str) -> Passwords:
    path = given.get(file_variable, "")
    by_role = _password_file(Path(path), file_variable) if path else {}
    return Passwords(by_role, given.get(variable) or None)


def _password_file(path: Path, variable: str) -> dict[str, str]:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read()
    except OSError as error:
        raise SettingsProblem(variable, f"{path} cannot be read: {error.strerror}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsProblem(variable, f"{path} can be used by others than its owner; expected mode 600: chmod 600 {path}")
    try:
        return msgspec.json.decode(content, type=dict[str, str])
    except msgspec.MsgspecError:
        problem = f'{path} is no JSON object of passwords by role; expected {{"exchange": "...", "journal": "..."}}'
        raise SettingsProblem(variable, problem) from None
