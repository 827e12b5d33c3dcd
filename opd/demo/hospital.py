"""The demo hospital, before its first visit."""

from decimal import Decimal

from apps.accounts.rules.demo import DEMO_DOMAIN, DEMO_SECRET
from apps.core.policy import Role
from apps.patients.rules.health import FactKind
from apps.patients.rules.people import Sex
from apps.scheduling.rules import DepartmentKind, Symbol
from opd.demo.shapes import (
    Hospital,
    NewBoard,
    NewCounter,
    NewDepartment,
    NewDoctor,
    NewHours,
    NewKind,
    NewPrice,
    NewRoom,
    NewStaff,
    NewVisitType,
)
from opd.simulation.people import Person

DEPARTMENTS = (
    NewDepartment("GEN", "G", "General Medicine"),
    NewDepartment("PED", "C", "Paediatrics", sees_children=True),
    NewDepartment("ORT", "B", "Orthopaedics"),
    NewDepartment("TRI", "T", "Triage", DepartmentKind.TRIAGE),
    NewDepartment("LAB", "L", "Laboratory", DepartmentKind.LABORATORY),
    NewDepartment("XRY", "X", "X-ray", DepartmentKind.IMAGING),
    NewDepartment("PHA", "P", "Pharmacy", DepartmentKind.PHARMACY),
    NewDepartment("CSH", "M", "Cashier", DepartmentKind.CASHIER),
)


STAFF = (
    NewStaff("admin", "Kavita Deshmukh", Role.ADMIN, DEMO_SECRET),
    NewStaff("reception", "Meera Iyer", Role.RECEPTION),
    NewStaff("nurse", "Sister Rose Thomas", Role.NURSE),
    NewStaff("cashier", "Vikram Shah", Role.CASHIER),
    NewStaff("pharmacist", "Leela Fernandes", Role.PHARMACIST),
    NewStaff("lab", "Anil Pawar", Role.LAB),
)


TRIAGE = {
    "": (
        "chest pain",
        "breathlessness",
        "stroke",
        "heavy bleeding",
        "unconscious",
        "convulsions",
        "poisoning",
        "snake bite",
        "सीने में दर्द",
        "साँस फूलना",
        "நெஞ்சு வலி",
        "மூச்சுத் திணறல்",
    ),
    "PED": ("not drinking", "cannot be woken"),
    "ORT": ("open fracture",),
}


PRICES = (
    NewPrice("GEN", 300),
    NewPrice("PED", 300),
    NewPrice("ORT", 400),
    NewPrice("LAB", 250, revisit_days=0),
    NewPrice("XRY", 350, revisit_days=0),
)


_WEEK = (0, 1, 2, 3, 4)


