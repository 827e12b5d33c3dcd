"""Facilities, the people who work in them, and everything by which somebody is recognised."""

from apps.accounts.models.credentials import Authenticator, Credential, FailedTries, StaffDevice
from apps.accounts.models.facilities import Facility, known_region, known_time_zone
from apps.accounts.models.staff import ROLE_NAMES, Staff

__all__ = [
    "ROLE_NAMES",
    "Authenticator",
    "Credential",
    "Facility",
    "FailedTries",
    "Staff",
    "StaffDevice",
    "known_region",
    "known_time_zone",
]
