"""The nurse measures; the doctor sees it, and at once what is dangerous; nobody else learns of it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden, Invalid
from apps.core.models import OutboxEvent
from apps.encounters.commands import take_vitals
from apps.encounters.commands.vitals import VisitOver
from apps.encounters.models import Vitals
from apps.encounters.queries.vitals import in_danger, strip
from tests.browsers import browser_of
from tests.ward import Ward, open_ward


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    with open_ward() as opened:
        opened.keep_real_time()
        yield opened


def take(ward: Ward, visit: Any, actor: Any = None, **signs: float) -> Vitals:
    values = {name: Decimal(str(value)) for name, value in signs.items()}
    return take_vitals(actor=actor or ward.nurse, now=ward.now, visit_id=visit.id, **values)


def test_what_is_not_usual_is_told_to_the_screens_without_saying_what(ward: Ward):
    visit = ward.arrive()
    take(ward, visit, pulse=72)
    assert not OutboxEvent.objects.filter(type="vitals.abnormal").exists()
    taken = take(ward, visit, spo2=88)
    told = OutboxEvent.objects.get(type="vitals.abnormal").payload
    assert told == {"visitId": str(visit.id), "vitalsId": str(taken.id), "dangerous": True}


def test_who_is_in_danger_is_known_until_something_better_is_measured(ward: Ward):
    visit = ward.arrive()
    take(ward, visit, spo2=88)
    assert in_danger([visit.patient_id], ward.now) == {visit.patient_id}
    ward.later(minutes=10)
    take(ward, visit, spo2=97)
    assert in_danger([visit.patient_id], ward.now) == set()


def test_half_a_measurement_hides_no_danger_of_the_other_half(ward: Ward):
    visit = ward.arrive()
    take(ward, visit, spo2=84, pulse=130)
    ward.later(minutes=10)
    take(ward, visit, temperatureC=36.8)
    assert in_danger([visit.patient_id], ward.now) == {visit.patient_id}
    shown = {row["value"]: row["dangerous"] for row in strip(visit.patient_id, ward.now)["vitals"]}
    assert shown == {"130": False, "36.8": False, "84": True}
    ward.later(minutes=10)
    take(ward, visit, spo2=97)
    assert in_danger([visit.patient_id], ward.now) == set()


def test_the_page_of_the_measurements_says_what_is_dangerous_still(ward: Ward):
    visit = ward.arrive()
    take(ward, visit, spo2=84)
    take(ward, visit, temperatureC=36.8)
    assert "Something measured is dangerous" in browser_of(ward.nurse).get(f"/vitals/{visit.id}/").content.decode()


def test_the_desk_measures_nobody_and_nobody_is_measured_afterwards(ward: Ward):
    visit = ward.arrive()
    with pytest.raises(Forbidden):
        take(ward, visit, actor=ward.meera, pulse=72)
    with pytest.raises(Invalid):
        take(ward, visit, temperatureC=98.4)
    ward.start(ward.call_next())
    take(ward, visit, actor=ward.rao, pulse=72)
    ward.complete(visit)
    with pytest.raises(VisitOver):
        take(ward, visit, pulse=72)


def test_what_was_measured_stands_sealed_and_stays(ward: Ward):
    take(ward, ward.arrive(), glucoseMgDl=471.1)
    with connection.cursor() as cursor:
        cursor.execute('SELECT "values" FROM encounters_vitals')
        assert "glucose" not in str(cursor.fetchall())
    assert "471.1" not in str(list(AuditEntry.objects.values_list("after", flat=True)))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM encounters_vitals")


def test_the_nurse_measures_and_the_doctor_sees_it_in_line_and_in_the_room(ward: Ward):
    visit = ward.arrive(ward.register("Asha Devi", age=54))
    nurse, rao = browser_of(ward.nurse), browser_of(ward.rao)
    answer = nurse.post(f"/vitals/{visit.id}/take/", {"systolic": "224", "diastolic": "94", "pulse": "78", "key": "a"})
    assert answer.status_code == 302
    page = nurse.get(f"/vitals/{visit.id}/").content.decode()
    assert "224/94" in page
    assert "dangerous" in page
    nurse.post(f"/vitals/{visit.id}/note/", {"kind": "allergy", "what": "Penicillin", "severity": "severe", "key": "b"})
    console = f"/console/{ward.doctor.id}/"
    assert "Vital signs" in rao.get(console).content.decode()
    ward.start(ward.call_next())
    seen = rao.get(console).content.decode()
    assert "Allergy: Penicillin" in seen
    assert "224/94" in seen
    desk = browser_of(ward.meera)
    assert desk.get(f"/vitals/{visit.id}/").status_code == 403
    assert "224/94" not in desk.get(console).content.decode()


def test_a_wrong_number_is_said_and_kept_for_mending(ward: Ward):
    visit = ward.arrive()
    nurse = browser_of(ward.nurse)
    answer = nurse.post(f"/vitals/{visit.id}/take/", {"temperatureC": "98.4", "pulse": "70", "key": "a"})
    assert answer.status_code == 400
    assert 'value="98.4"' in answer.content.decode()
    assert nurse.post(f"/vitals/{visit.id}/take/", {"pulse": "seventy"}).status_code == 400
    assert not Vitals.objects.exists()


def test_a_comma_is_decimal_and_is_refused_where_it_may_part_thousands(ward: Ward):
    visit, nurse = ward.arrive(), browser_of(ward.nurse)
    refused = nurse.post(f"/vitals/{visit.id}/take/", {"weightKg": "1,250", "key": "a"})
    assert (refused.status_code, "Type thousands without a comma" in refused.content.decode()) == (400, True)
    assert not Vitals.objects.exists()
    assert nurse.post(f"/vitals/{visit.id}/take/", {"weightKg": "12,5", "key": "b"}).status_code == 302
    assert Vitals.objects.get().values["weightKg"] == 12.5
