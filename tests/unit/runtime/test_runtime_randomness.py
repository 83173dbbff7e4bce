"""Streams: reproducible values that never change, independence, moments, snapshots."""

from __future__ import annotations

import hashlib
import math
import struct

import pytest

from trading_ecosystem.runtime.randomness import SeededRandomness, Stream


def test_the_values_of_a_stream_are_fixed_for_all_time():
    stream = SeededRandomness(7).stream("market-data", "prices")
    words = [stream.word() for _ in range(600)]
    assert words[:3] == [2644584037124678254, 10565029803730239295, 6451334605543734364]
    key = hashlib.sha256(b"trading-ecosystem/1\x007\x00market-data\x00prices").digest()
    blocks = [hashlib.shake_128(key + number.to_bytes(8, "little")).digest(4096) for number in (0, 1)]
    assert words == list(struct.unpack("<1024Q", b"".join(blocks)))[:600]


def test_streams_differ_by_seed_component_and_purpose():
    first = {
        SeededRandomness(seed).stream(component, purpose).word()
        for seed in (1, 2)
        for component in ("a", "b")
        for purpose in ("x", "y")
    }
    assert len(first) == 8


def test_moments():
    stream = SeededRandomness(1).stream("c", "moments")
    count = 40_000
    normals = [stream.normal() for _ in range(count)]
    assert abs(math.fsum(normals) / count) < 0.02
    assert abs(math.fsum(x * x for x in normals) / count - 1) < 0.03
    assert abs(math.fsum(stream.exponential(5.0) for _ in range(count)) / count - 5) < 0.1
    assert abs(sum(stream.poisson(3.0) for _ in range(count)) / count - 3) < 0.05
    assert abs(sum(stream.poisson(70.0) for _ in range(2000)) / 2000 - 70) < 1
    assert abs(sum(stream.chance(250_000) for _ in range(count)) / count - 0.25) < 0.01
    integers = [stream.integer(-2, 2) for _ in range(count)]
    assert {integers.count(n) // 1000 for n in range(-2, 3)} <= {7, 8}
    assert stream.choice(["only"]) == "only"


@pytest.mark.parametrize("draws", [0, 1, 511, 512, 513, 1024, 5000])
def test_a_stream_goes_on_from_its_snapshot(draws):
    stream = SeededRandomness(3).stream("c", "p")
    for _ in range(draws):
        stream.word()
    again = Stream.from_snapshot_state(stream.snapshot_state())
    assert [again.word() for _ in range(700)] == [stream.word() for _ in range(700)]
