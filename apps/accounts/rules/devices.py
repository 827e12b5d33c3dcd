"""Browsers and programs from which staff sign in: how one is recognised, and what to call it."""

import re
from dataclasses import dataclass

OWN_COUNTER_FROM = 16
"""Characters of a device's secret from which on failures are counted for the device alone: a name that can be
guessed (`tablet 7`) must not give a stranger tries of their own."""

WAITING_AT_MOST = 5
"""Devices of one person that wait for approval; a further one takes the place of the oldest."""

LABEL_LENGTH = 80
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
_PRODUCT = re.compile(r"[A-Za-z][A-Za-z0-9 ._-]{0,30}")


@dataclass(frozen=True, slots=True)
class ShownDevice:
    """What a browser or program shows of itself: its own secret ("" for none) and what people call it."""

    secret: str = ""
    label: str = ""

    @property
    def may_have_own_counter(self) -> bool:
        """Whether its secret is long enough not to be guessed."""
        return len(self.secret) >= OWN_COUNTER_FROM


UNKNOWN_DEVICE = ShownDevice()


def label_of(user_agent: str) -> str:
    """A device in words, from what its requests say of themselves: `Chrome on Windows`; a program by its name."""
    browser = next((name for mark, name in _BROWSERS if f"{mark}/" in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    named = _PRODUCT.match(user_agent)
    return browser or system or (named.group() if named else "")


def number_of(secret_hash: str) -> str:
    """Four digits by which somebody tells the administrator which of the waiting devices is theirs."""
    return f"{int(secret_hash[:12], 16) % 10_000:04}"
