"""What nurses measure and doctors write on a played day."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import isfinite
from random import Random
from uuid import UUID

from apps.encounters.rules.investigations import Measure
from apps.encounters.rules.ranges import at

MEASURED_EVERY = 3
"""Every n-th person's vital signs are taken at the desk."""

NOTES: tuple[Mapping[str, str], ...] = (
    {
        "subjective": "Fever and body ache for three days. No cough, no rash.",
        "objective": "Warm. Throat red. Chest clear. Belly soft.",
        "assessment": "Viral fever",
        "plan": "Rest, fluids. Come back if the fever lasts two more days or a rash appears.",
    },
    {
        "subjective": "For the sugar check. Walks daily, takes the tablets.",
        "objective": "Feet without wounds, feels the thread.",
        "assessment": "Type 2 diabetes, under control",
        "plan": "Go on with the tablets. Fasting sugar in four weeks.",
    },
    {
        "subjective": "Headache in the mornings. Missed tablets while travelling.",
        "objective": "No swelling of the feet. Chest clear.",
        "assessment": "High blood pressure, not controlled",
        "plan": "Less salt. Tablets daily. Blood pressure at the health centre every week.",
    },
    {
        "subjective": "Loose motions since yesterday, six times. Drinks well.",
        "objective": "Not dry. Belly soft.",
        "assessment": "Acute diarrhoea without dehydration",
        "plan": "ORS after every stool. Come at once if blood appears or nothing stays down.",
    },
    {
        "subjective": "Pain in the right knee on stairs, for two months.",
        "objective": "Mild swelling, full movement, no warmth.",
        "assessment": "Osteoarthritis of the knee",
        "plan": "Exercises shown. Hot packs. Weight.",
    },
)
"""Notes, each beside the prescription of the same place in `plan.PRESCRIPTIONS`."""

DIAGNOSED = ("B34.9", "E11.9", "I10", "A09", "M17.9")
"""The codes of these notes. Every other one is coded; the others say it in their own words alone."""


URGENT_TESTS = 0.1
"""Share of those sent for tests who are to be taken first."""

USUAL_TESTS = frozenset({"CBC", "RBS", "HBA1C", "KFT", "ELEC", "LFT", "CRP", "URINE", "MP", "XCHEST", "XKNEE", "XLUMB"})
"""What is ordered most in an outpatient department."""

FOUND = (
    "Nothing unusual.",
    "No fracture. Soft tissues unremarkable.",
    "Lung fields clear. Heart of usual size.",
    "Not seen in this sample.",
    "Two to four pus cells in a field. No sugar, no protein.",
)
"""Reports in words."""


def usual(listed: Sequence[tuple[str, UUID]], place: UUID) -> list[str]:
    """The codes of usual tests that are done at a place, of all that are listed; without one any."""
    there = [code for code, department_id in listed if department_id == place]
    return [code for code in there if code in USUAL_TESTS] or there


def resulted(random: Random, measures: Sequence[Measure], age: int) -> dict[str, Decimal]:
    """What a machine says of somebody: of most people something usual, of one in six a value beside it, of one in
    thirty one that nobody may overlook."""
    values = {}
    for measure in measures:
        low, high = (edge if isfinite(edge) else None for edge in at(measure.usual, age) or (1.0, 100.0))
        low = (high or 1.0) * 0.4 if low is None else low
        high = low * 1.6 + 1 if high is None else high
        draw = random.random()
        beside = random.uniform(1.02, 1.2) if draw < 1 / 6 else random.uniform(0.3, 0.9)
        value = low + (high - low) * (2.5 if draw < 1 / 30 else beside)
        values[measure.name] = Decimal(f"{value:.3g}")
    return values


def note_beside(prescription: int) -> Mapping[str, str]:
    """The note that goes with the n-th prescription, counted on without end."""
    return NOTES[prescription % len(NOTES)]


def diagnosed_beside(prescription: int) -> str:
    """The code that goes with the n-th prescription, "" where the doctor codes none."""
    return "" if prescription % 2 else DIAGNOSED[prescription % len(DIAGNOSED)]


def measured(random: Random, age: int) -> dict[str, Decimal]:
    """Vital signs of somebody of that age; of one in ten the oxygen is low or the pressure high."""
    unwell = random.random() < 0.1
    signs = {
        "temperatureC": Decimal(random.randrange(364, 390)) / 10,
        "spo2": Decimal(random.choice((89, 91)) if unwell and age >= 50 else random.randrange(96, 100)),
        "weightKg": Decimal(random.randrange(480, 820)) / 10 if age >= 15 else Decimal(8 + 2 * age),
    }
    if age >= 15:
        upper = random.randrange(150, 185) if unwell else random.randrange(106, 139)
        signs |= {
            "systolic": Decimal(upper),
            "diastolic": Decimal(upper - 45),
            "pulse": Decimal(random.randrange(62, 98)),
        }
    return signs
