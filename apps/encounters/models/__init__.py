"""What a consultation leaves behind."""

from apps.encounters.models.diagnoses import DiagnosisCode, UsualDiagnosis
from apps.encounters.models.diets import DietPlan
from apps.encounters.models.investigations import Investigation, Order, ReferenceRange, Result
from apps.encounters.models.medicines import Favourite, Interaction, Medicine, PrescriptionDraft
from apps.encounters.models.notes import Addendum, Encounter, NoteVersion, SignedNote
from apps.encounters.models.prescriptions import Prescription
from apps.encounters.models.templates import VisitTemplate
from apps.encounters.models.vitals import AlertPhone, Vitals

__all__ = [
    "Addendum",
    "AlertPhone",
    "DiagnosisCode",
    "DietPlan",
    "Encounter",
    "Favourite",
    "Interaction",
    "Investigation",
    "Medicine",
    "NoteVersion",
    "Order",
    "Prescription",
    "PrescriptionDraft",
    "ReferenceRange",
    "Result",
    "SignedNote",
    "UsualDiagnosis",
    "VisitTemplate",
    "Vitals",
]
