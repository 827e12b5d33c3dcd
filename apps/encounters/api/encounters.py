"""The note of a visit: read, saved as typed, signed, added to."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Endpoint, TextField
from apps.core.policy import Permission, either
from apps.core.shapes import Shape
from apps.encounters.api.shapes import AfterwardsOut
from apps.encounters.commands import add_addendum, save_note, sign_off
from apps.encounters.queries.notes import addendum_json, encounter_json, require_sight, written_of
from apps.encounters.rules.notes import LONGEST_PART
from apps.patients.commands import note_opened

MOST = 2_147_483_647


class AddendumOut(Shape):
    """What was added to a signed note, by whom and when."""

    addendumId = serializers.UUIDField()
    text = serializers.CharField()
    writtenAt = serializers.DateTimeField()
    writtenBy = serializers.CharField()


class NotePartsOut(Shape):
    """The parts of a note, "" where nothing is written."""

    subjective = serializers.CharField()
    objective = serializers.CharField()
    assessment = serializers.CharField()
    plan = serializers.CharField()
    advice = serializers.CharField()


class EncounterOut(NotePartsOut):
    """The note of a visit; `version` is 0 while nothing is written, `hash` null while it is not signed."""

    visitId = serializers.UUIDField()
    patientId = serializers.UUIDField()
    doctorId = serializers.UUIDField(allow_null=True)
    version = serializers.IntegerField()
    outcome = AfterwardsOut()
    signedAt = serializers.DateTimeField(allow_null=True)
    signedBy = serializers.CharField(allow_null=True)
    hash = serializers.CharField(allow_null=True)
    addenda = AddendumOut(many=True)


class SignedOut(Shape):
    """A signature: the SHA-256 of what was signed."""

    signedAt = serializers.DateTimeField(source="signed_at")
    hash = serializers.CharField()
    version = serializers.IntegerField()


class _Part(TextField):
    """One part of a note."""

    def __init__(self) -> None:
        super().__init__(required=False, allow_blank=True, max_length=LONGEST_PART)


class NotePartsIn(serializers.Serializer[Any]):
    """Parts of a note."""

    subjective = _Part()
    objective = _Part()
    assessment = _Part()
    plan = _Part()
    advice = _Part()


class NoteIn(NotePartsIn):
    """Parts of a note as typed, over the version that was seen."""

    version = serializers.IntegerField(min_value=0, max_value=MOST)


class SignIn(serializers.Serializer[Any]):
    """The version that is signed."""

    version = serializers.IntegerField(min_value=0, max_value=MOST)


class AddendumIn(serializers.Serializer[Any]):
    """What is added to a signed note."""

    text = TextField(max_length=LONGEST_PART)


class EncounterDetail(Endpoint):
    """The note of a visit."""

    policy = {"GET": either(Permission.VISIT_CONSULT, Permission.BREAK_GLASS), "PATCH": Permission.VISIT_CONSULT}

    @extend_schema(responses=EncounterOut)
    def get(self, request: Request, visit_id: UUID) -> Response:
        """Read what is written about a visit of one's own departments; reading is audited."""
        written = written_of(visit_id)
        require_sight(self.actor, written.visit, self.now)
        answer = EncounterOut.of(encounter_json(written))
        note_opened(actor=self.actor, now=self.now, patient_id=written.visit.patient_id, by="note")
        return Response(answer)

    @extend_schema(request=NoteIn, responses=EncounterOut)
    def patch(self, request: Request, visit_id: UUID) -> Response:
        """Save a draft. 409 `note_changed` when somebody saved another version meanwhile; `note_signed` for ever."""
        return self.run(save_note, _saved, visit_id=visit_id, **self.read(NoteIn))


class SignOff(Endpoint):
    """The signature under a note."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(request=SignIn, responses=SignedOut)
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Sign the note as it stands; from here on nobody changes it."""
        return self.run(sign_off, SignedOut.of, visit_id=visit_id, **self.read(SignIn))


class Addenda(Endpoint):
    """What is added to a signed note."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(request=AddendumIn, responses={201: AddendumOut})
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Add to a signed note, under one's own name."""
        return self.run(add_addendum, _added, 201, visit_id=visit_id, **self.read(AddendumIn))


def _saved(encounter: Any) -> dict[str, Any]:
    return EncounterOut.of(encounter_json(written_of(encounter.visit_id)))


def _added(addendum: Any) -> dict[str, Any]:
    return AddendumOut.of(addendum_json(addendum))
