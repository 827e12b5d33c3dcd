"""Asks one cell of the matrix and says what is wrong with the answer."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from tests.fuzz.pages import Page
from tests.matrix.table import CLINICAL, DESK, DOCTORS, FROM_PAGE, PAPERS, Row, sees, works
from tests.matrix.world import Kind, Place, Principal, Where, World, kept_back, writes
from tests.proving import PROVE

DOORS = ("/login?", "/login/", "/admin/login/")
"""Whoever is sent there has been refused."""

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
LOOSE = {
    "^(?P<app_label>accounts|scheduling|queue|encounters|billing|display)/$": "queue/",
    "(?P<url>.*)$": "nothing-here/",
}
"""Patterns that Django writes as regular expressions, and an address of each."""


def address_of(row: Row, words: dict[str, str]) -> str:
    """Where a row's request goes, about a place."""
    known = words | {name: text.format(**words) for name, text in row.words.items()}
    path = PARAMETER.sub(lambda found: known[found[1]], address_pattern(row))
    return f"/{path}?{row.query.format(**words)}" if row.query else f"/{path}"


def address_pattern(row: Row) -> str:
    """A row's pattern as a path with `<parameters>`."""
    return next(
        (row.pattern.replace(loose, plain) for loose, plain in LOOSE.items() if loose in row.pattern), row.pattern
    )


def names_a_place(row: Row) -> bool:
    """Whether the address says what is asked about."""
    return bool(PARAMETER.search(address_pattern(row)))


def is_about_a_place(row: Row) -> bool:
    """Whether anything of the request does."""
    return names_a_place(row) or any("{" in text for text in [row.query, *texts(row.body)]) or row.body is FROM_PAGE


def texts(value: Any) -> Iterator[str]:
    """All texts in a body."""
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(inner)


def body_of(row: Row, words: dict[str, str], world: World, address: str) -> bytes | None:
    """What a row's request carries, about a place."""
    if row.body is None:
        return None
    if row.body is FROM_PAGE:
        return urlencode(filled(world, address)).encode()
    told = fill(row.body, words)
    by_api = row.pattern.startswith("api/v1/")
    return json.dumps(told).encode() if by_api else urlencode(told).encode()


def fill(value: Any, words: dict[str, str]) -> Any:
    """A body with its `{words}` filled."""
    if isinstance(value, dict):
        return {name: fill(inner, words) for name, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner, words) for inner in value]
    return value.format(**words) if isinstance(value, str) else value


def filled(world: World, address: str) -> dict[str, str]:
    """What the administrator's browser would send from a form as it is shown; nothing where none is shown."""
    html = world.ask(Principal.ADMIN, "GET", address, None).content.decode()
    forms = [form for form in Page(address, html).forms if "_save" in form.fields]
    return forms[0].fields if forms else {}


def is_refused(answer: Any) -> bool:
    """Whether the answer is that one may not, or that there is no such thing."""
    location = answer.headers.get("Location", "")
    return answer.status_code in (401, 403, 404) or (
        300 <= answer.status_code < 400 and (location == "/login" or location.startswith(DOORS))
    )


def ask_everybody(world: World, row: Row) -> list[str]:
    """All cells of a row; what is wrong with any."""
    wrong: list[str] = []
    for where in Where if is_about_a_place(row) else [Where.HERE]:
        place = world.places[where]
        with kept_back():
            place.bring(row.state)
            request = request_of(world, row, place.words())
            world.written = writes()
            for who in asked_there(row, where):
                wrong += cell(world, row, who, place, request)
    return wrong


def asked_there(row: Row, where: Where) -> list[Principal]:
    """Who asks about a place. At landing, away from here only those who may somewhere: whoever may not here has the
    same answer there, which `make prove` asks too."""
    everywhere = PROVE or where is Where.HERE
    return [who for who in Principal if everywhere or any(row.who.may(who, place) for place in Where)]


def request_of(world: World, row: Row, words: dict[str, str]) -> tuple[str, bytes | None]:
    """The address and the body of a row's request about a place."""
    address = address_of(row, words)
    return address, body_of(row, words, world, address)


def cell(world: World, row: Row, who: Principal, place: Place, request: tuple[str, bytes | None]) -> list[str]:
    """Ask, and undo what came of it; what is wrong, as sentences."""
    with kept_back():
        answer = world.ask(who, row.method, *request)
    before, after = world.written, writes()
    world.written = after
    if row.who.may(who, place.where):
        wrong = (
            [] if answer.status_code in row.answers and not is_refused(answer) else [f"was not let in: {told(answer)}"]
        )
    else:
        wrong = judge_refusal(row, who, answer)
        wrong += [f"was refused, but wrote to {table}" for table in before if before[table] != after[table]]
    wrong += [f"is shown {what}" for what in leaks(world, row, who, place, answer)]
    return [f"{row} as {who} about {place.where}: {what}" for what in wrong]


def judge_refusal(row: Row, who: Principal, answer: Any) -> list[str]:
    """What is wrong with the answer to somebody who may not."""
    wrong = []
    if not (is_refused(answer) or is_gone(row, answer) or (answer.status_code in (400, 409) and misses(row, who))):
        wrong.append(f"was not refused: {told(answer)}")
    if who is Principal.ANONYMOUS and row.pattern.startswith("api/v1/") and answer.status_code != 401:
        wrong.append(f"as nobody in particular should get 401, not {answer.status_code}")
    return wrong


def misses(row: Row, who: Principal) -> bool:
    """Whether somebody may ask this, only not about that: then a wrong id in the body is as good as a misspelt one."""
    return not names_a_place(row) and any(row.who.may(who, where) for where in Where)


def is_gone(row: Row, answer: Any) -> bool:
    """Whether the admin says in its own way that there is no such thing: back to where one began."""
    return row.pattern.startswith("admin/") and answer.status_code == 302 and answer.headers["Location"] == "/admin/"


def leaks(world: World, row: Row, who: Principal, place: Place, answer: Any) -> list[str]:
    """What an answer shows that this principal may not see."""
    shown = world.shown(told(answer, whole=True))
    let_in = row.who.may(who, place.where) or misses(row, who)
    return [
        f"{kind} of {where}"
        for where, kind in sorted(shown)
        if not (
            let_in and kind in sees(who, where) | (shown_by(row, who, where) if where is place.where else frozenset())
        )
    ]


def shown_by(row: Row, who: Principal, where: Where) -> frozenset[Kind]:
    """What a row shows beside what somebody sees anywhere: phone and address to the desk and nurses, what is clinical
    to those who serve the department that it was written in."""
    papers = frozenset() if who in DESK else PAPERS
    shows = row.shows | (row.shows_doctors if who in DOCTORS else frozenset())
    return shows - papers - (frozenset() if works(who, where) else CLINICAL)


def told(answer: Any, *, whole: bool = False) -> str:
    """An answer as text: all of it with its headers, or enough to recognise it."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = body.decode(errors="replace")
    return f"{dict(answer.headers)} {text}" if whole else f"{answer.status_code} {' '.join(text.split())[:300]}"
