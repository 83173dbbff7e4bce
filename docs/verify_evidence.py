#!/usr/bin/env python3
"""Verify the evidence of a run directory with Python's standard library alone; the format is described in evidence.md.

usage: verify_evidence.py DIR PUBLIC_KEY_HEX [WITNESS]

Exit code 0: everything holds; 1: something does not, and what; 2: there is nothing to check, or nothing to check it with. The
checks, their outcome and the first bad event are those of `trading-ecosystem audit verify`.
"""

import base64
import hashlib
import json
import re
import sys
import zlib
from pathlib import Path

# ---- Ed25519 (RFC 8032), verification: points (x, y) on -x² + y² = 1 + d·x²·y² as (X, Y, Z, T), x = X/Z, y = Y/Z, T = XY/Z

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


def roots(leaves, sizes):
    """The root over the first so many leaves, for each of these sizes that there are leaves for."""
    found, wanted, peaks = {}, {size for size in sizes if 0 <= size <= len(leaves)}, []
    for count in range(max(wanted, default=-1) + 1):
        if count in wanted:
            total = peaks[-1][1] if peaks else sha256(b"")
            for _, digest in peaks[-2::-1]:
                total = sha256(b"\x01" + digest + total)
            found[count] = total
        if count < len(leaves):
            size, digest = 1, leaves[count]
            while peaks and peaks[-1][0] == size:
                size, digest = 2 * size, sha256(b"\x01" + peaks.pop()[1] + digest)
            peaks.append((size, digest))
    return found


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


def leads_on(first, second, path):
    """Whether a consistency proof, as (size, root), (size, root) and digests, shows that the first tree begins the second."""
    (size, wanted), (position, last) = first, (first[0] - 1, second[0] - 1)
    path = [wanted, *path] if size & position == 0 else path
    if not 0 < size < second[0] or not path:
        return False
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = path[0]
    for digest in path[1:]:
        if not last:
            return False
        if position & 1 or position == last:
            old, new = sha256(b"\x01" + digest + old), sha256(b"\x01" + digest + new)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            new = sha256(b"\x01" + new + digest)
        position, last = position >> 1, last >> 1
    return not last and (old, new) == (wanted, second[1])


# ---- reading: whatever a file may hold ends in a finding


class Wrong(Exception):
    """Something does not hold; no `assert`, which `python -O` would leave out."""


class Unusable(Exception):
    """There is nothing to check, or nothing to check it with."""


UNREADABLE = (ValueError, KeyError, IndexError, TypeError, AttributeError, OSError, RecursionError, MemoryError)
CHECKPOINT = {"record": str, "entries": int, "sequence": int, "at": int, "merkle_root": str, "previous": str, "signature": str}
PROOFS = {"entries": int, "merkle_root": str, "inclusion": list, "consistency": list}
FILE = {"path": str, "bytes": int, "sha256": str}
NUMBERS, TEXTS = ("format", "entries"), ("record", "merkle_root", "journal_digest", "public_key")
MANIFEST = {**dict.fromkeys(NUMBERS, int), **dict.fromkeys(TEXTS, str), "files": list}


def require(holds, problem):
    if not holds:
        raise Wrong(problem)


def whole_file(path):
    require(path.is_file(), f"{path.name} is missing, or no file")
    return path.read_bytes()


def shaped(document, fields, name):
    """The document, if it has these fields, all of them and no other, each of its kind."""
    require(type(document) is dict and document.keys() == fields.keys(), f"{name} has other fields than it should")
    require(all(type(document[field]) is kind for field, kind in fields.items()), f"{name} has a field of another kind")
    return document


def digest_of(text):
    require(type(text) is str and re.fullmatch("[0-9a-f]{64}", text), f"{text!r} is no digest")
    return bytes.fromhex(text)


def parsed(data):
    """What a document of JSON in UTF-8 says; numbers that are none are refused."""

    def refused(text):
        raise Wrong(f"{text} is no number")

    return json.loads(data.decode(), parse_constant=refused)


def canonical(document):
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def read_journal(path):
    """The journal's lines, up to the very byte from which on it cannot be read, and whether it can be read to its end."""
    if not path.is_file():
        return [], False
    data, stream, text = path.read_bytes(), zlib.decompressobj(31), bytearray()
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
    *lines, rest = bytes(text).split(b"\n")
    return lines, stream.eof and not stream.unused_data and not rest


# ---- the checks


