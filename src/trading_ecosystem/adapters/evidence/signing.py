"""Ed25519 keys (RFC 8032): making them, reading them from files, signing and verifying.

A private key is a PEM file (PKCS #8) that its owner alone may read; its public key stands beside it in ``FILE.pub``, as PEM
too, and may be named by its 64 hexadecimal digits. What is signed begins with a line that says what kind of thing it is, so
that the signature of one thing is never that of another.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from trading_ecosystem.ports.errors import BadInput

CHECKPOINT: Final = b"trading-ecosystem checkpoint 1\n"
MANIFEST: Final = b"trading-ecosystem evidence manifest 1\n"
SIGNATURE_SIZE: Final = 64
PUBLIC_SUFFIX: Final = ".pub"
_KEY_SIZE: Final = 32
_LARGEST_FILE: Final = 16_384


class PublicKey:
    """Verifies what the owner of the private key signed."""

    def __init__(self, raw: bytes) -> None:
        assert len(raw) == _KEY_SIZE, "an Ed25519 public key has 32 bytes"
        self.raw: Final = raw
        self._key = Ed25519PublicKey.from_public_bytes(raw)

    @property
    def text(self) -> str:
        """The key as 64 hexadecimal digits."""
        return self.raw.hex()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key's 32 bytes: what two people compare over the telephone."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def pem(self) -> bytes:
        """The key as a PEM file has it."""
        encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_bytes(encoding, form)

    def verifies(self, purpose: bytes, data: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is the key's over ``data``, signed for this purpose."""
        try:
            self._key.verify(signature, purpose + data)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """Signs; ``made`` says whether it was made just now, for a run that was given none."""

    def __init__(self, key: Ed25519PrivateKey, path: Path, *, made: bool = False) -> None:
        self._key = key
        self.path: Final = path
        self.made: Final = made
        encoding, form = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        self.public: Final = PublicKey(key.public_key().public_bytes(encoding, form))

    def sign(self, purpose: bytes, data: bytes) -> bytes:
        """The signature over ``data`` for this purpose, 64 bytes."""
        return self._key.sign(purpose + data)


def make_key(path: Path) -> SigningKey:
    """Make a key: the private one in ``path``, mode 600, the public one beside it. A file that is there is never replaced."""
    key = Ed25519PrivateKey.generate()
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(encoding, form, serialization.NoEncryption())
    made = SigningKey(key, path, made=True)
    try:
        # Written beside it first and then linked, so that nobody ever reads half a key.
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(pem)
            os.link(name, path)
        finally:
            Path(name).unlink()
    except FileExistsError:
        raise BadInput(str(path), "is there already and is not replaced; choose another file with --out") from None
    except OSError as error:
        raise BadInput(str(path), f"cannot be written: {error.strerror}") from error
    public_path(path).write_bytes(made.public.pem)
    return made


def public_path(path: Path) -> Path:
    """Where the public key of a private key's file stands."""
    return path.with_name(path.name + PUBLIC_SUFFIX)


def read_or_make_key(path: Path) -> SigningKey:
    """The key in a file, made first where there is none."""
    if not path.exists():
        try:
            return make_key(path)
        except BadInput:
            if not path.exists():
                raise
            # Another run made it in the meantime.
    return read_signing_key(path)


def read_signing_key(path: Path) -> SigningKey:
    """The private key in a file; raises :class:`BadInput` where it is none, or where others may read it."""
    data = _contents(path, "--signing-key")
    if path.stat().st_mode & 0o077:
        raise BadInput(str(path), f"may be read by others, so it is no secret; run: chmod 600 {path}")
    try:
        key = serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(str(path), "is no Ed25519 private key; expected the file that `trading-ecosystem audit keygen` makes")
    return SigningKey(key, path)


def read_public_key(given: str) -> PublicKey:
    """A public key given as a PEM file or as 64 hexadecimal digits; raises :class:`BadInput` for anything else."""
    if len(given) == 2 * _KEY_SIZE and not set(given.lower()) - set("0123456789abcdef"):
        return PublicKey(bytes.fromhex(given))
    data = _contents(Path(given), "--key")
    if b"PRIVATE KEY" in data:
        raise BadInput(given, f"is a private key, which only its owner needs; expected the public one, {given}{PUBLIC_SUFFIX}")
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise BadInput(given, "is no Ed25519 public key; expected a PEM file, or 64 hexadecimal digits")
    return PublicKey(key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw))


def _contents(path: Path, option: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST_FILE)
    except OSError as error:
        raise BadInput(option, f"{path} cannot be read: {error.strerror}") from error
