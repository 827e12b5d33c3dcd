"""What a doctor diagnoses often, counted from what they sign."""

from django.db.models import F

from apps.core.commands import step
from apps.encounters.models import DiagnosisCode, Encounter, UsualDiagnosis


@step
def count_usual(encounter: Encounter) -> None:
    """Count the codes of a note that is being signed, by the table's titles. Free words are not kept: they might tell
    of somebody."""
    coded = {row["code"] for row in encounter.outcome.get("diagnoses", []) if row["code"]}
    if not coded:
        return
    known = UsualDiagnosis.objects.filter(doctor_id=encounter.doctor_id, code__in=coded)
    before = set(known.values_list("code", flat=True))
    known.update(times=F("times") + 1)
    about = {"facility_id": encounter.facility_id, "doctor_id": encounter.doctor_id}
    new = DiagnosisCode.objects.filter(code__in=coded - before) if coded - before else ()
    UsualDiagnosis.objects.bulk_create(
        [UsualDiagnosis(code=row.code, text=row.title, **about) for row in new], ignore_conflicts=True
    )
