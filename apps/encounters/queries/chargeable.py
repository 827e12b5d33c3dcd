"""What of a visit can be put on a bill."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import Exists, ExpressionWrapper, OuterRef, Q, TextField, Value
from django.db.models.functions import Cast, Concat

from apps.encounters.models import Order, Prescription, Result
from apps.encounters.queries.prescribed import signed_prescriptions
from apps.encounters.rules.chargeable import pieces
from apps.encounters.rules.investigations import OrderState


class ChargeableKind(StrEnum):
    """What sort of thing is charged."""

    TEST = "test"
    MEDICINE = "medicine"


@dataclass(frozen=True, slots=True)
class Chargeable:
    """One thing that can be charged.

    `key` names it for ever, so that nothing is charged twice: `test:<order's id>`, or
    `medicine:<prescription's id>:<line>`. `service` is what the price list knows it by: a test's price key, a
    medicine's name as it is prescribed (`Paracetamol 500 mg tablet`). `quantity` is 1 for a test, the pieces of a
    medicine or 1 for a pack, None where only a person can count ("when needed"). `department_id` is where a test is
    done; None for a medicine. `done`: a test with a result; a signed prescription. A test that is not done may still be
    taken back, and is not listed any more then.
    """

    key: str
    kind: ChargeableKind
    visit_id: UUID
    service: str
    name: str
    quantity: int | None
    department_id: UUID | None
    done: bool


def chargeable(visit_ids: Iterable[UUID]) -> list[Chargeable]:
    """The chargeable things of these visits beside the visits themselves, in the order of the ids told: tests that
    were ordered on them (done or not; not those taken back) and the medicines of the latest signed prescription.

    Two statements, however many visits. What it returns is health data: a bill that shows it is shown to nobody who
    may not see bills, and none of it goes into logs or events.
    """
    asked = list(visit_ids)
    found: dict[UUID, list[Chargeable]] = {visit_id: [] for visit_id in asked}
    orders = Order.objects.filter(visit_id__in=asked).exclude(state=OrderState.CANCELLED)
    for order in orders.select_related("investigation").order_by("ordered_at", "investigation__name", "id"):
        found[order.visit_id].append(
            Chargeable(
                f"{ChargeableKind.TEST}:{order.id}",
                ChargeableKind.TEST,
                order.visit_id,
                order.investigation.service,
                order.investigation.name,
                1,
                order.department_id,
                order.state == OrderState.DONE,
            )
        )
    for visit_id, prescription in signed_prescriptions(asked).items():
        lines = prescription.items["items"] if prescription.items else []
        found[visit_id] += [
            Chargeable(
                f"{ChargeableKind.MEDICINE}:{prescription.id}:{place}",
                ChargeableKind.MEDICINE,
                visit_id,
                item["medicine"],
                item["medicine"],
                pieces(item["medicine"], item["frequency"], item["days"], item["dose"]),
                None,
                True,
            )
            for place, item in enumerate(lines)
        ]
    return [one for visit_id in asked for one in found[visit_id]]


def taken_back() -> Q:
    """Lines of bills, with the `key` of a thing and the visit `of_visit` that it was charged for, whose thing is not
    charged any more: a test that was taken back, a medicine whose prescription a later one has replaced."""
    visit, key = OuterRef("of_visit_id"), ExpressionWrapper(OuterRef("key"), output_field=TextField())

    def named(kind: ChargeableKind, end: str = "") -> Concat:
        return Concat(Value(f"{kind}:"), Cast("id", TextField()), Value(end), output_field=TextField())

    tests = Order.objects.filter(visit_id=visit, state=OrderState.CANCELLED)
    tests = tests.annotate(line=key).filter(line=named(ChargeableKind.TEST))
    later = Prescription.objects.filter(visit_id=OuterRef("visit_id"), version__gt=OuterRef("version"))
    replaced = Prescription.objects.filter(Exists(later), visit_id=visit).annotate(line=key)
    medicines = replaced.filter(line__startswith=named(ChargeableKind.MEDICINE, ":"))
    return Q(Exists(tests)) | Q(Exists(medicines))


def tests_awaited(patient_id: UUID, department_id: UUID, at: datetime) -> list[str]:
    """The keys of the tests that a department had still to do for somebody at a moment, under whatever number they were
    ordered; not those taken back."""
    reported = Result.objects.filter(order=OuterRef("id"), signed_at__lt=at)
    rows = Order.objects.filter(~Exists(reported), patient_id=patient_id, department_id=department_id)
    ids = rows.filter(ordered_at__lt=at).exclude(state=OrderState.CANCELLED).values_list("id", flat=True)
    return [f"{ChargeableKind.TEST}:{order_id}" for order_id in ids]
