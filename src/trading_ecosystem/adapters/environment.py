"""The settings of this process's environment as it is now; what is wrong with one is bad input like any other."""

from __future__ import annotations

from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.settings import Settings, SettingsProblem, read_settings


def settings() -> Settings:
    """The settings; raises :class:`BadInput` that names the variable."""
    try:
        return read_settings()
    except SettingsProblem as error:
        raise BadInput(error.place, error.problem) from None
