"""Vital signs over HTTP."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Endpoint
from apps.core.policy import Fields, Permission, Scope
from apps.core.shapes import Shape
from apps.encounters.commands import take_vitals
from apps.encounters.queries.vitals import SHOWN, vitals_json, vitals_of
from apps.encounters.rules.vitals import SIGNS
from apps.patients.commands import note_opened
from apps.queue.queries.visits import visit_of


class AbnormalOut(Shape):
    """A sign that is not usual at this age: `low` or `high`, and whether somebody has to look now."""

    sign = serializers.CharField()
    level = serializers.CharField()
    dangerous = serializers.BooleanField()


class _VitalsOut(Shape):
    """What was measured once; null where it was not."""

    vitalsId = serializers.UUIDField()
    takenAt = serializers.DateTimeField()
    takenBy = serializers.CharField()
    bmi = serializers.FloatField(allow_null=True)
    abnormal = AbnormalOut(many=True)


VitalsOut: Any = type(
    "VitalsOut",
    (_VitalsOut,),
    {"__doc__": _VitalsOut.__doc__, **{name: serializers.FloatField(allow_null=True) for name in SIGNS}},
)


class VitalsListOut(Shape):
    """A person's vital signs, newest first."""

    vitals = VitalsOut(many=True)


VitalsIn: Any = type(
    "VitalsIn",
    (serializers.Serializer,),
    {
        "__doc__": "What was measured, in the units of the names; at least one sign.",
        **{
            name: serializers.DecimalField(max_digits=6, decimal_places=2, required=False, allow_null=True)
            for name in SIGNS
        },
    },
)


class VisitVitals(Endpoint):
    """The vital signs of whoever is on a visit."""

    policy = Permission.HEALTH_NOTE

    @extend_schema(operation_id="encounter_vitals", responses=VitalsListOut)
    def get(self, request: Request, visit_id: UUID) -> Response:
        """The last that were taken, also on other visits; reading is audited."""
        visit = visit_of(visit_id)
        self.actor.require(Permission.HEALTH_NOTE, Scope(visit.facility_id, visit.department_id))
        self.actor.require_sight(Fields.HEALTH)
        answer = VitalsListOut.of({"vitals": [vitals_json(taken) for taken in vitals_of(visit.patient_id)[:SHOWN]]})
        note_opened(actor=self.actor, now=self.now, patient_id=visit.patient_id, by="vitals")
        return Response(answer)

    @extend_schema(operation_id="encounter_vitals_take", request=VitalsIn, responses={201: VitalsOut})
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Keep what was measured. 400 for what nobody can have; what is not usual at this age is named."""
        return self.run(take_vitals, _taken, 201, visit_id=visit_id, **self.read(VitalsIn))


def _taken(taken: Any) -> dict[str, Any]:
    return dict(VitalsOut.of(vitals_json(taken)))
