"""What a hospital's own installation must have before it starts (`OPD_PRODUCTION=1`). Pure: an environment in,
what is wrong with it out, in sentences that name the setting and never its value.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations
from urllib.parse import urlsplit

APPLICATION_KEYS = (
    "SECRET_KEY",
    "OPD_FIELD_KEY",
    "OPD_AUDIT_KEY",
    "OPD_BLIND_INDEX_KEY",
    "OPD_LINK_KEY",
    "OPD_PEPPER",
)
"""What the settings read: 32 random bytes each, in hexadecimal; several, comma-separated, where they rotate."""

KEY_BYTES = 32
FEWEST_DIGITS = 8
"""Different hexadecimal digits in a key. Of 64 random ones fewer than this never come; `0000…` has one."""

SHORTEST_SECRET = 16
"""Characters of a secret that somebody else has made."""

EVERYBODY_KNOWS = frozenset({"password", "postgres", "opd", "secret", "changeme"})
"""Passwords of examples."""

GATEWAY = "apps.notifications.channels.http_sms.deliver"
"""The adapter that needs an address and a key."""

NOWHERE = (".example", ".invalid", ".test", ".localhost")
"""Endings of names that exist only in documents (RFC 2606)."""


def faults(environment: Mapping[str, str]) -> list[str]:
    """Every reason why this environment is not fit for patients; none if it is."""
    return [
        *_open_doors(environment),
        *_keys(environment),
        *_servers(environment),
        *_address(environment),
        *_origins(environment),
        *_messages(environment),
        *_money(environment),
    ]


def _open_doors(environment: Mapping[str, str]) -> Iterator[str]:
    for name in ("OPD_DEMO", "DJANGO_DEBUG"):
        if environment.get(name, "0").lower() not in ("", "0", "false", "no", "off"):
            yield f"{name} must be off: demo accounts and debugging pages are for everybody."


def _keys(environment: Mapping[str, str]) -> Iterator[str]:
    found = {
        (name, number): key
        for name in (*APPLICATION_KEYS, "SECRET_KEY_FALLBACKS")
        for number, key in enumerate(part for part in environment.get(name, "").split(",") if part)
    }
    for name in APPLICATION_KEYS:
        if (name, 0) not in found:
            yield f"{name} must be set."
    for (name, _), key in found.items():
        if not _is_random_key(key):
            yield f"{name} must be {KEY_BYTES} random bytes in hexadecimal: openssl rand -hex {KEY_BYTES}."
    for ((one, _), first), ((other, _), second) in combinations(found.items(), 2):
        if first == second:
            yield f"{one} and {other} must differ: what one key gives away must not open the other's doors."


def _is_random_key(key: str) -> bool:
    try:
        long_enough = len(bytes.fromhex(key)) >= KEY_BYTES
    except ValueError:
        return False
    return long_enough and len(set(key.lower())) >= FEWEST_DIGITS


def _servers(environment: Mapping[str, str]) -> Iterator[str]:
    for name in ("DATABASE_URL", "REDIS_URL"):
        if not environment.get(name):
            yield f"{name} must be set."
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        if urlsplit(environment.get(name, "")).password in EVERYBODY_KNOWS:
            yield f"{name} has a password out of an example."
    if urlsplit(environment.get("DATABASE_URL", "")).username == "postgres":
        yield "DATABASE_URL must name a role of the application's own, not the superuser."


def _address(environment: Mapping[str, str]) -> Iterator[str]:
    url = urlsplit(environment.get("PUBLIC_BASE_URL", ""))
    host = url.hostname or ""
    if url.scheme != "https" or not host or url.path.strip("/") or url.query or url.fragment or url.username:
        yield "PUBLIC_BASE_URL must be the address that people open, as https://name and nothing after it."
    elif f".{host}".endswith(NOWHERE):
        yield "PUBLIC_BASE_URL names a host that is only an example."
    for host in _listed(environment, "ALLOWED_HOSTS"):
        if "*" in host or host.startswith("."):
            yield "ALLOWED_HOSTS must name hosts exactly, without * and without a dot in front."


def _origins(environment: Mapping[str, str]) -> Iterator[str]:
    for name in ("TRUSTED_ORIGINS", "OPD_CORS_ORIGINS"):
        for origin in _listed(environment, name):
            url = urlsplit(origin)
            if url.scheme != "https" or not url.hostname or "*" in origin or url.path or url.query:
                yield f"{name} must list origins exactly, as https://name."


def _messages(environment: Mapping[str, str]) -> Iterator[str]:
    adapter = environment.get("OPD_SMS_ADAPTER", "")
    if not adapter or adapter.endswith(".nowhere.deliver"):
        yield "OPD_SMS_ADAPTER must name what sends text messages: without it no patient gets a code."
    if adapter == GATEWAY:
        for name in ("OPD_SMS_URL", "OPD_SMS_KEY"):
            if not environment.get(name):
                yield f"{name} must be set for this OPD_SMS_ADAPTER."
        if urlsplit(environment.get("OPD_SMS_URL", "https:")).scheme != "https":
            yield "OPD_SMS_URL must be https: codes and phone numbers go through it."


def _listed(environment: Mapping[str, str], name: str) -> list[str]:
    return [part.strip() for part in environment.get(name, "").split(",") if part.strip()]


def _money(environment: Mapping[str, str]) -> Iterator[str]:
    needed = ("OPD_RAZORPAY_KEY_SECRET", "OPD_RAZORPAY_WEBHOOK_SECRET")
    for name in needed if environment.get("OPD_RAZORPAY_KEY_ID") else ():
        if len(environment.get(name, "")) < SHORTEST_SECRET:
            yield f"{name} must be set, long and random: with it anybody can say that something was paid."
    if not environment.get("OPD_RAZORPAY_URL", "https://").startswith("https://"):
        yield "OPD_RAZORPAY_URL must be an address with https."
