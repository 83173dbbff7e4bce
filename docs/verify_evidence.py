#!/usr/bin/env python3
"""Verify the evidence of a run directory with Python's standard library alone; the format is described in evidence.md.

usage: verify_evidence.py DIR PUBLIC_KEY_HEX [WITNESS]; exit code 0: everything holds, 1: something does not, and what.
"""

import base64
import hashlib
import json
import re
import sys
import zlib
from pathlib import Path

# ---- Ed25519 (RFC 8032), verification only: points (x, y) on -x² + y² = 1 + d·x²·y² as (X, Y, Z, T), x = X/Z, y = Y/Z, T = XY/Z

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def added(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, point):
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = added(total, point)
        point = added(point, point)
        number >>= 1
    return total


def point_of(encoded):
    """The point that 32 bytes stand for, or None."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signature(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    key, r, s = point_of(public), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    left, right = times(s, BASE), added(r, times(challenge, key))
    return not (left[0] * right[2] - right[0] * left[2]) % P and not (left[1] * right[2] - right[1] * left[2]) % P


# ---- the Merkle tree of RFC 6962


def sha256(data):
    return hashlib.sha256(data).digest()


def root(leaves):
    level = list(leaves)
    while len(level) > 1:
        joined = [sha256(b"\x01" + a + b) for a, b in zip(level[::2], level[1::2])]
        level = joined + level[len(joined) * 2 :]
    return level[0] if level else sha256(b"")


def path_root(leaf_digest, index, size, path):
    """The root that an inclusion proof leads to, or None where it is malformed."""
    last = size - 1
    if not 0 <= index <= last:
        return None
    for sibling in path:
        if last == 0 or len(sibling) != 32:
            return None
        if index & 1 or index == last:
            leaf_digest = sha256(b"\x01" + sibling + leaf_digest)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            leaf_digest = sha256(b"\x01" + leaf_digest + sibling)
        index, last = index >> 1, last >> 1
    return leaf_digest if last == 0 else None


# ---- the checks


class Wrong(Exception):
    """Something does not hold; no `assert`, which `python -O` would leave out."""


def require(holds, problem):
    if not holds:
        raise Wrong(problem)


def whole_file(path):
    require(path.is_file(), f"{path.name} is missing, or no file")
    return path.read_bytes()


def lines_of(path):
    """The lines of the journal, up to the very byte from which on it cannot be read."""
    data, stream, text = whole_file(path), zlib.decompressobj(31), bytearray()
    for start in range(0, len(data), 1024):
        before, chunk = stream.copy(), data[start : start + 1024]
        try:
            text += stream.decompress(chunk)
        except zlib.error:
            try:
                for byte in chunk:
                    text += before.decompress(bytes([byte]))
            except zlib.error:
                break
    return bytes(text).split(b"\n")[:-1]


def canonical(document):
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def check_checkpoint(line, public, record, leaves):
    """Check one signed checkpoint; returns how many events it covers."""
    point = json.loads(line)
    require(canonical(point) == line, "a checkpoint is not written canonically")
    signature = bytes.fromhex(point["signature"])
    signed = b"trading-ecosystem checkpoint 1\n" + line[: line.rindex(b',"signature":"')] + b"}"
    genuine = signature.hex() == point["signature"] and is_signature(public, signed, signature)
    require(genuine, "a checkpoint's signature is wrong")
    require(point["record"] == record, "a checkpoint is of another record")
    require(len(leaves) >= point["entries"], f"{point['entries']} events were signed, {len(leaves)} are here")
    require(root(leaves[: point["entries"]]).hex() == point["merkle_root"], f"the root at {point['entries']} events is another")
    return point["entries"]


def check_files(folder, public):
    signed = whole_file(folder / "evidence/manifest.json")
    signature = whole_file(folder / "evidence/manifest.sig")
    genuine = is_signature(public, b"trading-ecosystem evidence manifest 1\n" + signed, signature)
    require(genuine, "the manifest's signature is wrong")
    manifest = json.loads(signed)
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}
    named = {one["path"]: one for one in manifest["files"]}
    odd = there ^ (named.keys() | {"evidence/manifest.json", "evidence/manifest.sig"})
    require(not odd, f"missing, or not of the pack: {', '.join(sorted(odd))}")
    for name, one in named.items():
        require(not (folder / name).is_symlink(), f"{name} is a link")
        require(sha256(whole_file(folder / name)).hex() == one["sha256"], f"{name} was changed")
    return manifest


def check_events(folder, public, leaves):
    header = json.loads(whole_file(folder / "header.json"))
    record, previous, covered = sha256(canonical(header)).hex(), "0" * 64, 0
    for line in whole_file(folder / "evidence/checkpoints.jsonl").splitlines():
        require(json.loads(line)["previous"] == previous, "a checkpoint does not continue the one before it")
        covered, previous = check_checkpoint(line, public, record, leaves), sha256(line).hex()
    require(covered == len(leaves), f"{covered} events were signed, {len(leaves)} are here")


def check_proofs(folder, leaves):
    proofs, whole = json.loads(whole_file(folder / "evidence/proofs.json")), root(leaves)
    for one in proofs["inclusion"]:
        path = [bytes.fromhex(digest) for digest in one["path"]]
        found = path_root(leaves[one["index"]], one["index"], proofs["entries"], path)
        require(found == whole, f"the inclusion proof of event {one['index']} does not hold")


def read_witness(file, folder):
    """Check the witness's chain; returns its checkpoints of this record, and the locators of the record's events."""
    record = hashlib.sha256(canonical(json.loads(whole_file(folder / "header.json")))).hexdigest()
    previous, points, locators = "0" * 64, [], b""
    for line in whole_file(file).splitlines():
        one = json.loads(line)
        require(one["previous"] == previous, "the witness's lines do not continue each other")
        previous = sha256(line).hex()
        if one["checkpoint"]["record"] == record:
            points.append(canonical(one["checkpoint"]))
            locators += base64.b64decode(one["locator"])
    require(points, "the witness knows nothing of this record")
    return record, points, locators


def first_bad(leaves, wanted, width):
    """The index of the first event that is not the one whose digest (of this many bytes) was kept."""
    kept = [wanted[at : at + width] for at in range(0, len(wanted), width)]
    here = [digest[:width] for digest in leaves]
    differing = (index for index, (a, b) in enumerate(zip(here, kept)) if a != b)
    return next(differing, None if len(here) == len(kept) else min(len(here), len(kept)))


def verify(folder, public, witness=None):
    """Everything that is wrong, as lines of text; nothing where all holds."""
    wrong, kept = [], None

    def attempt(check, *given):
        try:
            return check(*given)
        except Wrong as error:
            wrong.append(str(error))
        except (ValueError, KeyError, IndexError, TypeError, OSError, RecursionError, MemoryError) as error:
            wrong.append(f"not readable: {type(error).__name__} {error}")

    leaves = [sha256(b"\x00" + line) for line in attempt(lines_of, folder / "journal.jsonl.gz") or ()]
    attempt(check_files, folder, public)
    attempt(check_events, folder, public, leaves)
    attempt(check_proofs, folder, leaves)
    if witness is not None:
        record, points, kept = attempt(read_witness, witness, folder) or ("", [], None)
        for point in points:
            attempt(check_checkpoint, point, public, record, leaves)
    if kept:
        index = first_bad(leaves[: len(kept) // 8], kept, 8)
    else:
        index = attempt(lambda: first_bad(leaves, whole_file(folder / "evidence/leaves.bin"), 32))
    if index is not None:
        wrong.append(f"first bad event: index {index} (line {index + 1})")
    return wrong


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or not re.fullmatch("[0-9a-fA-F]{64}", sys.argv[2]):
        sys.exit(__doc__)
    found = verify(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) == 4 else None)
    print("\n".join(found) or "everything holds")
    sys.exit(1 if found else 0)
