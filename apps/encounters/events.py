"""What consultations tell others: that something was signed or ordered, by ids only. Nothing of what it says."""

from uuid import UUID

from apps.core.events import Event, department_stream

VISIT_SIGNED_OFF = "VISIT_SIGNED_OFF"
PRESCRIPTION_SIGNED = "prescription.signed"
VITALS_ABNORMAL = "vitals.abnormal"
TESTS_ORDERED = "tests.ordered"
RESULT_REPORTED = "result.reported"

CATALOGUE: dict[str, str] = {
    VISIT_SIGNED_OFF: "The note of a visit was signed (document 002).",
    PRESCRIPTION_SIGNED: "What was prescribed was signed with the completed visit.",
    TESTS_ORDERED: "Tests were ordered on a visit, or taken back.",
    RESULT_REPORTED: "The result of a test was signed, corrected or looked at; says whether somebody has to look now.",
    VITALS_ABNORMAL: "Something measured is not usual; says whether somebody has to look now, not what it is.",
}
"""Every event type of this app, for `docs/events.md`."""


def visit_signed_off(department_id: UUID, visit_id: UUID, version: int) -> Event:
    """A note was signed; the version is the note's."""
    about = {"visitId": str(visit_id)}
    return Event(department_stream(department_id), VISIT_SIGNED_OFF, "visit", visit_id, version, about)


def prescription_signed(department_id: UUID, visit_id: UUID, prescription_id: UUID, version: int) -> Event:
    """A prescription was signed."""
    about = {"visitId": str(visit_id), "prescriptionId": str(prescription_id)}
    stream = department_stream(department_id)
    return Event(stream, PRESCRIPTION_SIGNED, "prescription", prescription_id, version, about)


def vitals_abnormal(department_id: UUID, visit_id: UUID, vitals_id: UUID, *, dangerous: bool) -> Event:
    """Something that was measured is not usual."""
    about = {"visitId": str(visit_id), "vitalsId": str(vitals_id), "dangerous": dangerous}
    return Event(department_stream(department_id), VITALS_ABNORMAL, "visit", visit_id, 0, about)


def tests_ordered(department_id: UUID, visit_id: UUID) -> Event:
    """What was ordered on a visit is different now."""
    return Event(department_stream(department_id), TESTS_ORDERED, "visit", visit_id, 0, {"visitId": str(visit_id)})


def result_reported(department_id: UUID, visit_id: UUID, order_id: UUID, *, critical: bool) -> Event:
    """A result came, was corrected, or was looked at."""
    about = {"visitId": str(visit_id), "orderId": str(order_id), "critical": critical}
    return Event(department_stream(department_id), RESULT_REPORTED, "visit", visit_id, 0, about)
