"""Tests that were ordered, for requests to be about."""

from uuid import uuid4

from apps.encounters.models import Investigation, Order
from apps.queue.models import Visit
from apps.scheduling.models import Department, Doctor
from tests.ward import Ward


def some_test(ward: Ward) -> Investigation:
    """A test of the laboratory that nobody has ordered yet."""
    about = {"facility": ward.facility, "department": Department.objects.get(code="LAB")}
    return Investigation.objects.create(code=uuid4().hex[:12].upper(), name=f"Test {uuid4().hex[:8]}", **about)


def some_order(ward: Ward, doctor: Doctor, *, reported: bool) -> Order:
    """What a doctor ordered for somebody of a department of theirs, with a result to look at or without one."""
    place = next(place for place in ward.departments if doctor.departments.filter(id=place.id).exists())
    visit = Visit.objects.filter(department=place).order_by("scanned_at").first() or ward.arrive(department=place)
    test = some_test(ward)
    return Order.objects.create(
        facility=ward.facility,
        visit=visit,
        patient_id=visit.patient_id,
        doctor=doctor,
        department_id=test.department_id,
        investigation=test,
        state="done" if reported else "ordered",
        reported=int(reported),
        ordered_at=ward.now,
        ordered_by_id=ward.as_doctor(doctor).id,
    )
