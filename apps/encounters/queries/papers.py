"""All that was signed for a patient to take home: what stands on the paper, and on their own page."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from apps.core.queries import one
from apps.encounters.models import Order, Prescription, SignedNote
from apps.encounters.queries.investigations import orders_of_visits
from apps.encounters.queries.prescribed import signed_prescription
from apps.encounters.rules.outcome import Outcome, outcome_in
from apps.encounters.rules.papers import Kind, kind_of
from apps.encounters.rules.prescribing import Item
from apps.queue.queries.visits import visit_of
from apps.scheduling.rules.appointments import LIVE

ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Diet:
    """A diet plan in one language; without a name it is what the doctor wrote in free words."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Referral:
    """To whom somebody is sent, and the letter's text. `department_id` within the hospital, None outside of it."""

    to: str
    reason: str
    department_id: UUID | None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """The day on which the doctor wants to see somebody again; `at` and `booking_id` of the place that was booked for
    it, as long as it stands."""

    on: date
    at: datetime | None
    booking_id: UUID | None


@dataclass(frozen=True, slots=True)
class Parts:
    """What a consultation comes to, in one language."""

    diagnoses: list[dict[str, str]]
    diets: list[Diet]
    referrals: list[Referral]
    follow_up: FollowUp | None


@dataclass(frozen=True, slots=True)
class Paper(Parts):
    """A visit with all that was signed for its patient. `diagnoses` are `{code, text}`, the principal first,
    the code "" in free words; `medicines` the lines that were checked, `words` what was prescribed beside them in free
    words; `advice` is what the doctor wrote for the patient. `tests` were ordered and not taken back; where nothing was
    signed beside them `signed_at` is None."""

    visit: Any
    signed_at: datetime | None
    prescription: Prescription | None
    note_hash: str
    medicines: list[Item]
    words: str
    advice: str
    tests: list[Order]

    @property
    def kind(self) -> Kind:
        """Which paper it is."""
        return kind_of(prescribed=self.prescription is not None, signed=self.signed_at is not None)


def parts_of(outcome: Outcome, booking: Any = None, language: str = ENGLISH) -> Parts:
    """An outcome, signed or drafted, to be read; `booking` is what was made of the wish to see the person again."""
    return Parts(
        outcome.get("diagnoses", []),
        [_diet(row, language) for row in outcome.get("diets", [])],
        [_referral(row) for row in outcome.get("referrals", [])],
        _follow_up(outcome, booking),
    )


def paper_of(visit_id: UUID, language: str = ENGLISH) -> Paper | None:
    """What a patient takes home of a visit, diets in a language where they have it; None where nothing was
    signed and no test ordered. Whoever asks has been let in by the edge. Raises `NotFound`."""
    visit = visit_of(visit_id)
    prescription = signed_prescription(visit_id)
    rows = SignedNote.objects.select_related("encounter__follow_up").filter(encounter__visit_id=visit_id)
    note = one(rows)
    tests = orders_of_visits([visit_id])
    signed = prescription or note
    if not (signed or tests):
        return None
    content = note.content if note else {}
    medicines, words = _prescribed(prescription)
    parts = parts_of(outcome_in(content), note.encounter.follow_up if note else None, language)
    return Paper(
        diagnoses=parts.diagnoses,
        diets=parts.diets,
        referrals=parts.referrals,
        follow_up=parts.follow_up,
        visit=visit,
        signed_at=signed.signed_at if signed else None,
        prescription=prescription,
        note_hash=note.hash if note else "",
        medicines=medicines,
        words=words,
        advice=content.get("advice", ""),
        tests=tests,
    )


def _prescribed(prescription: Prescription | None) -> tuple[list[Item], str]:
    """The checked lines, and what stands after them."""
    if prescription is None:
        return [], ""
    items = [Item(**values) for values in (prescription.items or {}).get("items", [])]
    lines = prescription.content.splitlines()
    return items, "\n".join(lines[len(items) :])


def _diet(row: dict[str, Any], language: str) -> Diet:
    words: dict[str, dict[str, str]] = row.get("words", {})
    told = words.get(language) or words.get(ENGLISH) or {}
    return Diet(told.get("name", ""), "\n".join(part for part in (told.get("text", ""), row.get("text", "")) if part))


def _referral(row: dict[str, Any]) -> Referral:
    place = row.get("departmentId")
    return Referral(row["to"], row["reason"], UUID(place) if place else None)


def _follow_up(outcome: dict[str, Any], booking: Any) -> FollowUp | None:
    told = outcome.get("followUp")
    if not told:
        return None
    stands = booking is not None and booking.state in LIVE
    on = date.fromisoformat(told["on"])
    return FollowUp(on, booking.at if stands else None, booking.id if stands else None)
