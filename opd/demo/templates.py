"""What the doctors of a demo write again and again, by department."""

from typing import Any

AFTER_FOOD = "after food"


def _line(medicine: str, frequency: str, days: int, instructions: str = "") -> dict[str, Any]:
    return {"medicine": medicine, "frequency": frequency, "days": days, "instructions": instructions}


def _template(name: str, note: dict[str, str], code: str, *items: dict[str, Any], tests: str = "") -> dict[str, Any]:
    return {"name": name, "note": note, "diagnoses": [{"text": code}], "items": items, "tests": tests.split()}


GENERAL = (
    _template(
        "Cold",
        {
            "objective": "Throat red, chest clear, no breathlessness.",
            "advice": "Drink warm water often and rest. Come back at once with breathlessness, or after three days of"
            " fever.",
        },
        "J06.9",
        _line("Paracetamol 500 mg tablet", "1-1-1", 3, AFTER_FOOD),
        _line("Cetirizine 10 mg tablet", "0-0-1", 5),
    ),
    _template(
        "Diabetes review",
        {
            "plan": "Feet looked at. Sugar, HbA1c and kidneys before the next visit.",
            "advice": "Walk half an hour every day. Look at your feet every evening.",
        },
        "E11.9",
        _line("Metformin 500 mg tablet", "1-0-1", 30, AFTER_FOOD),
        tests="FBS HBA1C CREA",
    ),
    _template(
        "Blood pressure review",
        {"plan": "Same medicine. Measure at home twice a week.", "advice": "Less salt, no pickles and papad."},
        "I10",
        _line("Amlodipine 5 mg tablet", "1-0-0", 30),
    ),
)

CHILDREN = (
    _template(
        "Child with fever",
        {
            "objective": "Active, drinks well, no rash, neck soft.",
            "advice": "Give plenty to drink. Come at once if the child does not drink, is drowsy or has a fit.",
        },
        "R50.9",
        _line("Paracetamol 120 mg/5 ml syrup", "1-1-1", 3, AFTER_FOOD),
    ),
    _template(
        "Loose motions of a child",
        {
            "objective": "No sunken eyes, skin goes back quickly.",
            "plan": "Salt and sugar solution after every motion.",
            "advice": "Go on feeding. Come at once with blood in the stool or when the child cannot drink.",
        },
        "A09",
        _line("ORS 20.5 g powder", "1-1-1", 3, "one packet in a litre of boiled water"),
        _line("Zinc 20 mg tablet", "1-0-0", 14),
    ),
)

BONES = (
    _template(
        "Low back pain",
        {
            "objective": "No weakness, no loss of feeling, straight leg raising free.",
            "advice": "Keep moving, do not lift. Come at once with weak legs or trouble passing urine.",
        },
        "M54.50",
        _line("Aceclofenac + Paracetamol 100 mg + 325 mg tablet", "1-0-1", 5, AFTER_FOOD),
        _line("Pantoprazole 40 mg tablet", "1-0-0", 5, "before food"),
    ),
    _template(
        "Worn knees",
        {
            "plan": "Exercises for the thigh shown. X-ray of both knees standing.",
            "advice": "Do the exercises twice a day. Do not squat or sit on the floor.",
        },
        "M17.9",
        _line("Diclofenac 1 % gel", "1-0-1", 14, "rub in"),
        tests="XKNEE",
    ),
)

TEMPLATES: dict[str, tuple[dict[str, Any], ...]] = {"GEN": GENERAL, "PED": CHILDREN, "ORT": BONES}
"""By the code of the doctor's department."""
