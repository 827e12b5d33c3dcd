"""One-time codes: what they look like, how long they live, and how often anything about them may be done.

The limits are the whole protection of six digits: five tries of a code find it with 5 in a million, a hundred
failures in a row with 1 in ten thousand, and a day's failures of everybody together bound what spraying can find.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

DIGITS = 6
CODES = 10**DIGITS
"""How many different codes there are."""

LIFETIME = timedelta(minutes=5)
TRIES = 5
"""Of one code."""

FRESH = timedelta(minutes=30)
"""How long after a code its page shows what is about somebody's health."""

RESEND_AFTER = timedelta(seconds=30)
RUN = 100
"""Failures in a row for one phone until nothing more is tried there; ended by a success or by the desk."""

NEVER = datetime(9999, 12, 31, tzinfo=UTC)

SMS_LENGTH = 160
"""Characters of one text message in the alphabet of GSM."""


class LimitName(StrEnum):
    """What is limited, as alarms and measures name it."""

    COOL_DOWN = "cool_down"
    SENDS_SHORT = "sends_10_minutes"
    SENDS_DAY = "sends_day"
    SENDS_PREFIX = "sends_prefix"
    SENDS_ADDRESS = "sends_address"
    SENDS_ALL = "sends_all"
    FAILURES_PHONE = "failures_phone"
    FAILURES_RUN = "failures_run"
    FAILURES_ADDRESS = "failures_address"
    FAILURES_HOUR = "failures_all_hour"
    FAILURES_DAY = "failures_all_day"


ORDINARY = frozenset({LimitName.COOL_DOWN, LimitName.SENDS_SHORT})
"""Reached by impatience; no alarm."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` of something within `window`, counted under `key`.

    Counting begins anew when the window since the first is over; `quiet`: when a whole window went by without any,
    so that no window whatever holds more than `most`. Without a window it never begins anew by itself.
    """

    name: LimitName
    key: str
    most: int
    window: timedelta | None
    quiet: bool = False

    def resets_at(self, now: datetime) -> datetime:
        """When counting begins anew if it began now."""
        return NEVER if self.window is None else now + self.window


@dataclass(frozen=True, slots=True)
class Caps:
    """What differs between hospitals: how many of everybody together. A hospital's Wi-Fi is one address."""

    sends_prefix_hour: int
    sends_address_hour: int
    sends_day: int
    failures_address_hour: int
    failures_hour: int
    failures_day: int


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def sending_limits(phone: str, prefix: str, address: str, caps: Caps) -> list[Limit]:
    """What a code that is asked for counts against; `phone` and `address` are fingerprints."""
    return [
        Limit(LimitName.COOL_DOWN, f"cool:{phone}", 1, RESEND_AFTER),
        Limit(LimitName.SENDS_SHORT, f"sends:{phone}", 3, timedelta(minutes=10), quiet=True),
        Limit(LimitName.SENDS_DAY, f"sends-day:{phone}", 10, DAY),
        Limit(LimitName.SENDS_PREFIX, f"sends-prefix:{prefix}", caps.sends_prefix_hour, HOUR),
        Limit(LimitName.SENDS_ADDRESS, f"sends-address:{address}", caps.sends_address_hour, HOUR),
        Limit(LimitName.SENDS_ALL, "sends-all", caps.sends_day, DAY),
    ]


def phone_failure_limits(phone: str) -> list[Limit]:
    """What a wrong guess at a phone's live code counts against for that phone."""
    return [
        Limit(LimitName.FAILURES_PHONE, f"failures:{phone}", 15, HOUR, quiet=True),
        Limit(LimitName.FAILURES_RUN, f"run:{phone}", RUN, None),
    ]


def common_failure_limits(address: str, caps: Caps) -> list[Limit]:
    """What any wrong guess counts against: the budget of who sprays one try over many phones."""
    return [
        Limit(LimitName.FAILURES_ADDRESS, f"failures-address:{address}", caps.failures_address_hour, HOUR),
        Limit(LimitName.FAILURES_HOUR, "failures-all", caps.failures_hour, HOUR),
        Limit(LimitName.FAILURES_DAY, "failures-all-day", caps.failures_day, DAY),
    ]


def prefix_of(phone: str) -> str:
    """The ten thousand numbers that a phone in E.164 is one of; who earns from messages holds such a block."""
    return phone[:-4]


def network_of(address: str) -> str:
    """What counts as one address: of the newer kind, all that one line is given (/64)."""
    return str(ipaddress.ip_network(f"{address}/64", strict=False)) if ":" in address else address


def seal_code(code_id: UUID, code: str, pepper: str) -> str:
    """What is stored of a code: keyed, and bound to its row, so that it is worth nothing in another."""
    told = f"login code\0{code_id}\0{code}"
    return hmac.new(bytes.fromhex(pepper), told.encode(), hashlib.sha256).hexdigest()


def sms_text(wording: str, hospital: str, code: str, host: str) -> str:
    """The message: a sentence with `{hospital}` and `{code}`, then the line by which phones fill the code in
    (`@host #code`). The hospital's name is cut where one text message would not hold it."""
    last = f"\n\n@{host} #{code}"
    room = SMS_LENGTH - len(last) - len(wording.format(hospital="", code=code))
    name = hospital if len(hospital) <= room else hospital[: max(room, 12)].rstrip()
    return wording.format(hospital=name, code=code) + last


def exhausted(limits: Sequence[Limit], granted: set[str]) -> Limit | None:
    """The first limit that did not grant what was asked."""
    return next((limit for limit in limits if limit.key not in granted), None)
