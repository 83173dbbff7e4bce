"""Whether a compiled module fits the Python code beside it: it may have been built from other sources, before an update, say.

Every ``.pyx`` says the number of its interface when it is built; a built module with another number, or that cannot be
imported, does not serve. Raise the number, here and in every ``.pyx``, with each change of what Python code or another compiled
module relies on: signatures, names, the layout of a structure in a ``.pxd`` (a test notices these), the meaning of a value.
"""

from __future__ import annotations

from types import ModuleType
from typing import Final

INTERFACE: Final = 4
"""What this code expects of every compiled module."""
REMEDY: Final = "build it anew with `make`, or with `pip install -e .`"
UNFIT: Final = (ImportError, AttributeError, TypeError, ValueError)
"""What importing a compiled module raises where it is not there, or was built from other sources."""


class OtherInterfaceError(ImportError):
    """A compiled module was built from sources with another interface."""


def check_interface(module: ModuleType) -> None:
    """Raise :class:`OtherInterfaceError` if a compiled module was built for other code than this."""
    built = getattr(module, "INTERFACE", 0)
    if built != INTERFACE:
        raise OtherInterfaceError(f"its interface has number {built}, this code's {INTERFACE}", name=module.__name__)


def is_stale(error: Exception, name: str) -> bool:
    """Whether an error of importing the compiled module ``name`` says that it is there and does not fit."""
    return not (isinstance(error, ModuleNotFoundError) and error.name == name)


def staleness(error: Exception, name: str) -> str:
    """What is wrong with a stale module, and how to mend it, in one line."""
    what = " ".join(str(error).split())
    return f"{name.rpartition('.')[2]} was built from other sources than these ({what}); {REMEDY}"
