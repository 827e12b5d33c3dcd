"""Hostile values in every form and address of the pages: refused with a page that says so, or stored as they came."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, count, cycle, islice
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.test import Client

from apps.accounts.models import Facility, FailedTries, Staff
from apps.audit.models import AuditEntry
from apps.display.models import Board
from apps.encounters.models import Encounter, Investigation, Order, Prescription, VisitTemplate
from apps.notifications.models import LeftOut, OwnWording
from apps.patients.models import EmergencyAccess, Patient
from apps.queue.models import TriageRule, Visit, VisitTransition
from apps.queue.rules.states import State
from apps.scheduling.models import Counter, Department, Doctor, QueuePolicy, Room
from tests.factories import PASSWORD
from tests.fuzz.hospital import Hospital, check_in_by_link
from tests.fuzz.hostile import NAMES, TEXTS, seen
from tests.fuzz.pages import TYPED, Form, place_of, wander
from tests.fuzz.stations import under_way
from tests.fuzz.trying import Trier
from tests.proving import PROVE, dealt

pytestmark = pytest.mark.timeout(3600)

TYPED_IN, NOT_TYPED_IN = 3, 1
"""Hostile texts for each form, in fields that somebody types into and in hidden ones, lists and boxes."""

FORMS = 1 if PROVE else 5
"""Of the forms every so many is filled in."""

FILLED = {
    "name": "Asha Devi",
    "age": "34",
    "sex": "female",
    "phone": "98765 43210",
    "password": PASSWORD,
    "current": PASSWORD,
    "new": PASSWORD,
    "new_password": PASSWORD,
    "reason": "As the person wishes.",
    "kind": "consultation",
    "symbol": "boat",
    "role": "NURSE",
}
"""What is typed or chosen where the page leaves a field empty."""

ONLY_ONCE = {
    "number": "{:03}",
    "phrase": "faints {}",
    "slug": "hall-{}",
    "email": "somebody{}@hospital.test",
    "code": "N{:03}",
    "license_number": "L-{}",
}
"""What must differ from all there is."""

PARAMETERS = ("q", "page", "patient", "state", "doctor", "department", "code", "h", "next", "o", "e", "all", "_popup")
"""Parameters that some page reads; every page gets every one."""

MASTERS = (Facility, Staff, Department, QueuePolicy, Room, Counter, Doctor, Board, TriageRule, Investigation)

NO_TEXT = frozenset(
    {"phone", "email", "password", "current", "new", "new_password", "age", "birth_date", "q", "code", "number", "slug"}
)
"""Typed, but not kept as it came: it is read, looked for or hashed."""


_numbers = count(100)
Starts = Callable[[], list[str]]
Find = Callable[[], Form]


@dataclass
class Scene:
    """Somebody in front of pages: where they begin, with everything there that the pages show."""

    starts: Starts
    client: Callable[[], Client]


def scenes(hospital: Hospital) -> dict[str, Scene]:
    """Everybody who sees pages."""
    ward = hospital.ward
    with hospital.open():
        farida, rao = ward.admin, ward.rao

    def desk() -> list[str]:
        for state in (State.SCANNED, State.ON_HOLD, State.URGENT, State.WAITING):
            hospital.stand(state, ward.doctor)
        colleague = f"/admin/accounts/staff/{rao.id}/change/"
        with hospital.open():
            waiting, on_the_way = ward.arrive(), under_way(hospital.stations)
        return [
            colleague,
            *(f"/admin/desk/visits/{visit.id}/stations/" for visit in (waiting, on_the_way)),
            "/admin/desk/today/",
            "/admin/desk/find/?q=Person",
            "/admin/desk/register/",
            "/admin/",
            "/password/",
        ]

    def console(state: State) -> list[str]:
        hospital.stand(State.ON_HOLD, ward.doctor)
        hospital.stand(state, ward.doctor)
        with hospital.open():
            ward.arrive()
        return [f"/console/{ward.doctor.id}/"]

    def door() -> list[str]:
        with hospital.open():
            return ["/", "/login/staff/", "/t/", f"/t/{check_in_by_link(ward).tracking_code}/"]

    stranger = partial(Client, raise_request_exception=False)
    by_rao = partial(hospital.browser, rao)
    return {
        "desk": Scene(desk, partial(hospital.browser, farida)),
        "console with nobody called": Scene(partial(console, State.WAITING), by_rao),
        "console with somebody called": Scene(partial(console, State.CALLED), by_rao),
        "console with somebody seen": Scene(partial(console, State.IN_CONSULTATION), by_rao),
        "door": Scene(door, stranger),
        "check-in": Scene(lambda: [f"/checkin?h={hospital.link()}"], stranger),
    }


class Masters:
    """What hostile forms may change or delete, and how it is put back before the next one."""

    def __init__(self, hospital: Hospital) -> None:
        self.hospital = hospital
        with hospital.open():
            self.rows = [row for model in MASTERS for row in model.objects.all()]

    def put_back(self) -> None:
        """Everything as it was."""
        with self.hospital.open():
            FailedTries.objects.all().delete()
            LeftOut.objects.all().delete()
            OwnWording.objects.all().delete()
            VisitTemplate.objects.all().delete()
            for row in self.rows:
                row.save()


SCENES = (
    "desk",
    "console with nobody called",
    "console with somebody called",
    "console with somebody seen",
    "door",
    "check-in",
)


@pytest.mark.parametrize("name", SCENES)
def test_no_hostile_value_in_a_form_breaks_anything(hospital: Hospital, name: str):
    scene, masters, trier = scenes(hospital)[name], Masters(hospital), Trier()
    forms = all_forms(scene)
    assert forms
    for number, form in list(enumerate(forms))[::FORMS]:
        fill_in(trier, Desk(hospital, scene, masters, form), chosen(form, number))
    trier.judge()


def chosen(form: Form, number: int) -> list[tuple[str, str, str]]:
    """What is put into a form, one after the other: (field, kind of text, text); all of it to prove, else a choice."""
    typed = [name for name in sorted(form.fields) if form.kinds.get(name) in TYPED]
    others = [name for name in sorted(form.fields) if name not in typed]
    texts = (NAMES | TEXTS).items()
    of_typed, of_others = ([(name, *text) for text in texts for name in names] for names in (typed, others))
    if PROVE:
        return of_typed + of_others
    return spread(of_typed, TYPED_IN, number) + spread(of_others, NOT_TYPED_IN, number)


def spread(pairs: list[tuple[str, str, str]], count: int, start: int) -> list[tuple[str, str, str]]:
    """So many of these, from all over the list, others for each start."""
    step = max(1, len(pairs) // count)
    return pairs[start % step :: step][:count]


def all_forms(scene: Scene) -> list[Form]:
    """Every form that can be come to, once."""
    found: dict[tuple[str, ...], Form] = {}
    for page in wander(scene.client(), scene.starts()):
        for form in page.forms:
            if form.method in ("GET", "POST"):
                found.setdefault(form.key, form)
    return list(found.values())


@dataclass
class Desk:
    """One form, in front of somebody who will send it."""

    hospital: Hospital
    scene: Scene
    masters: Masters
    form: Form

    def sit_down(self) -> tuple[Client, Form]:
        """The form as it is shown now, to somebody signed in."""
        self.masters.put_back()
        starts, client = self.scene.starts(), self.scene.client()
        about_somebody = any(word in self.form.page for word in ("visits", "walk-in", "console", "checkin"))
        ways = [starts, [self.form.page]] if about_somebody else [[self.form.page], starts]
        for page in chain.from_iterable(wander(client, way) for way in ways):
            for form in page.forms:
                if form.key == self.form.key:
                    return client, form
        raise AssertionError(f"{self.form.label} is not shown any more")


def fill_in(trier: Trier, desk: Desk, pairs: list[tuple[str, str, str]]) -> None:
    """Send a form with one text after the other, each in one of its fields."""
    client, form = desk.sit_down()
    trier.prepared()
    for where, what, text in pairs:
        filled = filled_in(form) | {where: text}
        what = f"{where} = {what}"
        trier.attempt(form.label, what, partial(send, client, form, filled))
        if form.method == "POST" and trier.changed:
            if form.kinds.get(where) in TYPED and where not in NO_TEXT and not is_kept(desk.hospital, text):
                trier.fault(form.label, what, "accepted, but not kept as it came")
            client, form = desk.sit_down()
            trier.prepared()


def filled_in(form: Form) -> dict[str, str]:
    """What the page shows, and something right wherever it asks."""
    asked = {
        *form.fields,
        *(name for name in form.offered if name in ("departments", "department_ids", "sex", "source")),
    }
    right = {name: form.fields.get(name) or FILLED.get(name) or form.offered.get(name, "") for name in asked}
    once = {name: shape.format(next(_numbers)) for name, shape in ONLY_ONCE.items() if right.get(name) == ""}
    return right | once | ({"letter": "STUVWXY"[next(_numbers) % 7]} if right.get("letter") == "" else {})


def send(client: Client, form: Form, filled: dict[str, str]) -> Any:
    """Send a filled form as a browser does; unpaired surrogates as the bytes of a careless program."""
    body = urlencode(filled, errors="surrogatepass")
    if form.method == "GET":
        return client.get(f"{urlsplit(form.action).path}?{body}")
    return client.generic("POST", form.action, body.encode(), content_type="application/x-www-form-urlencoded")


def within(value: Any) -> Iterator[Any]:
    """All that stands in a value, however deep."""
    for inside in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield inside
        yield from within(inside)


def is_kept(hospital: Hospital, text: str) -> bool:
    """Whether a text stands somewhere, as people see it."""
    with hospital.open():
        kept = [value for row in latest() for value in vars(row).values()]
    kept += [inside for value in kept for inside in within(value)]
    texts = [" ".join(map(str, value)) if isinstance(value, list) else str(value) for value in kept]
    came = text.encode(errors="surrogatepass").decode(errors="replace")
    return seen(came) in {seen(value) for value in texts} | {""}


def latest() -> list[Any]:
    """What was written last, wherever somebody writes."""
    rows = [*Patient.objects.order_by("-created_at")[:1], *VisitTransition.objects.order_by("-at")[:2]]
    rows += [*Visit.objects.order_by("-scanned_at")[:1], *Prescription.objects.order_by("-signed_at")[:1]]
    rows += AuditEntry.trail.order_by("-number")[:2]
    rows += EmergencyAccess.objects.order_by("-opened_at")[:1]
    rows += [*OwnWording.objects.all(), *Encounter.objects.all()]
    rows += Order.objects.order_by("-ordered_at")[:1]
    rows += VisitTemplate.objects.all()
    return rows + [row for model in MASTERS for row in model.objects.all()]


@pytest.mark.parametrize("name", SCENES)
def test_no_hostile_value_in_an_address_breaks_a_page(hospital: Hospital, name: str):
    scene, trier = scenes(hospital)[name], Trier()
    client, texts = scene.client(), NAMES | TEXTS
    pages = list(wander(client, scene.starts()))
    for number, (page, names) in enumerate(dealt(pages, list(texts), 1)):
        split = urlsplit(page.address)
        asked = dict(parse_qsl(split.query))
        for parameter, what in put_in(sorted({*asked, *PARAMETERS}), set(asked), names, number):
            query = urlencode(asked | {parameter: texts[what][:20_000]}, errors="surrogatepass")
            trier.attempt(place_of(split.path), f"{parameter}={what}", partial(client.get, f"{split.path}?{query}"))
    trier.judge()


def put_in(parameters: list[str], asked: set[str], names: list[str], number: int) -> Iterator[tuple[str, str]]:
    """Which text is put into which parameter of a page: each into the next one, or many into each to prove it."""
    if not PROVE:
        yield from zip(islice(cycle(parameters), number % len(parameters), None), names, strict=False)
        return
    for place, parameter in enumerate(parameters):
        stride = 3 if parameter in asked else 10
        yield from ((parameter, what) for what in names[(number + place) % stride :: stride])
