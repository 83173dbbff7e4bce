"""What production can learn of faults: nothing but their effects.

A run with faults is held against its clean twin: the same seed, the same clock, the same commands.  While faults are planned or
touch nothing, every production answer, header, stream message, document and page is the same, so that no number has a gap
where the record has entries about them.  Once they bite, what differs is their effect alone (prices, quotes, settlements,
alerts, a 503 of what does not answer): no answer has a member of the record's envelope, no stream has a gap in its numbers, and
nothing has a word about faults.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from grpc import StatusCode
from tests.end_to_end.door_lives import FAULTS, Seen, life
from tests.end_to_end.grpc_listener import as_json
from tests.simulation.one_fault_of_each_kind import NAMED_LIKE_ALERTS, WORDS_OF_FAULTS

from trading_ecosystem.messages.test_coordination import FaultKind

NAMES = ("zz-hidden-1", "zz-hidden-2", "zz-hidden")
CONTROL_WORDS = re.compile(
    r"zz-hidden|(?<!de)fault|chaos|inject|\bcondition_|condition_id|living_market|scenario|blast|ground.?truth|test.?coordination|"
    r"\bkernel\b|\bjournal\b|traceback|" + "|".join(rf"{word}\b" for word in WORDS_OF_FAULTS),
    re.IGNORECASE,
)
STEMS = (
    *("zz-hidden", "fault", "chaos", "inject", "condition_", "living_market", "scenario", "blast", "truth", "coordination"),
    *("kernel", "journal", "traceback", *WORDS_OF_FAULTS),
)
"""One of these stands in whatever has one of the words: they are looked for first, which is far quicker."""
HIDDEN_MEMBERS = {"sequence", "trace", "cause", "sender", "trace_id", "kernel", "fault_id", "condition_id", "run", "fault"}


@pytest.fixture(scope="module")
def lives() -> tuple[Seen, Seen]:
    return life(False), life(True)


def test_until_a_fault_bites_everything_is_as_in_the_clean_twin(lives: tuple[Seen, Seen]) -> None:
    clean, faulted = lives
    planned = [what for phase, what in clean.answers if phase == "planned"]
    assert len(planned) > 80
    for what in planned:
        one, other = clean.answers["planned", what], faulted.answers["planned", what]
        at = next((number for number, (a, b) in enumerate(zip(one[2], other[2], strict=False)) if a != b), 0)
        assert one == other, (what, one[2][max(0, at - 200) : at + 100], other[2][max(0, at - 200) : at + 100])
    called = {what: answer for (phase, what), answer in clean.called.items() if phase == "planned"}
    assert len([code for code, _, _ in called.values() if code == 0]) > 40
    for what, answer in called.items():
        assert answer == faulted.called["planned", what], what
    assert len(clean.heard["planned"]) > 100
    assert clean.heard["planned"] == faulted.heard["planned"]
    assert set(clean.streamed["planned"]) == set(faulted.streamed["planned"])
    for call, responses in clean.streamed["planned"].items():
        one, other = contents(responses), contents(faulted.streamed["planned"][call])
        assert one == other, call
    assert len(contents(clean.streamed["planned"]["PriceFeedService/StreamMarketData"])) > 100


def contents(responses: list[Any]) -> list[str]:
    """What a stream over gRPC says besides its heartbeats, one of which is said again where the wall's time goes on alone."""
    shown = []
    for response in responses:
        if not response.HasField("heartbeat"):
            copied = type(response)()
            copied.CopyFrom(response)
            copied.number = 0
            shown.append(as_json(copied))
    return shown


def test_every_kind_of_fault_is_injected() -> None:
    assert set(FAULTS) == {kind.value for kind in FaultKind}


def test_the_faults_bit(lives: tuple[Seen, Seen]) -> None:
    clean, faulted = lives
    assert clean.heard["bitten"] != faulted.heard["bitten"]
    statuses = {status for (phase, _), (status, _, _) in faulted.answers.items() if phase == "stopped"}
    assert 503 in statuses
    assert 503 not in {status for status, _, _ in clean.answers.values()}
    assert not [what for (_, what), (status, _, _) in faulted.answers.items() if status == 500]
    codes = {code for code, _, _ in faulted.called.values()}
    assert {0, StatusCode.UNAVAILABLE.value[0]} <= codes
    assert not {StatusCode.INTERNAL.value[0], StatusCode.UNKNOWN.value[0]} & codes
    assert len(faulted.took_effect) > 40


