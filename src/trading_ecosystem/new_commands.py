"""The commands ``trading-ecosystem new``: working templates of a scenario, a monitor and a strategy.

The files are package data under ``templates/``: ``.txt`` at the end of a name is taken off, ``NAME`` and ``MODULE`` in it are
replaced, and so are ``{{name}}``, ``{{module}}`` and ``{{class}}`` in the text.
"""

from __future__ import annotations

import builtins
import keyword
import os
import re
import shutil
import sys
import tempfile
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

import typer

from trading_ecosystem.ports.errors import BadInput

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="1 to 63 of a-z, 0-9 and -.", show_default=False)]
OutOption = Annotated[Path | None, typer.Option(metavar="DIR", help="The folder to make; default: NAME, here.")]

new_app = typer.Typer(help="Write a working template to start from, into a new folder.", no_args_is_help=True)


@new_app.command()
def scenario(name: NameArgument, out: OutOption = None) -> None:
    """A scenario: a fault, what is expected of the risk monitor, and a time in which nothing may fire."""
    _make("scenario", name, out)


@new_app.command()
def monitor(name: NameArgument, out: OutOption = None) -> None:
    """A risk monitor of your own, outside, over the public API, and a scenario to have it scored on."""
    _make("monitor", name, out)


@new_app.command()
def strategy(name: NameArgument, out: OutOption = None) -> None:
    """A strategy, and a scenario that uses it."""
    _check_strategy(name)
    _make("strategy", name, out)


def _make(kind: str, name: str, out: Path | None) -> None:
    if _NAME.fullmatch(name) is None:
        raise BadInput(name, "expected 1 to 63 of a-z, 0-9 and -, with no - at either end")
    folder = out or Path(name)
    write_folder(folder, rendered(kind, name))
    sys.stdout.write(f"{folder}: a {kind} to start from; its README.md says how to run it\n")


def _check_strategy(name: str) -> None:
    """Its name is that of a module and of a class, too: refuse what cannot be one, or is one already."""
    from trading_ecosystem.domains.trading.kinds import KINDS, LONGEST_STRATEGY_NAME

    module, class_name = _module_of(name), _class_of(name)
    if len(name) > LONGEST_STRATEGY_NAME:
        raise BadInput(name, f"expected at most {LONGEST_STRATEGY_NAME} characters for a strategy")
    if _NAME.fullmatch(name) is None or not module.isidentifier() or keyword.iskeyword(module):
        raise BadInput(name, "cannot be the name of a module; expected a letter first, then letters, digits and -")
    if module in KINDS:
        raise BadInput(name, "there is a built-in strategy of that name already; expected another name")
    if find_spec(f"trading_ecosystem.domains.trading.{module}") is not None:
        raise BadInput(name, "the trading domain has a module of that name already")
    imported = re.search(rf"^from .*\b{class_name}\b", _templates("strategy")["MODULE.py.txt"], re.MULTILINE)
    if imported or hasattr(builtins, class_name):
        raise BadInput(name, f"its class would be {class_name}, which means something else there; expected another name")


def _module_of(name: str) -> str:
    return name.replace("-", "_")


def _class_of(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))


def _templates(kind: str) -> dict[str, str]:
    folder = files("trading_ecosystem") / "templates" / kind
    return {one.name: one.read_text(encoding="utf-8") for one in folder.iterdir() if one.is_file()}


def rendered(kind: str, name: str) -> dict[str, str]:
    """The files of a template by name, with everything filled in."""
    module, class_name = _module_of(name), _class_of(name)
    made = {}
    for file, text in sorted(_templates(kind).items()):
        named = file.removesuffix(".txt").replace("NAME", name).replace("MODULE", module)
        made[named] = text.replace("{{name}}", name).replace("{{module}}", module).replace("{{class}}", class_name)
    return made


def write_folder(folder: Path, texts: dict[str, str]) -> None:
    """Make a folder that is there whole or not at all; raises :class:`BadInput` where there is one already, or it cannot be."""
    if os.path.lexists(folder):
        raise BadInput(str(folder), "is there already; expected a folder that does not exist")
    if not folder.parent.is_dir():
        raise BadInput(str(folder), "cannot be written: its folder does not exist")
    beside: str | None = None
    try:
        beside = tempfile.mkdtemp(prefix=".new-", dir=folder.parent)
        made = Path(beside) / "made"
        made.mkdir()
        for name, text in texts.items():
            (made / name).write_text(text, encoding="utf-8")
        made.rename(folder)
    except OSError as error:
        raise BadInput(str(folder), f"cannot be written: {(error.strerror or str(error)).lower()}") from error
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(new_app, name="new")
