"""Allergies and long-term conditions: noted by those who look after people, sealed, and never taken out again."""

from collections.abc import Iterator

import pytest
from django.db import connection

from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden, Invalid, NotFound
from apps.patients.commands import note_health_fact, set_fact_status
from apps.patients.models import HealthFact
from apps.patients.queries import health_facts
from apps.patients.rules.health import FactKind, FactStatus
from tests.ward import Ward, open_ward


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    with open_ward() as opened:
        yield opened


def note(ward: Ward, patient_id: object, **about: object) -> HealthFact:
    told = {"kind": FactKind.ALLERGY, "what": "Penicillin Zinnober", "severity": "severe"} | about
    return note_health_fact(actor=ward.nurse, now=ward.now, patient_id=patient_id, **told)


def test_what_is_over_stays_on_record_and_is_shown_no_more(ward: Ward):
    asha = ward.register()
    fact = note(ward, asha.id)
    note(ward, asha.id, kind=FactKind.CONDITION, what="Diabetes", severity="", since_year=2020)
    assert [f.what for f in health_facts(asha.id)] == ["Penicillin Zinnober", "Diabetes"]
    over = {"actor": ward.rao, "now": ward.now, "fact_id": fact.id, "status": FactStatus.REFUTED}
    set_fact_status(**over, patient_id=asha.id)
    assert [f.what for f in health_facts(asha.id)] == ["Diabetes"]
    assert health_facts(asha.id, only_active=False).count() == 2
    with pytest.raises(NotFound):
        set_fact_status(**over, patient_id=ward.register().id)


def test_the_desk_notes_nothing_and_half_a_fact_is_refused(ward: Ward):
    asha = ward.register()
    with pytest.raises(Forbidden):
        note_health_fact(
            actor=ward.meera, now=ward.now, patient_id=asha.id, kind=FactKind.ALLERGY, what="Dust", severity="mild"
        )
    for about in ({"what": " "}, {"severity": ""}, {"kind": FactKind.CONDITION}, {"since_year": 1200}):
        with pytest.raises(Invalid):
            note(ward, asha.id, **about)


def test_the_words_stand_sealed_and_in_no_audit_row(ward: Ward):
    note(ward, ward.register().id, reaction="Rash Zinnober")
    with connection.cursor() as cursor:
        cursor.execute("SELECT what, reaction FROM patients_healthfact")
        assert "Zinnober" not in str(cursor.fetchall())
    assert "Zinnober" not in str(list(AuditEntry.objects.values_list("after", flat=True)))
