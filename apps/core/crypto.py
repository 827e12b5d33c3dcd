"""Encryption of single fields (AES-256-GCM by Tink, with key rotation) and keyed blind indexes for search."""

import base64
import hashlib
import hmac
from functools import cache
from typing import Any

import tink
from django.conf import settings
from django.db import models
from tink import aead, secret_key_access
from tink.proto import aes_gcm_pb2, tink_pb2

aead.register()


@cache
def _cipher(keys: tuple[str, ...]) -> aead.Aead:
    """One Tink primitive over all keys: the first encrypts, every one of them decrypts."""
    keyset = tink_pb2.Keyset()
    for hexadecimal in keys:
        raw = bytes.fromhex(hexadecimal)
        material = aes_gcm_pb2.AesGcmKey(version=0, key_value=raw).SerializeToString()
        key = keyset.key.add(status=tink_pb2.ENABLED, output_prefix_type=tink_pb2.TINK)
        key.key_id = int.from_bytes(hashlib.sha256(raw).digest()[:4], "big")
        key.key_data.type_url = "type.googleapis.com/google.crypto.tink.AesGcmKey"
        key.key_data.value = material
        key.key_data.key_material_type = tink_pb2.KeyData.SYMMETRIC
    keyset.primary_key_id = keyset.key[0].key_id
    handle = tink.proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
    return handle.primitive(aead.Aead)


def encrypt(text: str, purpose: str) -> str:
    """Seal a text. `purpose` (a table and column) is bound to it: it opens nowhere else."""
    sealed = _cipher(tuple(settings.FIELD_KEYS)).encrypt(text.encode(), purpose.encode())
    return base64.b64encode(sealed).decode()


def decrypt(sealed: str, purpose: str) -> str:
    """Open what `encrypt` sealed, under any key still listed. Raises `tink.TinkError` when it was altered."""
    opened = _cipher(tuple(settings.FIELD_KEYS)).decrypt(base64.b64decode(sealed), purpose.encode())
    return opened.decode()


def blind_index(value: str, purpose: str) -> str:
    """A keyed fingerprint of a value, equal for equal values: lets a sealed column be searched exactly."""
    key = bytes.fromhex(settings.BLIND_INDEX_KEY)
    return hmac.new(key, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()[:40]


class EncryptedTextField(models.TextField):
    """Text that stands in the database only sealed. Not searchable: keep a `blind_index` beside it."""

    @property
    def _purpose(self) -> str:
        return f"{self.model._meta.label_lower}.{self.attname}"

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(str(value), self._purpose) if value else ""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str:
        return decrypt(value, self._purpose) if value else ""
