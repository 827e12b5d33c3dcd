"""Writes a text into every field that anybody can fill, by the pages and forms that they would use."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import shuffle
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.test import Client
from django.utils import timezone
from django_scopes import scope

from apps.accounts.queries import FacilityFacts, staff_actor
from apps.accounts.rules.demo import DEMO_PASSWORD
from apps.patients.models import Patient
from apps.queue.commands import create_checkin_link
from apps.queue.models import Visit
from apps.queue.queries.visits import waiting_in
from apps.queue.rules.states import State
from apps.scheduling.models import Doctor
from apps.scheduling.queries import departments
from tests.browsers import browser_of
from tests.fuzz.pages import TYPED, Form, visit, wander

STAFF = {"reception": "reception@demo.opd", "doctor": "rao@demo.opd", "admin": "admin@demo.opd"}

WRITTEN = TYPED - {"password", "number", "date"}
"""Kinds of fields that take words."""


@dataclass
class House:
    """The demo hospital and somebody of each role at a browser."""

    facility: FacilityFacts
    rounds: int = 1
    """In how many plantings all forms of the administrator are filled in, each in one of them."""
    browsers: dict[str, Client] = field(default_factory=dict)
    forms: list[Form] = field(default_factory=list)
    _planted: int = 0

    def __post_init__(self) -> None:
        for role, email in STAFF.items():
            self.browsers[role] = browser_of(staff_actor(email))
        self.browsers["anybody"] = Client()

    def plant(self, text: str) -> dict[str, list[str]]:
        """Fill everything; by role, the addresses at which to begin to look for it."""
        person = self._register(text)
        self._walk_in(person, text)
        visit_id = self._treat(text)
        code = self._check_in(text)
        self._keep(text)
        self._come_in(text)
        asked = urlencode({"q": text, "entity_type": text, "next": text, "state": text, "code": text})
        return {
            "reception": [
                f"/admin/desk/walk-in/?patient={person}",
                f"/admin/desk/find/?{asked}",
                f"/admin/desk/register/?{asked}",
                f"/admin/desk/today/?{asked}",
                f"/admin/desk/slip/{visit_id}/",
                f"/admin/desk/visits/{visit_id}/cancel/",
                "/admin/",
            ],
            "doctor": ["/console/"],
            "admin": [f"/admin/audit-trail/?{asked}", "/admin/audit-trail/", "/admin/", "/console/"],
            "anybody": [f"/t/{code}/", f"/?{asked}", f"/login/staff/?{asked}", "/display/hall-a/", "/demo/messages/"],
        }

    def _register(self, text: str) -> str:
        desk = self.browsers["reception"]
        known = {"sex": "female", "age": "34", "language": "en", "phone": "", "not_a_duplicate": "1"}
        for name in (text, f"Asha {len(text)} Devi"):  # a name is refused what no name has
            answer = desk.post("/admin/desk/register/", known | {"name": name, "address": text})
            if answer.status_code == 302:
                return parse_qs(urlsplit(answer["Location"]).query)["patient"][0]
        raise AssertionError(answer.content)

    def _walk_in(self, person: str, text: str) -> None:
        body = {"place": str(self._department()), "symptoms": text, "needs": "", "source": "walk_in"}
        answer = self.browsers["reception"].post(f"/admin/desk/walk-in/?patient={person}", body)
        assert answer.status_code == 302, answer.content

    def _department(self) -> Any:
        with scope(facility=self.facility.id):
            return departments().get(code="GEN").id

    def _treat(self, text: str) -> Any:
        """One person is set aside for a reason, one is urgent for one, one leaves with a prescription."""
        with scope(facility=self.facility.id):
            doctor = Doctor.objects.get(staff__email=STAFF["doctor"])
        rao, at = self.browsers["doctor"], f"/console/{doctor.id}"
        for left in self._with(doctor):
            rao.post(f"{at}/start/", self._seen(left))
            rao.post(f"{at}/finish/", self._seen(left))
        for ending in ({"do": "hold", "reason": text}, {"do": "finish", "prescription": text}):
            asked = self._next()
            rao.post(f"{at}/call/", asked)
            if ending["do"] == "finish":
                rao.post(f"{at}/start/", self._seen(asked["visit"]))
            done = rao.post(f"{at}/{ending['do']}/", self._seen(asked["visit"]) | ending)
            assert done.status_code == 302, done.content
        person = self._next()
        urgent = {"reason": text, "version": person["version"]}
        self.browsers["reception"].post(f"/admin/desk/visits/{person['visit']}/urgent/", urgent)
        rao.post(f"{at}/call/", self._seen(person["visit"]))
        return person["visit"]

    def _with(self, doctor: Doctor) -> list[Any]:
        """Who was called before."""
        with scope(facility=self.facility.id):
            return list(Visit.objects.filter(doctor=doctor, state=State.CALLED).values_list("id", flat=True))

    def _next(self) -> dict[str, str]:
        with scope(facility=self.facility.id):
            while not (found := waiting_in(self._department()).first()):
                somebody = Patient.objects.order_by("?").exclude(id__in=Visit.objects.values("patient_id")).first()
                if somebody is None:
                    return self._after(self._register("x"))
                self._walk_in(str(somebody.id), "cough")
            return self._seen(found.id)

    def _after(self, person: str) -> dict[str, str]:
        self._walk_in(person, "cough")
        return self._next()

    def _seen(self, visit_id: Any) -> dict[str, str]:
        with scope(facility=self.facility.id):
            return {"visit": str(visit_id), "version": str(Visit.objects.get(id=visit_id).version)}

    def _check_in(self, text: str) -> str:
        """Somebody with a phone takes a place by the hall's code."""
        with scope(facility=self.facility.id):
            token, _ = create_checkin_link(
                actor=staff_actor(STAFF["reception"]), now=timezone.now(), department_id=self._department(),
                expires_in=3600,
            )  # fmt: skip
        browser = self.browsers["anybody"]
        for name in (text, "Asha Kumari"):
            answer = browser.post(f"/checkin?h={token}", {"name": name, "age": "30", "symptoms": text})
            if answer.status_code == 302:
                return answer["Location"].strip("/").rpartition("/")[2]
        raise AssertionError(answer.content)

    def _keep(self, text: str) -> None:
        """Whatever the administrator may name: each text field of each form; where one is refused, the others."""
        admin = self.browsers["admin"]
        if not self.forms:
            self.forms = list(_change_forms(admin))
            shuffle(self.forms)
        self._planted += 1
        for form in self.forms[self._planted % self.rounds :: self.rounds]:
            names = [name for name, kind in form.kinds.items() if kind in WRITTEN]
            fresh = _fresh(admin, form)
            if admin.post(form.action, fresh | dict.fromkeys(names, text[:40])).status_code != 302:
                for name in names:
                    admin.post(form.action, fresh | {name: text[:40]})

    def _come_in(self, text: str) -> None:
        """Somebody tries to sign in as a payload, and somebody signs in with a payload for a browser."""
        browser = Client(headers={"User-Agent": text, "X-Request-ID": text, "Accept-Language": text})
        browser.post("/login/staff/", {"email": f'"{text}"@demo.opd', "password": "x", "next": text})
        browser.post("/login/staff/", {"email": STAFF["reception"], "password": DEMO_PASSWORD, "next": text})


def _change_forms(admin: Client) -> Iterator[Form]:
    for page in wander(admin, ["/admin/"]):
        yield from (f for f in page.forms if "_save" in f.fields and "/change/" in f.action)


def _fresh(admin: Client, form: Form) -> dict[str, str]:
    """What the form would send as things are now."""
    _, page = visit(admin, form.action)
    return next(found.fields for found in page.forms if "_save" in found.fields)
