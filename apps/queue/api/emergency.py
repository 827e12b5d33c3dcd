"""Emergencies that need a place or more room, for staff."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request as HttpRequest
from rest_framework.response import Response

from apps.accounts.queries import facility_facts
from apps.core.api import Endpoint, TextField
from apps.core.policy import Permission
from apps.core.shapes import Shape
from apps.patients.rules.people import OLDEST_TYPED, Sex
from apps.queue import commands
from apps.queue.api.booking import of_own_departments, outcome_json
from apps.queue.api.slots import DayIn, OfDoctor
from apps.queue.queries.shapes.bookings import OutcomeOut, SlotsNowOut, StretchedOut
from apps.queue.queries.shapes.visits import SnapshotOut
from apps.queue.queries.visits import snapshot
from apps.scheduling.queries import (
    EmergencyCountsOut,
    appointments,
    current_slot,
    emergency_counts,
    next_slot,
    slot_value,
    slots,
)
from apps.scheduling.rules.capacity import NORMAL, Severity, Stretch


class FastTrackIn(serializers.Serializer[Any]):
    """Who is here and goes first, with whom, and why."""

    doctorId = serializers.UUIDField(source="doctor_id")
    patientId = serializers.UUIDField(source="patient_id")
    reason = TextField(max_length=200)


class EmergencyIn(FastTrackIn):
    """Who needs a place at once, how badly, and why."""

    severity = serializers.ChoiceField([str(severity) for severity in Severity])


class UnknownIn(serializers.Serializer[Any]):
    """Where somebody whom nobody knows is seen, why, and how they look; `age` in years."""

    departmentId = serializers.UUIDField(source="department_id")
    reason = TextField(max_length=200)
    age = serializers.IntegerField(min_value=0, max_value=OLDEST_TYPED, required=False)
    sex = serializers.ChoiceField([str(sex) for sex in Sex], required=False)


class RecogniseIn(serializers.Serializer[Any]):
    """The record of somebody who was brought in without a name, and the one they have had all along."""

    patientId = serializers.UUIDField(source="patient_id")
    knownId = serializers.UUIDField(source="known_id")


class RecognisedOut(Shape):
    """The visits that stand in the known person's record now."""

    visitIds = serializers.ListField(child=serializers.UUIDField())


class OverrideIn(serializers.Serializer[Any]):
    """How far a slot is stretched; `normal` ends it."""

    emergencyLevel = serializers.ChoiceField([*(str(s) for s in Stretch), NORMAL], source="emergency_level")
    reason = TextField(max_length=200, required=False, allow_blank=True)


class Request(Endpoint):
    """A place for an emergency."""

    policy = Permission.VISIT_EMERGENCY

    @extend_schema(request=EmergencyIn, responses={201: OutcomeOut})
    def post(self, request: HttpRequest) -> Response:
        """Give an emergency the next place there is: it displaces somebody lower, or goes beyond the places."""
        return self.run(commands.request_emergency, outcome_json, success=201, **self.read(EmergencyIn))


class FastTrack(Endpoint):
    """Before everybody else."""

    policy = Permission.VISIT_EMERGENCY

    @extend_schema(request=FastTrackIn, responses=SnapshotOut)
    def post(self, request: HttpRequest) -> Response:
        """Put somebody who is here before everybody else, by the visit or booking of today they have or anew."""
        return self.run(commands.fast_track, snapshot, **self.read(FastTrackIn))


class Unknown(Endpoint):
    """Somebody whom nobody knows."""

    policy = Permission.VISIT_EMERGENCY

    @extend_schema(request=UnknownIn, responses={201: SnapshotOut})
    def post(self, request: HttpRequest) -> Response:
        """Let somebody in before everybody else, with a record that has no name yet."""
        return self.run(
            commands.take_in_unknown, lambda arrived: snapshot(arrived.visit), success=201, **self.read(UnknownIn)
        )


class Recognise(Endpoint):
    """It is known who it is."""

    policy = Permission.PATIENT_REGISTER

    @extend_schema(request=RecogniseIn, responses=RecognisedOut)
    def post(self, request: HttpRequest) -> Response:
        """Put the visits of a record without a name into that of the person it turned out to be."""
        return self.run(
            commands.recognise, lambda visits: {"visitIds": [str(v.id) for v in visits]}, **self.read(RecogniseIn)
        )


class Override(Endpoint):
    """More room in a slot."""

    policy = Permission.VISIT_EMERGENCY

    @extend_schema(request=OverrideIn, responses=StretchedOut)
    def patch(self, request: HttpRequest, slot_id: UUID) -> Response:
        """Let a slot take ×1.5 (critical) or ×1.25 (high) as many people, rounded up, until it ends."""
        return self.run(commands.override_slot, self._json, slot_id=slot_id, **self.read(OverrideIn))

    def _json(self, moved: Any) -> dict[str, Any]:
        slot, promoted = moved
        return StretchedOut.of(slot_value(slot, self.now) | {"promoted": promoted})


class CurrentSlot(OfDoctor):
    """Now."""

    @extend_schema(responses=SlotsNowOut)
    def get(self, request: HttpRequest, doctor_id: UUID) -> Response:
        """The slot in which a doctor sees people now, and the next one there is."""
        doctor = self.doctor(doctor_id)
        found = {"currentSlot": current_slot(doctor.id, self.now), "nextSlot": next_slot(doctor.id, self.now)}
        slots_now = {name: slot_value(slot, self.now) if slot else None for name, slot in found.items()}
        return Response(SlotsNowOut.of(slots_now))


class Statistics(Endpoint):
    """How many emergencies."""

    policy = Permission.QUEUE_READ

    @extend_schema(parameters=[DayIn], responses=EmergencyCountsOut)
    def get(self, request: HttpRequest) -> Response:
        """Count the emergencies of a day: how bad, what became of them, how far slots were stretched."""
        today = facility_facts(self.actor.facility_id).day_of(self.now)  # type: ignore[arg-type]  # staff have one
        day = self.read_query(DayIn).get("date") or today
        own = of_own_departments(appointments(), self.actor), of_own_departments(slots(), self.actor)
        return Response(emergency_counts(*own, day))
