"""What the demo hospital's places and people are called in Hindi and Tamil, beside their English names."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps

from apps.audit.commands import record
from apps.core.commands import command
from apps.core.policy import Actor, Permission, Scope

NAMES: Mapping[str, tuple[str, str]] = {
    "Asha District Hospital": ("आशा ज़िला अस्पताल", "ஆஷா மாவட்ட மருத்துவமனை"),
    "General Medicine": ("सामान्य चिकित्सा", "பொது மருத்துவம்"),
    "Paediatrics": ("बाल रोग", "குழந்தை மருத்துவம்"),
    "Orthopaedics": ("हड्डी रोग", "எலும்பு மருத்துவம்"),
    "Triage": ("प्राथमिक जाँच", "முதல் பரிசோதனை"),
    "Laboratory": ("प्रयोगशाला", "ஆய்வகம்"),
    "X-ray": ("एक्स-रे", "எக்ஸ்-ரே"),
    "Pharmacy": ("दवाखाना", "மருந்தகம்"),
    "Cashier": ("कैश काउंटर", "பணம் செலுத்துமிடம்"),
    "Blood tests": ("खून की जाँच", "இரத்தப் பரிசோதனை"),
    "Pharmacy 1": ("दवाखाना 1", "மருந்தகம் 1"),
    "Pharmacy 2": ("दवाखाना 2", "மருந்தகம் 2"),
    "Hall A": ("हॉल ए", "கூடம் A"),
    "Hall B": ("हॉल बी", "கூடம் B"),
    "Hall C": ("हॉल सी", "கூடம் C"),
    "Staff corridor": ("कर्मचारी गलियारा", "பணியாளர் வழி"),
    "Dr Suresh Rao": ("डॉ. सुरेश राव", "டாக்டர் சுரேஷ் ராவ்"),
    "Dr Anjali Nair": ("डॉ. अंजलि नायर", "டாக்டர் அஞ்சலி நாயர்"),
    "Dr Farah Khan": ("डॉ. फ़राह ख़ान", "டாக்டர் ஃபரா கான்"),
    "Dr K. Murugan": ("डॉ. के. मुरुगन", "டாக்டர் கே. முருகன்"),
    "Dr Meera Joshi": ("डॉ. मीरा जोशी", "டாக்டர் மீரா ஜோஷி"),
    "First visit": ("पहली बार", "முதல் முறை"),
    "Follow-up": ("दोबारा जाँच", "மறு பரிசோதனை"),
    "Vaccination": ("टीका", "தடுப்பூசி"),
    "Dressing or plaster": ("पट्टी या प्लास्टर", "கட்டு அல்லது மாவுக்கட்டு"),
    "Procedure": ("छोटी शल्य क्रिया", "சிறு சிகிச்சை"),
}


COLUMNS = (
    ("scheduling.Department", "name", "names"),
    ("scheduling.Room", "hall", "hall_names"),
    ("scheduling.Counter", "name", "names"),
    ("scheduling.Doctor", "name", "names"),
    ("scheduling.VisitType", "name", "names"),
    ("display.Board", "name", "names"),
)
"""Tables of a facility with a name and its names by language."""


@command
def name_in_languages(*, actor: Actor, now: datetime, facility_id: UUID) -> None:
    """Give everything that has a name of the list its other names, each row with its audit row."""
    actor.require(Permission.MASTERS_CHANGE, Scope(facility_id))
    for label, name, names in COLUMNS:
        for row in apps.get_model(label)._default_manager.filter(**{f"{name}__in": NAMES, names: {}}):
            _give(row, name, names, facility_id)
    for facility in apps.get_model("accounts.Facility")._default_manager.filter(id=facility_id, name__in=NAMES):
        _give(facility, "name", "names", facility_id)


def _give(row: Any, name: str, names: str, facility_id: UUID) -> None:
    hindi, tamil = NAMES[getattr(row, name)]
    setattr(row, names, {"hi": hindi, "ta": tamil})
    row.save(update_fields=[names])
    entity = str(row._meta.model_name)
    after = {names: getattr(row, names)}
    record(action=f"{entity}.changed", entity_type=entity, entity_id=row.pk, after=after, facility_id=facility_id)
