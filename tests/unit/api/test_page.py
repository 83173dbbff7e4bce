"""The page is whole: its modules parse, it asks for what is served, for nothing else, and its policy lets it run."""

from __future__ import annotations

import re
import shutil
import subprocess
from types import SimpleNamespace
from typing import Any, cast

import pytest

from trading_ecosystem.api.face import EVERY_FACE, Face
from trading_ecosystem.api.rest.app import Workings, routes
from trading_ecosystem.api.rest.doorway import PAGE_POLICY
from trading_ecosystem.api.rest.health import Identity
from trading_ecosystem.api.rest.page import FILES, FOLDER
from trading_ecosystem.api.streams.channels import CHANNELS, Channel
from trading_ecosystem.api.streams.web_socket import STREAM_PATHS

TEXTS = {name: content.decode() for name, (content, _) in FILES.items()}
MODULES = sorted(name for name in TEXTS if name.endswith(".js"))
NAMESPACE = "http://www.w3.org/2000/svg"
"""Names SVG elements; nothing is loaded from it."""


def asked(text):
    """Paths in a file, ``*`` for what is filled in, without their query."""
    for quoted in re.findall(r"[\"'`](/(?:api|control|audit|page|metrics)[^\"'`]*)[\"'`]", text):
        yield re.sub(r"\$\{(?:[^{}]|\{[^{}]*\})*\}", "*", quoted).partition("?")[0]


def served():
    """What the routes answer, as patterns."""
    nothing = cast(Any, object())
    workings = cast(Any, SimpleNamespace(**dict.fromkeys(Workings.__struct_fields__, nothing)))
    application = routes(nothing, Identity("x", "0", "test"), EVERY_FACE, nothing, nothing, workings)
    patterns = [re.escape(re.sub(r"\{[^}]*\}", "*", route.path)).replace(r"\*", "[^/]+") for route in application.routes]
    return [re.compile(one + "/?") for one in (*patterns, *map(re.escape, STREAM_PATHS))]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_parses(name, tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node to parse it with")
    copy = tmp_path / f"{name.removesuffix('.js')}.mjs"
    copy.write_text(TEXTS[name])
    done = subprocess.run([node, "--check", str(copy)], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr


def test_it_asks_only_for_what_is_served():
    patterns = served()
    found = [(name, path) for name, text in TEXTS.items() for path in asked(text)]
    assert len(found) > 15
    unknown = [one for one in found if not any(pattern.fullmatch(one[1]) for pattern in patterns)]
    assert unknown == []
    # The check can fail.
    assert not any(pattern.fullmatch("/api/v1/nothing") for pattern in patterns)


def test_every_part_that_is_named_is_there_and_nothing_else_lies_about():
    named = set(re.findall(r"/page/([a-z_]+\.[a-z]+)", TEXTS["index.html"]))
    for name in MODULES:
        named |= set(re.findall(r'from "\./([a-z_]+\.js)"', TEXTS[name]))
    assert named | {"index.html"} == set(FILES) == {one.name for one in FOLDER.iterdir()}


def test_it_loads_nothing_from_elsewhere_and_keeps_to_its_policy():
    for name, text in TEXTS.items():
        assert not re.findall(r"(?:https?|wss?):?//(?!\$\{location)[^\s\"'`)]*", text.replace(NAMESPACE, "")), name
        assert "@import" not in text
        assert "url(" not in text
    page = TEXTS["index.html"]
    assert "<style" not in page
    assert not re.search(r"\sstyle=|\son[a-z]+=", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    for name in MODULES:
        for dangerous in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
            assert dangerous not in TEXTS[name], name
    assert b"default-src 'none'" in PAGE_POLICY
    assert b"unsafe" not in PAGE_POLICY


def test_it_subscribes_to_channels_that_are_there():
    known = {channel.value for face in (Face.PRODUCTION, Face.CONTROL) for channel in CHANNELS[face]}
    named = {one for name in MODULES for one in re.findall(r'channel: "([a-z]+)"', TEXTS[name])}
    assert {"quotes", "depth", "prices", "heartbeats", "alerts"} <= named <= known
    assert Channel.ENTRIES.value not in named


def test_the_token_never_stands_in_a_request_address():
    for name in MODULES:
        assert not re.search(r"[?&](?:token|key)=", TEXTS[name]), name
