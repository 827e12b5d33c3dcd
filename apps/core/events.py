"""A fact told to others, as a plain value. Apps build theirs in their own `events` module."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Event:
    """One numbered move of a stream. The payload carries ids and states, never persons: every subscriber of
    the stream may see every event of it."""

    stream: str
    type: str
    entity_type: str
    entity_id: UUID
    entity_version: int
    payload: Mapping[str, Any] = field(default_factory=dict)


def department_stream(department_id: UUID) -> str:
    """The stream of one department's queue."""
    return f"dept.{department_id}"


def facility_stream(facility_id: UUID) -> str:
    """The stream of what concerns a whole facility (patients, masters, audit)."""
    return f"facility.{facility_id}"
