"""The page about the contracts says what the protos say."""

from __future__ import annotations

import re

from tests.contract.contract_rendering import PAGE, page, rendered
from tests.contract.proto_compatibility import PROTOS
from tests.contract.proto_descriptors import compiled

REMEDY = "run `python -m tests.contract.contract_rendering --write`"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == rendered(), REMEDY


def test_the_page_follows_the_protos() -> None:
    files = compiled(PROTOS, comments=True)
    (risk,) = (file for file in files.file if file.name.endswith("services/risk.proto"))
    risk.service[0].method[0].name = "GetSomethingElse"
    assert "| [`GetSomethingElse`](#getsomethingelserequest) | `read` |" in page(files)


def test_links_lead_somewhere() -> None:
    text = PAGE.read_text(encoding="utf-8")
    known = {heading.lower() for heading in re.findall(r"^#### (\w+)$", text, flags=re.MULTILINE)}
    missing = sorted(set(re.findall(r"\(#(\w+)\)", text)) - known)
    assert missing == []
