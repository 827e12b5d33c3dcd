"""A first visit on a slow phone: what a patient's page weighs on the wire, with all that it needs."""

import gzip
import re
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone

from apps.accounts.queries import tracking_code
from tests.bookings import book, open_slot
from tests.patients.codes import PHONE
from tests.queue.test_own import signed_in_browser
from tests.ward import Ward

MOST = 30_000
"""Bytes of a page with its sheets, scripts and letters."""

LEVEL = 5
"""How hard the door compresses (docker/nginx.conf.template)."""

NEEDED = re.compile(r'(?:src|href)="/static/([^"]+\.(?:css|js|woff2))"')


def weight(answer: Any) -> int:
    """What comes over the wire for a page that was never seen before."""
    page = answer.content.decode()
    assert answer.status_code == 200
    total = len(gzip.compress(answer.content, LEVEL))
    for name in set(NEEDED.findall(page)):
        path = finders.find(name)
        assert path, name
        with open(path, "rb") as file:
            content = file.read()
        total += len(content) if name.endswith("woff2") else len(gzip.compress(content, LEVEL))
    return total


def test_the_door_compresses_what_a_page_is_made_of() -> None:
    door = (settings.BASE_DIR / "docker" / "nginx.conf.template").read_text()
    assert "gzip on;" in door
    assert f"gzip_comp_level {LEVEL};" in door
    for kind in ("text/css", "text/javascript"):
        assert re.search(rf"gzip_types [^;]*{kind}", door)


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_a_patients_page_weighs_less_than_thirty_kilobytes_on_a_first_visit(ward: Ward, language: str) -> None:
    asha = ward.register("Asha Devi", phone=PHONE)
    for _ in range(8):
        ward.arrive(doctor_id=ward.doctor.id)
    visit = ward.arrive(asha, doctor_id=ward.doctor.id)
    slot = open_slot(ward, 30)
    row = book(ward, slot, patient=asha).appointment
    phone = signed_in_browser()
    phone.post("/language/", {"language": language, "next": "/"})
    stranger = Client(headers={"Accept-Language": language})
    weights = {path: weight(stranger.get(path)) for path in ("/", "/login", "/offline/")}
    tracked = f"/t/{tracking_code(visit.id, timezone.now())}/"
    own = [f"/me/bookings/{row.id}/", f"/book/{ward.doctor.id}/?for={asha.id}", "/me/", tracked]
    weights |= {path: weight(phone.get(path)) for path in own}
    assert max(weights.values()) <= MOST, weights
