"""The key pair by which push services and browsers know a hospital's notifications (RFC 8292)."""

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@lru_cache(maxsize=2)
def private_key(secret: str) -> ec.EllipticCurvePrivateKey:
    """The private key that 32 bytes in hex stand for."""
    return ec.derive_private_key(int(secret, 16), ec.SECP256R1())


@lru_cache(maxsize=2)
def public_key(secret: str) -> str:
    """The public key of a private one, as browsers want it: an uncompressed point in base64url without padding."""
    point = private_key(secret).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(point).decode().rstrip("=")
