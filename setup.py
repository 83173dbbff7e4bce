"""Builds the compiled twins: every ``.pyx`` of the package is an extension, and every extension is optional.

Everything else about the package stands in ``pyproject.toml``. Without Cython or a C compiler the installation succeeds and
the plain Python twins serve. No flags that tie the binary to one processor; no contraction of floating-point operations, so
that compiled and plain code compute the same numbers. ``TRADING_ECOSYSTEM_SANITIZE=1`` builds for the address and
undefined-behaviour sanitizers, ``TRADING_ECOSYSTEM_PLAIN=1`` builds nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

from setuptools import Extension, setup

FLAGS = ["-O3", "-ffp-contract=off"]
SANITIZERS = ["-O1", "-g", "-ffp-contract=off", "-fno-omit-frame-pointer", "-fsanitize=address,undefined"]


def extensions() -> list[Extension]:
    """One optional extension per ``.pyx`` below ``src``."""
    if os.environ.get("TRADING_ECOSYSTEM_PLAIN") == "1":
        return []
    try:
        from Cython.Build import cythonize
    except ImportError:
        return []
    flags = SANITIZERS if os.environ.get("TRADING_ECOSYSTEM_SANITIZE") == "1" else FLAGS
    links = [flag for flag in flags if flag.startswith("-fsanitize")]
    found = [
        Extension(
            ".".join(path.with_suffix("").parts[1:]),
            [path.as_posix()],
            extra_compile_args=flags,
            extra_link_args=links,
            optional=True,
        )
        for path in sorted(Path("src").rglob("*.pyx"))
    ]
    built: list[Extension] = cythonize(found, language_level=3) if found else []
    for extension in built:
        extension.optional = True  # Cython's copies of the extensions do not keep it.
    return built


setup(ext_modules=extensions())
