"""The hospital's laboratory and imaging tests, and what of a visit can be put on a bill."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.core.errors import Forbidden
from apps.core.policy import system_actor
from apps.encounters.commands import complete
from apps.encounters.commands.prescribing import prescribe
from apps.encounters.commands.stocking import INVESTIGATIONS, table, take_in_investigations
from apps.encounters.models import Investigation, Order
from apps.encounters.queries.chargeable import Chargeable, chargeable
from tests.stations import Stations
from tests.ward import Ward, open_ward


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    with open_ward() as opened:
        opened.keep_real_time()
        yield opened


def take_in(ward: Ward, *rows: dict[str, str]) -> int:
    tool = system_actor("test", ward.facility.id)
    return take_in_investigations(actor=tool, now=ward.now, rows=rows or table(INVESTIGATIONS))


def row(code: str, **told: str) -> dict[str, str]:
    blank = dict.fromkeys(("measure", "unit", "sex", "since_age", "low", "high", "critical_low", "critical_high"), "")
    return {"department": "LAB", "code": code, "name": code.title(), "service": ""} | blank | told


def order(ward: Ward, visit: Any, code: str, state: str = "ordered") -> Order:
    test = Investigation.objects.get(code=code)
    about = {"visit": visit, "patient_id": visit.patient_id, "doctor_id": visit.doctor_id, "investigation": test}
    return Order.objects.create(
        **about,
        facility=ward.facility,
        department_id=test.department_id,
        state=state,
        ordered_at=ward.now,
        ordered_by_id=ward.rao.id,
    )


def test_the_list_that_the_house_brings_goes_to_the_departments_that_there_are(ward: Ward):
    stations = Stations(ward, "LAB")
    taken = take_in(ward)
    assert taken == Investigation.objects.filter(department=stations.department("LAB")).count() > 40
    assert not Investigation.objects.filter(code="XCHEST").exists()
    assert take_in(ward) == taken
    count = Investigation.objects.get(code="CBC")
    measured = dict.fromkeys(count.ranges.values_list("name", flat=True))
    assert list(measured) == ["Haemoglobin", "White cells", "Platelets", "Mean cell volume"]


def test_a_hospital_takes_in_its_own_and_prices_them_by_their_code_or_by_another_key(ward: Ward):
    Stations(ward, "LAB")
    take_in(ward, row("FBS"), row("PPBS", service="SUGAR", measure="Sugar", unit="mg/dl", low="70", high="140"))
    assert dict(Investigation.objects.values_list("code", "service")) == {"FBS": "FBS", "PPBS": "SUGAR"}
    take_in(ward, row("PPBS", name="Sugar after food", service="SUGAR"))
    changed = Investigation.objects.get(code="PPBS")
    assert (changed.name, changed.ranges.count()) == ("Sugar after food", 0)


def test_the_command_says_what_is_wrong_with_a_table(ward: Ward, tmp_path: Path):
    Stations(ward, "LAB")
    call_command("take_in_investigations", ward.facility.code)
    assert Investigation.objects.filter(code="CBC").exists()
    wrong = tmp_path / "own.csv"
    wrong.write_text("department,code,name,service,measure\nNOWHERE,A,A,A,\n")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("take_in_investigations", ward.facility.code, "--table", str(wrong))
    with pytest.raises(CommandError, match="no hospital"):
        call_command("take_in_investigations", "NOBODY")


def test_nobody_of_the_staff_takes_in_a_list(ward: Ward):
    with pytest.raises(Forbidden):
        take_in_investigations(actor=ward.admin, now=ward.now, rows=[])


def test_what_was_ordered_and_prescribed_can_be_charged_once_and_what_was_taken_back_cannot(
    ward: Ward, django_assert_num_queries: Any
):
    Stations(ward, "LAB")
    take_in(ward, row("FBS", service="SUGAR"), row("CBC"), row("ESR"))
    ward.arrive()
    visit = ward.start(ward.call_next())
    done, awaited, _gone = (
        order(ward, visit, "FBS", "done"),
        order(ward, visit, "CBC"),
        order(ward, visit, "ESR", "cancelled"),
    )
    prescribe(
        actor=ward.rao,
        now=ward.now,
        visit_id=visit.id,
        items=[
            {"medicine": "Paracetamol 500 mg tablet", "frequency": "1-0-1", "days": 3},
            {"medicine": "Cough syrup", "frequency": "when needed", "days": 3},
        ],
    )
    assert [one.key for one in chargeable([visit.id])] == [f"test:{awaited.id}", f"test:{done.id}"]
    _visit, signed = complete(actor=ward.rao, now=ward.now, visit_id=visit.id)
    assert signed
    other = ward.arrive()
    with django_assert_num_queries(2):
        found = chargeable([visit.id, other.id])
    lab = done.department_id
    assert found == [
        Chargeable(f"test:{awaited.id}", "test", visit.id, "CBC", "Cbc", 1, lab, False),
        Chargeable(f"test:{done.id}", "test", visit.id, "SUGAR", "Fbs", 1, lab, True),
        *(
            Chargeable(f"medicine:{signed.id}:{at}", "medicine", visit.id, name, name, pieces, None, True)
            for at, (name, pieces) in enumerate((("Paracetamol 500 mg tablet", 6), ("Cough syrup", 1)))
        ),
    ]
