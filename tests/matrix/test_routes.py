"""Every route and page × ten principals × here, there and away."""

import json
from collections.abc import Iterator

import pytest

from tests.matrix.cells import (
    PARAMETER,
    address_of,
    address_pattern,
    ask_everybody,
    is_gone,
    is_refused,
    request_of,
    texts,
    told,
)
from tests.matrix.table import PATIENTS, TABLE, Row, sees
from tests.matrix.world import Principal, Where, World, kept_back, writes

pytestmark = pytest.mark.django_db

METHODS = ("GET", "HEAD", "OPTIONS", "TRACE", "POST", "PUT", "PATCH", "DELETE")
NOT_DONE = frozenset({400, 401, 403, 404, 405, 409})


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_who_may_gets_it_and_nobody_else_gets_or_changes_anything(world: World, row: Row):
    wrong = ask_everybody(world, row)
    assert not wrong, "\n".join(wrong)


BY_PATTERN = {row.pattern: row for row in TABLE}
"""One row of each address."""


@pytest.mark.parametrize("row", BY_PATTERN.values(), ids=lambda row: row.pattern)
def test_other_methods_open_nothing(world: World, row: Row):
    """PUT is no way around what is refused to POST; a header that names another method counts for nothing."""
    place = world.places[Where.HERE]
    address = address_of(row, place.words())
    listed = {known.method for known in TABLE if known.pattern == row.pattern}
    for method in [method for method in METHODS if method not in listed]:
        for who in (Principal.ANONYMOUS, Principal.ADMIN):
            before = writes()
            with kept_back():
                answer = world.ask(who, method, address, b"{}", **{"X-HTTP-Method-Override": "DELETE"})
            wrote = before != writes() and method not in ("HEAD", "OPTIONS")
            shown = {kind for where, kind in world.shown(told(answer, whole=True)) if kind not in sees(who, where)}
            harmless = (
                is_refused(answer) or is_gone(row, answer) or answer.status_code == 405 or method in ("HEAD", "OPTIONS")
            )
            by_django = row.pattern.startswith("admin/") and who is Principal.ADMIN and answer.status_code < 400
            assert harmless or by_django, f"{method} as {who}: {told(answer)}"
            assert not wrote, f"{method} as {who} wrote something"
            assert not shown, f"{method} as {who} is shown {shown}"


def mixtures(row: Row) -> Iterator[tuple[str, Where]]:
    """Which one of the things that a request names is put in the place of our own, and from where."""
    named = set(PARAMETER.findall(address_pattern(row))) - set(row.words) - {"slug", "code"}
    bodily = {text.strip("{}") for text in [*texts(row.body), *row.words.values()] if text[:1] == "{"} - {"version"}
    if len(named | bodily) > 1:
        for word in sorted(named | bodily):
            yield word, Where.AWAY
            if word.removesuffix("_id") in ("visit", "doctor", "department"):
                yield word, Where.THERE


MIXED = [(row, word, where) for row in TABLE for word, where in mixtures(row)]


@pytest.mark.parametrize(("row", "word", "where"), MIXED, ids=str)
def test_nobody_mixes_their_own_with_what_is_not_theirs(world: World, row: Row, word: str, where: Where):
    """Own visit, foreign doctor; own department, foreign patient: refused to those who may do either alone."""
    here, other = world.places[Where.HERE], world.places[where]
    with kept_back():
        here.bring(row.state)
        mixed = request_of(world, row, here.words() | {word: other.words()[word]})
        may = row.who.there if where is Where.THERE else frozenset()
        may |= PATIENTS if where is Where.THERE and word in row.free else frozenset()
        for who in row.who.here - may:
            before = writes()
            with kept_back():
                answer = world.ask(who, row.method, *mixed)
            shown = {kind for of, kind in world.shown(told(answer, whole=True)) if kind not in sees(who, of)}
            assert answer.status_code in NOT_DONE, f"{who}: {told(answer)}"
            assert before == writes(), f"{who} was refused, but something was written"
            assert not shown, f"{who} is shown {shown}"


def test_there_are_mixtures():
    assert len(MIXED) > 20


WRONG = frozenset({400, 404})
"""What is public is not found under another ending, or says what is wrong with it."""

ENDINGS = ("/", ".json", "%2f", "/..", "?format=json", ";x=y")


@pytest.mark.parametrize("row", [row for row in BY_PATTERN.values() if "api/v1/" in row.pattern], ids=str)
def test_no_ending_of_an_address_opens_it_to_nobody(world: World, row: Row):
    address = address_of(row, world.places[Where.HERE].words())
    for ending in ENDINGS:
        answer = world.ask(Principal.ANONYMOUS, row.method, address + ending, json.dumps(row.body or {}).encode())
        public = Principal.ANONYMOUS in row.who.here and answer.status_code in row.answers | WRONG
        assert answer.status_code == 401 or public, f"{address}{ending}: {told(answer)}"


@pytest.mark.parametrize("model", ["accounts/staff", "scheduling/doctor", "display/board", "queue/triagerule"])
def test_nothing_is_deleted_or_changed_in_bulk(world: World, model: str):
    ids = [f"_selected_action={place.words()[word]}" for place in world.places.values() for word in ("doctor", "board")]
    for action in ("delete_selected", "", "activate"):
        before = writes()
        body = "&".join([f"action={action}&index=0&select_across=1&form-TOTAL_FORMS=1&_save=1", *ids]).encode()
        world.ask(Principal.ADMIN, "POST", f"/admin/{model}/", body)
        assert before == writes()
