"""How every page of the reports is rendered: escaped, complete, and in the house's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


def page_template(name: str, **filters: Callable[..., Any]) -> Template:
    """The template ``name`` below ``reports/``, with filters of its own.

    Everything is escaped, since titles and reasons are other people's words; a value that the page was not given is an error.
    """
    environment = Environment(
        loader=PackageLoader("trading_ecosystem", "reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(filters)
    return environment.get_template(name)
