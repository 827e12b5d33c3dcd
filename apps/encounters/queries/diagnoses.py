"""Codes as they are searched, what a doctor codes often, and what was diagnosed on visits."""

from collections.abc import Iterable
from uuid import UUID

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import Case, IntegerField, Q, QuerySet, When
from django.db.models.functions import Length

from apps.core.queries import one
from apps.core.statements import prepared
from apps.encounters.models import DiagnosisCode, SignedNote, UsualDiagnosis
from apps.encounters.rules.outcome import Outcome, code_said, outcome_in

USUAL = 9
"""Usual diagnoses that are offered without a search."""


def diagnosis_codes(search: str = "") -> QuerySet[DiagnosisCode]:
    """Codes that begin with what is searched, or whose titles hold each of its words; where there are none, those that
    are written alike. Common ones first, then the shorter titles."""
    said = " ".join(search.lower().split())
    rows = DiagnosisCode.objects.all()
    if not said:
        return rows.filter(is_common=True).order_by("code")
    holds = Q()
    for word in said.split():
        holds &= Q(search_key__contains=word)
    found = rows.filter(_begins(said) | holds)
    if found.exists():
        begins = Case(When(search_key__startswith=said, then=0), default=1, output_field=IntegerField())
        return found.annotate(begins=begins).order_by("-is_common", "begins", Length("title"), "code")
    alike = TrigramWordSimilarity(said, "search_key")
    return (
        rows.filter(search_key__trigram_word_similar=said)
        .annotate(alike=alike)
        .order_by("-alike", "-is_common", Length("title"), "code")
    )


def _begins(said: str) -> Q:
    code = said.upper().replace(".", "")
    dotted = code if len(code) <= 3 else f"{code[:3]}.{code[3:]}"
    return Q(code__startswith=dotted)


def code_of(text: str) -> DiagnosisCode | None:
    """The code that something typed begins with, if the table has it."""
    code = code_said(text)
    return one(DiagnosisCode.objects.filter(code=code)) if code else None


def usual_diagnoses(doctor_id: UUID) -> list[UsualDiagnosis]:
    """What a doctor codes most often."""
    return _usual(doctor_id=doctor_id)


@prepared
def _usual(doctor_id: UUID) -> QuerySet[UsualDiagnosis]:
    return UsualDiagnosis.objects.filter(doctor_id=doctor_id).order_by("-times", "code")[:USUAL]


def signed_outcomes(visit_ids: Iterable[UUID]) -> dict[UUID, Outcome]:
    """What was signed on each of these visits beside the words of its note, in one statement."""
    signed = SignedNote.objects.filter(encounter__visit_id__in=list(visit_ids)).select_related("encounter")
    return {row.encounter.visit_id: outcome_in(row.content) for row in signed}