def test_no_word_of_a_fault_is_said(lives: tuple[Seen, Seen]) -> None:
    said: dict[str, tuple[str, str]] = {}
    for seen in lives:
        for (phase, what), (_, headers, text) in (*seen.answers.items(), *seen.called.items()):
            if "/page/" in what or what.endswith((".js", ".html")) or "/docs/" in what:
                # The page is the operator's too: the same file for everyone, as the first test shows.
                continue
            said[text] = said[json.dumps(headers)] = (phase, what)
        for phase, messages in seen.heard.items():
            said[json.dumps(messages)] = (phase, "WebSocket")
        for call, responses in seen.streamed["stopped"].items():
            said["\n".join(map(as_json, responses))] = ("stopped", call)
    for text, place in said.items():
        found = search(text)
        assert not found, (place, text[max(0, found.start() - 100) :][:250])


def search(text: str) -> re.Match[str] | None:
    """The first word about faults in a text."""
    lowered = text.lower()
    return CONTROL_WORDS.search(text) if any(stem in lowered for stem in STEMS) else None


def test_the_search_for_words_would_find_them() -> None:
    for kind in FaultKind:
        if kind.value not in NAMED_LIKE_ALERTS:
            assert search(f'{{"reason":"{kind.value}"}}'), kind
    for said in (
        *NAMES,
        "FaultInjected",
        "condition_id",
        "living_market",
        "Ground Truth",
        "TestCoordination",
        "Journal",
        "blast",
    ):
        assert search(said)


def members(value: Any, at: str = "") -> set[str]:
    """The paths of every member in a JSON value."""
    if isinstance(value, dict):
        return {f"{at}.{name}" for name in value}.union(*(members(one, f"{at}.{name}") for name, one in value.items()), set())
    if isinstance(value, list):
        return set().union(*(members(one, f"{at}[]") for one in value)) if value else set()
    return set()


def test_nothing_has_members_of_the_record_and_no_number_has_a_gap(lives: tuple[Seen, Seen]) -> None:
    clean, faulted = lives
    for seen in lives:
        for phase, messages in seen.heard.items():
            for message in messages:
                assert not HIDDEN_MEMBERS & set(message), (phase, message)
        numbers: dict[int, int] = {}
        for phase in ("planned", "bitten", "stopped"):
            for message in seen.heard[phase]:
                subscription = message["subscription"]
                assert message["number"] == numbers.get(subscription, 0) + 1, (phase, message)
                numbers[subscription] = message["number"]
        updates: dict[tuple[str, str], int] = {}
        for message in (one for phase in ("planned", "bitten", "stopped") for one in seen.heard[phase]):
            if message["type"] == "DepthDifference":
                book = (message["venue"], message["instrument"])
                assert message["first_update"] == updates.get(book, message["first_update"] - 1) + 1
                updates[book] = message["last_update"]
    for (phase, what), (status, headers, text) in faulted.answers.items():
        twin_status, twin_headers, _ = clean.answers[phase, what]
        if status == twin_status:
            assert set(headers) == set(twin_headers), (phase, what)
            if headers.get("content-type") == "application/json" and "openapi" not in what:
                shown = {one.rpartition(".")[2] for one in members(json.loads(text))}
                assert not HIDDEN_MEMBERS & shown, (phase, what, shown)
        elif status >= 400:
            assert headers["content-type"] == "application/problem+json", (phase, what)
    for (phase, what), (code, metadata, text) in faulted.called.items():
        twin_code, twin_metadata, _ = clean.called[phase, what]
        if code == twin_code:
            assert set(metadata) == set(twin_metadata), (phase, what)
        if code == 0:
            shown = {one.rpartition(".")[2] for one in members(json.loads(text))}
            assert not HIDDEN_MEMBERS & shown, (phase, what, shown)
    for seen in lives:
        for call, responses in seen.streamed["stopped"].items():
            first = responses[0].number
            assert [one.number for one in responses] == list(range(first, first + len(responses))), call
