"""Invented people with the names, ages and needs of a district hospital's hall. Nobody of them exists."""

from dataclasses import dataclass
from random import Random

from apps.patients.rules.people import Sex

CHILDREN_BELOW = 15
"""Years. Younger people see the paediatrician."""

PREGNANT_AGES = range(19, 39)

_DISABLED = 0.02
_PREGNANT = 0.08
"""Share of the women of that age who come to a general clinic."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as the desk would type them in. `age` in years."""

    name: str
    sex: Sex
    age: int
    phone: str
    pregnant: bool = False
    disabled: bool = False
    language: str = "en"


@dataclass(frozen=True, slots=True)
class _Community:
    """First names and family names that go together, in the script they are written down in at the desk."""

    language: str
    women: tuple[str, ...]
    men: tuple[str, ...]
    families: tuple[str, ...]


_COMMUNITIES = (
    _Community(
        "hi",
        ("Sunita", "Geeta", "Kavita", "Pooja", "Neha", "Rekha", "Anita", "Suman", "Kiran", "Shanti"),
        ("Ramesh", "Suresh", "Mohan", "Rajesh", "Vijay", "Anil", "Sanjay", "Deepak", "Manoj", "Arun"),
        ("Kumar", "Gupta", "Verma", "Yadav", "Mishra", "Tiwari", "Sahu", "Prasad", "Chauhan", "Lal"),
    ),
    _Community(
        "hi",
        ("सुनीता", "गीता", "कविता", "पूजा", "रेखा", "सावित्री", "मीना", "लता"),
        ("रमेश", "सुरेश", "मोहन", "राजेश", "अनिल", "दीपक", "हरीश", "गोपाल"),
        ("कुमार", "गुप्ता", "वर्मा", "यादव", "शर्मा", "तिवारी", "पटेल", "सिंह"),
    ),
    _Community(
        "ta",
        ("Lakshmi", "Priya", "Meenakshi", "Kamala", "Revathi", "Selvi", "Divya", "Malathi"),
        ("Murugan", "Senthil", "Karthik", "Selvam", "Arjun", "Prakash", "Ganesan", "Vignesh"),
        ("Sundaram", "Raman", "Krishnan", "Subramanian", "Pillai", "Rajan", "Natarajan", "Devi"),
    ),
    _Community(
        "ta",
        ("லட்சுமி", "மீனாட்சி", "கமலா", "செல்வி", "பிரியா", "வள்ளி"),
        ("முருகன்", "செந்தில்", "கார்த்திக்", "செல்வம்", "கணேசன்", "பிரகாஷ்"),
        ("சுந்தரம்", "ராமன்", "கிருஷ்ணன்", "நடராஜன்", "ராஜன்"),
    ),
    _Community(
        "en",
        ("Fatima", "Ayesha", "Zainab", "Nasreen", "Rukhsana", "Shabana", "Salma"),
        ("Abdul", "Imran", "Salim", "Yusuf", "Irfan", "Rashid", "Faisal"),
        ("Rehman", "Sheikh", "Khan", "Ansari", "Qureshi", "Siddiqui", "Pathan"),
    ),
    _Community(
        "en",
        ("Gurpreet", "Harjit", "Simran", "Manjit", "Jasleen"),
        ("Gurpreet", "Harpreet", "Balwinder", "Kuldeep", "Jaspal"),
        ("Singh", "Kaur", "Gill", "Sandhu", "Dhillon"),
    ),
    _Community(
        "en",
        ("Sushmita", "Ananya", "Mousumi", "Rina", "Shampa"),
        ("Subhash", "Amit", "Tapan", "Bikash", "Partha"),
        ("Das", "Ghosh", "Banerjee", "Mondal", "Sarkar"),
    ),
    _Community(
        "en",
        ("মিতা", "রীনা", "সুমিতা", "শম্পা"),
        ("সুভাষ", "অমিত", "তপন", "বিকাশ"),
        ("দাস", "ঘোষ", "মণ্ডল", "সরকার"),
    ),
    _Community(
        "en",
        ("Sarojamma", "Padma", "Swathi", "Anjali", "Bhavani"),
        ("Venkatesh", "Srinivas", "Ravi", "Narasimha", "Chandra"),
        ("Reddy", "Naidu", "Rao", "Gowda", "Shetty"),
    ),
    _Community(
        "en",
        ("సరోజ", "పద్మ", "స్వాతి", "భవాని"),
        ("వెంకటేష్", "శ్రీనివాస్", "రవి", "నరసింహ"),
        ("రెడ్డి", "నాయుడు", "రావు"),
    ),
    _Community(
        "en",
        ("Mary", "Leela", "Annamma", "Beena", "Sheela"),
        ("Thomas", "George", "Joseph", "Babu", "Biju"),
        ("Mathew", "Varghese", "Nair", "Kurian", "Menon"),
    ),
    _Community(
        "en",
        ("Sushila", "Vandana", "Asha", "Manisha", "Rohini"),
        ("Vitthal", "Prakash", "Santosh", "Nitin", "Ganesh"),
        ("Patil", "Pawar", "Jadhav", "Kulkarni", "Shinde"),
    ),
)


def person(random: Random, number: int, *, child: bool, series: str = "+9190001") -> Person:
    """One invented person. `number` (0 to 99,999) makes the phone, so that people of one series differ in it."""
    community = random.choice(_COMMUNITIES)
    woman = random.random() < 0.52
    given = random.choice(community.women if woman else community.men)
    age = _child_age(random) if child else _adult_age(random)
    pregnant = woman and age in PREGNANT_AGES and random.random() < _PREGNANT
    return Person(
        name=f"{given} {random.choice(community.families)}",
        sex=Sex.FEMALE if woman else Sex.MALE,
        age=age,
        phone=f"{series}{number:05d}",
        pregnant=pregnant,
        disabled=random.random() < _DISABLED,
        language=community.language,
    )


def _child_age(random: Random) -> int:
    """Small children come most."""
    return min(int(random.expovariate(1 / 4.5)), CHILDREN_BELOW - 1)


def _adult_age(random: Random) -> int:
    return min(max(int(random.gauss(46, 17)), CHILDREN_BELOW), 92)
