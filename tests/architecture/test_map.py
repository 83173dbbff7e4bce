"""The map in ARCHITECTURE.md is what ``map`` prints: the page cannot drift from the wiring."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "ARCHITECTURE.md"
BEGIN = "<!-- map:begin -->"
END = "<!-- map:end -->"


def map_in(page: str) -> str:
    """The text between the markers, without the fence of a code block around it."""
    assert page.count(BEGIN) == page.count(END) == 1, f"ARCHITECTURE.md needs {BEGIN} and {END}, once each"
    between = page.partition(BEGIN)[2].partition(END)[0].strip("\n")
    lines = between.splitlines()
    if lines and lines[0].startswith("```") and lines[-1] == "```":
        lines = lines[1:-1]
    return "\n".join(lines)


def test_map_of_the_page_is_the_map_of_the_code() -> None:
    shown = subprocess.run([sys.executable, "-m", "trading_ecosystem", "map"], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    printed = shown.stdout.strip("\n")
    assert printed
    remedy = f"put the output of `python -m trading_ecosystem map` between {BEGIN} and {END}"
    assert map_in(PAGE.read_text(encoding="utf-8")) == printed, remedy


@pytest.mark.parametrize(
    "between",
    ["risk hears all\n  says more", "```\nrisk hears all\n  says more\n```", "```text\nrisk hears all\n  says more\n```"],
)
def test_text_between_the_markers_is_found(between: str) -> None:
    assert map_in(f"# Page\n{BEGIN}\n{between}\n{END}\nafter\n") == "risk hears all\n  says more"


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(AssertionError, match="needs"):
        map_in("# Page\n")
