"""Loading the demo hospital, again, and anew."""

import pytest
from django.core.management import CommandError
from django.db import connection

from apps.accounts.queries import staff_by_email
from apps.accounts.rules.demo import DEMO_PASSWORD
from apps.patients.queries import search
from apps.queue.rules.triage import urgent_by
from apps.scheduling.queries import departments, doctors
from opd.demo.hospital import DEMO
from opd.demo.loading import load
from opd.removal import remove_facility
from tests.cast import DESK
from tests.opd.conftest import MONDAY


def rows() -> dict[str, int]:
    """How many rows there are of what is loaded, and how many audit entries."""
    tables = (
        *("accounts_staff", "scheduling_department", "scheduling_room", "scheduling_doctor", "patients_patient"),
        *("queue_triagerule", "display_board", "audit_auditentry"),
    )
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in tables))
        return dict(cursor.fetchall())


def test_the_hospital_is_as_promised(asha):
    assert {d.code: d.letter for d in departments()} == {
        "GEN": "G",
        "PED": "C",
        "ORT": "B",
        "TRI": "T",
        "LAB": "L",
        "XRY": "X",
        "PHA": "P",
        "CSH": "M",
    }
    assert [d.name for d in doctors()] == sorted(d.name for d in DEMO.doctors)
    assert all(d.availability == "AVAILABLE" and d.room and d.specialization for d in doctors())
    for account in ("admin", "reception", "nurse", "cashier", "rao", "nair", "khan", "murugan", "joshi"):
        staff = staff_by_email(f"{account}@demo.opd")
        assert staff
        assert staff.check_password(DEMO_PASSWORD)
    assert urgent_by(["Strong chest pain"], DEMO.triage[""])


def test_all_forty_are_found_by_their_phone(asha):
    found = [search(f"+91 90000 {number:05d}", DESK).get() for number in range(1, 41)]
    assert len({patient.id for patient in found}) == 40


def test_doctors_serve_their_department_and_the_others_all(asha):
    served = {account: staff_by_email(f"{account}@demo.opd") for account in ("rao", "nurse", "cashier", "reception")}
    general = next(d.id for d in departments() if d.code == "GEN")
    assert served["rao"].department_ids == [general]
    assert all(served[account].all_departments for account in ("nurse", "cashier", "reception"))


def test_loading_again_changes_nothing(asha):
    before = rows()
    load(DEMO, MONDAY, DEMO_PASSWORD)
    assert rows() == before


def test_what_people_took_away_or_renamed_stays_so(asha, without_append_only):
    without_append_only("DELETE FROM queue_triagerule WHERE phrase = 'stroke'")
    without_append_only("UPDATE scheduling_department SET code = 'MED' WHERE code = 'GEN'")
    before = rows()
    load(DEMO, MONDAY, DEMO_PASSWORD)
    assert rows() == before


def test_a_loading_that_was_broken_off_is_finished_by_the_next(asha, without_append_only):
    before = rows()
    without_append_only("DELETE FROM display_board_departments; DELETE FROM display_board")
    without_append_only("DELETE FROM queue_triagerule WHERE phrase = 'stroke'")
    without_append_only("UPDATE scheduling_doctor SET availability = 'OFFLINE' WHERE name LIKE '%Rao'")
    without_append_only("DELETE FROM audit_auditentry WHERE action = 'facility.loaded'")
    load(DEMO, MONDAY, DEMO_PASSWORD)
    after = rows()
    assert {d.availability for d in doctors()} == {"AVAILABLE"}
    assert {table: n for table, n in after.items() if table != "audit_auditentry"} == {
        table: n for table, n in before.items() if table != "audit_auditentry"
    }


def test_everything_loaded_is_in_the_audit_trail(asha):
    with connection.cursor() as cursor:
        cursor.execute("SELECT action, count(*) FROM audit_auditentry GROUP BY 1")
        audited = dict(cursor.fetchall())
    assert audited["patient.registered"] == 40
    assert audited["doctor.registered"] == audited["doctor.availability_changed"] == 5
    assert audited["staff.registered"] == 11
    assert audited["board.created"] == 4
    assert audited["room.created"] == 12


def test_only_the_tables_owner_removes_a_hospital(asha):
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE opd_test_somebody")
        cursor.execute("SET LOCAL ROLE opd_test_somebody")
    with pytest.raises(CommandError, match="DATABASE_OWNER_URL"):
        remove_facility(asha.id, MONDAY)