class Pack:
    """One verification: what was found wrong so far, and what later checks build on."""

    def __init__(self, folder, public):
        self.folder, self.public, self.wrong = folder, public, []
        self.manifest, self.points, self.sound, self.kept = None, [], set(), b""
        self.other_roots = False
        self.lines, self.whole = read_journal(folder / "journal.jsonl.gz")
        self.leaves = [sha256(b"\x00" + line) for line in self.lines]
        self.root = roots(self.leaves, [len(self.leaves)])[len(self.leaves)]

    def attempt(self, check, *given):
        try:
            check(*given)
        except Wrong as error:
            self.wrong.append(str(error))
        except UNREADABLE as error:
            self.wrong.append(f"not readable: {type(error).__name__} {error}")

    def file(self, name):
        return whole_file(self.folder / name)

    def record(self):
        return sha256(canonical(parsed(self.file("header.json")))).hex()

    def check_manifest(self):
        data = self.file("evidence/manifest.json")
        self.manifest = shaped(parsed(data), MANIFEST, "the manifest")
        signed = b"trading-ecosystem evidence manifest 1\n" + data
        require(is_signature(self.public, signed, self.file("evidence/manifest.sig")), "the manifest's signature is wrong")

    def check_files(self):
        files = [shaped(one, FILE, "a file of the manifest") for one in self.manifest["files"]]
        every = (path for path in self.folder.rglob("*") if path.is_symlink() or not path.is_dir())
        there = {path.relative_to(self.folder).as_posix() for path in every}
        named = {one["path"]: one for one in files}
        odd = there ^ (named.keys() | {"evidence/manifest.json", "evidence/manifest.sig"})
        for name in sorted(there & named.keys()):
            path, one = self.folder / name, named[name]
            same = not path.is_symlink() and path.is_file() and len(self.file(name)) == one["bytes"]
            if same and sha256(self.file(name)).hex() == one["sha256"]:
                self.sound.add(name)
            else:
                self.wrong.append(f"{name} is a link" if path.is_symlink() else f"{name} was changed")
        require(not odd, f"missing, or not of the pack: {', '.join(sorted(odd))}")

    def check_checkpoints(self):
        *lines, rest = self.file("evidence/checkpoints.jsonl").split(b"\n")
        previous = "0" * 64
        for line in lines:
            point = self.checkpoint(line)
            require(point["previous"] == previous, "a checkpoint does not continue the one before it")
            require(not self.points or self.points[-1]["entries"] < point["entries"], "the checkpoints do not grow")
            self.points.append(point)
            previous = sha256(line).hex()
        require(lines and not rest, "there is no checkpoint, or the last one is cut off")

    def checkpoint(self, line):
        """A checkpoint from its line, if it is written and signed as it should be."""
        point = shaped(parsed(line), CHECKPOINT, "a checkpoint")
        require(canonical(point) == line, "a checkpoint is not written canonically")
        signed = b"trading-ecosystem checkpoint 1\n" + line[: line.rindex(b',"signature":"')] + b"}"
        require(re.fullmatch("[0-9a-f]*", point["signature"]), "a checkpoint's signature is wrong")
        require(is_signature(self.public, signed, bytes.fromhex(point["signature"])), "a checkpoint's signature is wrong")
        return point

    def check_roots(self, points, whose):
        """The root over the first so many events must be the one that was signed."""
        found = roots(self.leaves, [point["entries"] for point in points])
        for point in points:
            size = point["entries"]
            same = size in found and found[size].hex() == point["merkle_root"]
            self.other_roots |= not same
            require(same, f"{len(self.leaves)} events are here, and not those of the {whose} checkpoint at {size}")

    def check_statements(self):
        """What the documents state must be what the events give."""
        count, whole, record = len(self.leaves), self.root.hex(), self.record()
        digest = hashlib.sha256(b"".join(line + b"\n" for line in self.lines)).hexdigest()
        require(self.whole, "the journal cannot be read to its end")
        require(self.points and self.points[-1]["entries"] == count, "no checkpoint covers every event")
        require(all(point["record"] == record for point in self.points), "a checkpoint is of another record")
        require(self.file("evidence/leaves.bin") == b"".join(self.leaves), "the leaf digests are of other events")
        stated = {"format": 1, "record": record, "entries": count, "merkle_root": whole, "journal_digest": digest}
        for name, value in stated.items():
            require(self.manifest[name] == value, f"the manifest states another {name}")
        if (self.folder / "verdict.json").exists():
            verdict = parsed(self.file("verdict.json"))
            same = (verdict.get("entries"), verdict.get("journal_digest")) == (count, digest)
            require(same and verdict.get("merkle_root") in (None, whole), "the verdict is of other events")

    def check_proofs(self):
        require(self.points, "the proofs are of no checkpoint")
        proofs, last = shaped(parsed(self.file("evidence/proofs.json")), PROOFS, "the proofs"), self.points[-1]
        stated, signed = ((one["entries"], one["merkle_root"]) for one in (proofs, last))
        require(stated == signed, "the proofs are of another root than the last checkpoint's")
        for one in proofs["inclusion"]:
            shaped(one, {"index": int, "sequence": int, "type": str, "path": list}, "an inclusion proof")
            require(0 <= one["index"] < len(self.leaves), f"there is no event {one['index']} to be proven")
            path = [digest_of(text) for text in one["path"]]
            found = path_root(self.leaves[one["index"]], one["index"], proofs["entries"], path)
            require(found == digest_of(last["merkle_root"]), f"the inclusion proof of event {one['index']} does not hold")
        pairs = list(zip(self.points, self.points[1:]))
        require(len(proofs["consistency"]) == len(pairs), "there is not one consistency proof for each checkpoint and the next")
        for one, pair in zip(proofs["consistency"], pairs):
            shaped(one, {"first": int, "second": int, "path": list}, "a consistency proof")
            ends = [(point["entries"], digest_of(point["merkle_root"])) for point in pair]
            path = [digest_of(text) for text in one["path"]]
            holds = (one["first"], one["second"]) == (ends[0][0], ends[1][0]) and leads_on(*ends, path)
            require(holds, f"the consistency proof from {one['first']} to {one['second']} does not hold")

    def check_witness(self, witnessed):
        record = self.record()
        ours = [(point, locator) for point, locator in witnessed if point["record"] == record]
        self.kept = b"".join(locator for _, locator in ours)
        require(ours, "the witness knows nothing of this record")
        self.check_roots([point for point, _ in ours], "witnessed")
        for point, _ in ours:
            self.checkpoint(canonical(point))
        require(first_bad(self.leaves[: len(self.kept) // 8], self.kept, 8) is None, "the locators of the witness were changed")

    def first_bad(self):
        """The index of the first event that is not the signed one, by the witness or else by the leaf digests, if they are."""
        stated = self.manifest["merkle_root"] if self.manifest else None
        if not self.other_roots and stated == self.root.hex():
            return None
        index = first_bad(self.leaves[: len(self.kept) // 8], self.kept, 8) if self.kept else None
        if index is None and "evidence/leaves.bin" in self.sound:
            index = first_bad(self.leaves, self.file("evidence/leaves.bin"), 32)
        return index


def read_witness(file):
    """The checkpoints of a witness, each with its locator; raises Unusable where the file is not as it was written."""
    lines, previous, known = [], "0" * 64, {}
    try:
        *raw, rest = file.read_bytes().split(b"\n")
        require(not rest, "its last line is cut off")
        for line in raw:
            one = shaped(parsed(line), {"previous": str, "checkpoint": dict, "locator": str}, "a line")
            point = shaped(one["checkpoint"], CHECKPOINT, "a checkpoint")
            locator = base64.b64decode(one["locator"], validate=True)
            same = canonical(one) == line and base64.b64encode(locator).decode() == one["locator"]
            require(same, "a line is not written canonically")
            require(one["previous"] == previous, "its lines do not continue each other")
            start, end = known.get(point["record"], 0), point["entries"]
            require(end >= start and len(locator) == (end - start) * 8, "a line locates other events than its own")
            previous, known[point["record"]] = sha256(line).hex(), end
            lines.append((point, locator))
    except (Wrong, *UNREADABLE) as error:
        raise Unusable(f"the witness {file} cannot be used: {error}") from error
    return lines


def first_bad(leaves, wanted, width):
    """The index of the first event that is not the one whose digest (of this many bytes) was kept."""
    kept = [wanted[at : at + width] for at in range(0, len(wanted), width)]
    here = [digest[:width] for digest in leaves]
    differing = (index for index, (a, b) in enumerate(zip(here, kept)) if a != b)
    return next(differing, None if len(here) == len(kept) else min(len(here), len(kept)))


def verify(folder, public, witness=None):
    """Everything that is wrong, as lines of text; nothing where all holds. Raises Unusable where nothing can be checked."""
    if not (folder / "evidence").is_dir():
        raise Unusable(f"{folder} holds no evidence: there is no folder evidence in it")
    witnessed = None if witness is None else read_witness(witness)
    pack = Pack(folder, public)
    pack.attempt(pack.check_manifest)
    if pack.manifest:
        pack.attempt(pack.check_files)
    pack.attempt(pack.check_checkpoints)
    pack.attempt(pack.check_roots, pack.points, "signed")
    if pack.manifest:
        pack.attempt(pack.check_statements)
    pack.attempt(pack.check_proofs)
    if witnessed is not None:
        pack.attempt(pack.check_witness, witnessed)
    index = pack.first_bad()
    return pack.wrong if index is None else [*pack.wrong, f"first bad event: index {index} (line {index + 1})"]


def main(given):
    """What is to be printed, and the exit code."""
    if len(given) not in (2, 3) or not re.fullmatch("[0-9a-fA-F]{64}", given[1]):
        return __doc__, 2
    try:
        found = verify(Path(given[0]), bytes.fromhex(given[1]), Path(given[2]) if given[2:] else None)
    except Unusable as error:
        return str(error), 2
    return "\n".join(found) or "everything holds", 1 if found else 0


if __name__ == "__main__":
    text, code = main(sys.argv[1:])
    print(text, file=sys.stderr if code == 2 else sys.stdout)
    sys.exit(code)