DEMO = Hospital(
    name="Asha District Hospital",
    code="ADH",
    domain=DEMO_DOMAIN,
    address="Station Road, Ashanagar 411 001",
    phone="+91 90000 00000",
    position=(Decimal("18.52040"), Decimal("73.85670")),
    departments=DEPARTMENTS,
    rooms=(
        NewRoom("3", Symbol.BOAT, "Hall A"),
        NewRoom("4", Symbol.MANGO, "Hall A"),
        NewRoom("5", Symbol.FISH, "Hall A"),
        NewRoom("6", Symbol.POT, "Hall B"),
        NewRoom("7", Symbol.BELL, "Hall B"),
        NewRoom("8", Symbol.DRUM, "Hall B"),
        NewRoom("9", Symbol.BOAT, "Hall C"),
        NewRoom("10", Symbol.MANGO, "Hall C"),
        NewRoom("11", Symbol.FISH, "Hall C"),
        NewRoom("12", Symbol.POT, "Hall C"),
        NewRoom("13", Symbol.BELL, "Hall C"),
        NewRoom("14", Symbol.DRUM, "Hall C"),
    ),
    staff=STAFF,
    doctors=(
        NewDoctor("rao", "Dr Suresh Rao", "GEN", "4", "MMC-2004-11873", "MBBS, MD (Medicine)", 21, 6),
        NewDoctor("nair", "Dr Anjali Nair", "GEN", "3", "TCMC-2012-40216", "MBBS, DNB (Medicine)", 13, 5),
        NewDoctor("khan", "Dr Farah Khan", "PED", "5", "MMC-2009-27714", "MBBS, MD (Paediatrics)", 16, 6),
        NewDoctor("murugan", "Dr K. Murugan", "ORT", "6", "TNMC-1998-60952", "MBBS, MS (Orthopaedics)", 27, 5, _WEEK),
        NewDoctor("joshi", "Dr Meera Joshi", "ORT", "7", "MMC-2016-33508", "MBBS, DNB (Orthopaedics)", 9, 6),
    ),
    triage=TRIAGE,
    patients=tuple(
        Person(name, sex, age, f"+919000000{number:03d}", pregnant, disabled, language)
        for number, (name, sex, age, pregnant, disabled, language) in enumerate(
            (
                ("Lakshmi Devi", Sex.FEMALE, 67, False, False, "hi"),
                ("Ramesh Kumar", Sex.MALE, 54, False, False, "hi"),
                ("Sunita Pawar", Sex.FEMALE, 33, False, False, "hi"),
                ("Aarav Sharma", Sex.MALE, 4, False, False, "hi"),
                ("Abdul Rehman", Sex.MALE, 58, False, False, "hi"),
                ("Priya Sundaram", Sex.FEMALE, 29, True, False, "ta"),
                ("Gurpreet Singh", Sex.MALE, 44, False, False, "en"),
                ("Mohan Lal", Sex.MALE, 71, False, False, "hi"),
                ("Neha Gupta", Sex.FEMALE, 31, False, False, "hi"),
                ("முருகன் செல்வம்", Sex.MALE, 49, False, False, "ta"),
                ("सावित्री यादव", Sex.FEMALE, 76, False, False, "hi"),
                ("गोपाल तिवारी", Sex.MALE, 39, False, True, "hi"),
                ("Fatima Sheikh", Sex.FEMALE, 26, True, False, "hi"),
                ("Zoya Sheikh", Sex.FEMALE, 2, False, False, "hi"),
                ("Thomas Kurian", Sex.MALE, 62, False, False, "en"),
                ("Annamma Varghese", Sex.FEMALE, 81, False, False, "en"),
                ("மீனாட்சி ராமன்", Sex.FEMALE, 35, False, False, "ta"),
                ("సరోజ రెడ్డి", Sex.FEMALE, 52, False, False, "en"),
                ("వెంకటేష్ నాయుడు", Sex.MALE, 46, False, False, "en"),
                ("মিতা ঘোষ", Sex.FEMALE, 41, False, False, "en"),
                ("Subhash Mondal", Sex.MALE, 66, False, True, "en"),
                ("Harpreet Kaur", Sex.FEMALE, 24, True, False, "en"),
                ("Kabir Ansari", Sex.MALE, 1, False, False, "hi"),
                ("Ananya Das", Sex.FEMALE, 9, False, False, "en"),
                ("Vitthal Jadhav", Sex.MALE, 69, False, False, "hi"),
                ("Rohini Kulkarni", Sex.FEMALE, 57, False, False, "hi"),
                ("दीपक वर्मा", Sex.MALE, 28, False, False, "hi"),
                ("पूजा गुप्ता", Sex.FEMALE, 3, False, False, "hi"),
                ("Imran Qureshi", Sex.MALE, 37, False, False, "hi"),
                ("Shabana Siddiqui", Sex.FEMALE, 48, False, False, "hi"),
                ("ലീല മേനോൻ", Sex.FEMALE, 73, False, False, "en"),
                ("Biju Joseph", Sex.MALE, 32, False, False, "en"),
                ("ಶಾಂತಾ ಗೌಡ", Sex.FEMALE, 64, False, True, "en"),
                ("Venkatesh Shetty", Sex.MALE, 51, False, False, "en"),
                ("હંસા પટેલ", Sex.FEMALE, 59, False, False, "hi"),
                ("Jignesh Patel", Sex.MALE, 22, False, False, "hi"),
                ("Diya Nambiar", Sex.FEMALE, 6, False, False, "en"),
                ("ਜਸਪਾਲ ਸਿੰਘ", Sex.MALE, 78, False, False, "en"),
                ("Tenzin Dolma", Sex.FEMALE, 43, False, False, "en"),
                ("Rajan Pillai", Sex.MALE, 85, False, True, "en"),
            ),
            start=1,
        )
    ),
    boards=(
        NewBoard("hall-a", "Hall A", ("GEN", "PED")),
        NewBoard("hall-b", "Hall B", ("ORT",)),
        NewBoard("hall-c", "Hall C", ("TRI", "LAB", "XRY", "PHA", "CSH")),
        NewBoard("staff-corridor", "Staff corridor", ("GEN", "PED", "ORT"), open_to_all=False),
    ),
    visit_types=(
        NewVisitType("First visit", ("GEN", "PED", "ORT"), 15, with_doctors={"murugan": 20}),
        NewVisitType("Follow-up", ("GEN", "PED", "ORT"), 10),
        NewVisitType("Vaccination", ("PED",), 5),
        NewVisitType("Dressing or plaster", ("ORT",), 20, with_doctors={"joshi": 30}),
        NewVisitType("Procedure", ("GEN", "ORT"), 30, by_patients=False),
    ),
    health=(
        ((FactKind.ALLERGY, "Penicillin", "severe"), (FactKind.CONDITION, "High blood pressure", "")),
        ((FactKind.CONDITION, "Type 2 diabetes", ""),),
        (),
        ((FactKind.ALLERGY, "Sulfonamides", "moderate"),),
        ((FactKind.CONDITION, "Asthma", ""), (FactKind.ALLERGY, "Ibuprofen", "severe")),
    ),
    prices=(
        *PRICES,
        NewPrice("ORT", 500, account="murugan"),
        *(NewPrice(code, 900, revisit_days=0, paid_priority=True) for code in ("GEN", "PED", "ORT")),
        *(NewPrice(code, 150, visit_type="Follow-up") for code in ("GEN", "PED", "ORT")),
        NewPrice("ORT", 1500, visit_type="Procedure", revisit_days=0),
    ),
    test_prices=(("LAB", 250), ("XRY", 350)),
    asks_first=("ORT",),
    hours=NewHours(),
    counters=(
        NewCounter("Triage", "TRI", "9"),
        NewCounter("Blood tests", "LAB", "10"),
        NewCounter("X-ray", "XRY", "11"),
        NewCounter("Pharmacy 1", "PHA", "12"),
        NewCounter("Pharmacy 2", "PHA", "13"),
        NewCounter("Cashier", "CSH", "14"),
    ),
    kinds=(
        NewKind("Consultation, pharmacy, cashier", (("",), ("PHA",), ("CSH",)), usual_for=("Vaccination",)),
        NewKind("With triage", (("TRI",), ("",), ("PHA",), ("CSH",)), usual_for=("Procedure",)),
        NewKind("With tests", (("TRI",), ("",), ("LAB", "XRY"), ("",), ("PHA",), ("CSH",))),
    ),
)
