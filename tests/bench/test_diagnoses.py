"""The whole table of diagnoses, 75,000 codes: taken in and searched, beside the same statements in bare psycopg."""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import islice, product
from typing import Any

import pytest
from django.db import connection

from apps.core.policy import system_actor
from apps.encounters.commands.coding import AT_ONCE, take_in_diagnoses
from apps.encounters.models import DiagnosisCode
from apps.encounters.queries.diagnoses import diagnosis_codes
from tests.bench.results import note
from tests.ward import Ward, open_ward

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

CODES = 75_000
ROUNDS, TIMES = 3, 9
SHOWN = 20
"""Of what is found, so much is read: a page."""

GOAL_IN, GOAL_SEARCH = 0.5, 0.4
WORDS = (
    *("acute", "chronic", "fracture", "of", "left", "right", "upper", "lower", "limb", "with", "without", "initial"),
    *("complication", "subsequent", "encounter", "open", "closed", "displaced", "unspecified", "disorder", "injury"),
    *("poisoning", "by", "accidental", "assault", "burn", "degree", "bone", "joint"),
)
SEARCHED = ("s72.0", "fracture left", "chronic disorder joint", "burn", "poisoning assault")
INSERT = """INSERT INTO encounters_diagnosiscode (code, title, search_key, is_common)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::boolean[])
    ON CONFLICT (code) DO UPDATE SET title = excluded.title, search_key = excluded.search_key,
    is_common = excluded.is_common"""
SELECT = """SELECT code, title, search_key, is_common FROM encounters_diagnosiscode
    WHERE (code LIKE %s OR (WORDS)) ORDER BY is_common DESC, search_key NOT LIKE %s, length(title),
    code LIMIT %s"""


@pytest.fixture
def ward(transactional_db: None) -> Iterator[Ward]:
    """A hospital that has the whole table."""
    with open_ward() as opened:
        yield opened


def made_up() -> list[dict[str, str]]:
    """As many codes as ICD-10-CM has, with titles as long as its."""
    chance = random.Random(9)
    plain = ("".join(parts) for parts in product("STVWXY", "0123456789", "0123456789", "0123456789", "AB", "1234567"))
    return [
        {"code": code, "title": " ".join(chance.choice(WORDS) for _ in range(chance.randint(4, 14)))}
        for code in islice(plain, CODES)
    ]


def test_the_whole_table_is_taken_in_and_searched(ward: Ward):
    rows = made_up()
    about = {"actor": system_actor("bench", ward.facility.id), "now": ward.now, "common": False}
    ratios: dict[str, list[float]] = {"taken in": [], "searched": []}
    for turn in range(ROUNDS):
        sides: list[Callable[[], Any]] = [lambda: take_in_diagnoses(**about, rows=rows), lambda: bare_in(rows)]
        spent = dict[int, float]()
        for side in (0, 1) if turn % 2 == 0 else (1, 0):  # who goes first finds another table than who goes second
            empty()
            spent[side] = seconds(sides[side])
        ratios["taken in"].append(spent[1] / spent[0])
    assert DiagnosisCode.objects.count() == CODES
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE encounters_diagnosiscode")
    for said in SEARCHED:
        assert [row.code for row in diagnosis_codes(said)[:SHOWN]] == bare_search(said) != []
    for _ in range(ROUNDS):
        ours = statistics.median(seconds(search_all) for _ in range(TIMES))
        theirs = statistics.median(seconds(lambda: [bare_search(said) for said in SEARCHED]) for _ in range(TIMES))
        ratios["searched"].append(theirs / ours)
    found = {what: statistics.median(each) for what, each in ratios.items()}
    note("75,000 codes of diagnoses taken in, against the same in bare psycopg", found["taken in"], GOAL_IN, 15)
    note("75,000 codes of diagnoses searched, against the same in bare psycopg", found["searched"], GOAL_SEARCH, 2)
    assert found["taken in"] >= GOAL_IN
    assert found["searched"] >= GOAL_SEARCH


def empty() -> None:
    """As before anything was taken in."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE encounters_diagnosiscode")


def bare_in(rows: list[dict[str, str]]) -> None:
    """The same table, written by arrays, no row of it looked at."""
    with connection.cursor() as cursor:
        for start in range(0, len(rows), AT_ONCE):
            some = rows[start : start + AT_ONCE]
            codes = [f"{row['code'][:3]}.{row['code'][3:]}" for row in some]
            titles = [row["title"] for row in some]
            cursor.execute(INSERT, [codes, titles, titles, [False] * len(some)])


def search_all() -> list[list[DiagnosisCode]]:
    """A page of each of what is searched, as the console asks for it."""
    return [list(diagnosis_codes(said)[:SHOWN]) for said in SEARCHED]


def bare_search(said: str) -> list[str]:
    """The codes of the same page, by one statement."""
    with connection.cursor() as cursor:
        words = [f"%{word}%" for word in said.split()]
        statement = SELECT.replace("WORDS", " AND ".join(["search_key LIKE %s"] * len(words)))
        cursor.execute(statement, [f"{said.upper()}%", *words, f"{said}%", SHOWN])
        return [code for code, *_rest in cursor.fetchall()]


def seconds(work: Callable[[], Any]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
