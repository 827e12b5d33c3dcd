"""Oneself, over the API: staff, or a patient's family. Here and not in accounts, since it names patients."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.commands import forget_device
from apps.accounts.queries import me_json
from apps.core.api import Endpoint
from apps.core.policy import SIGNED_IN, Actor, Permission
from apps.core.views import CLEAR_SITE_DATA
from apps.patients import commands, queries
from apps.patients.models import Patient
from apps.patients.serializers import PersonOut


class FacilityOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    timeZone = serializers.CharField()
    currency = serializers.CharField()


class OwnPersonOut(PersonOut):
    language = serializers.CharField()


class MeOut(serializers.Serializer[Any]):
    """`patients` stands only with who signed in by a code: everybody registered under their phone now."""

    type = serializers.CharField()
    id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()
    role = serializers.CharField(allow_null=True)
    departments = serializers.ListField(child=serializers.UUIDField())
    allDepartments = serializers.BooleanField()
    facility = FacilityOut(allow_null=True)
    permissions = serializers.ListField(child=serializers.CharField())
    patients = OwnPersonOut(many=True, required=False)


class MeIn(serializers.Serializer[Any]):
    """The language in which a family wants to be told things."""

    language = serializers.ChoiceField(choices=settings.LANGUAGES)


class Me(Endpoint):
    """Oneself."""

    policy = {"GET": SIGNED_IN, "PATCH": Permission.PATIENT_OWN}

    @extend_schema(responses=MeOut, tags=["auth"])
    def get(self, request: Request) -> Response:
        """Who I am and what I may do."""
        return Response(_me(self.actor))

    @extend_schema(request=MeIn, responses=MeOut, tags=["auth"])
    def patch(self, request: Request) -> Response:
        """Choose the language of everybody under my phone."""
        commands.choose_language(actor=self.actor, now=self.now, **self.read(MeIn))
        return Response(_me(self.actor))


class ForgetDevice(Endpoint):
    """Leaving nothing behind on a shared phone."""

    policy = SIGNED_IN

    @extend_schema(request=None, responses={204: None}, tags=["auth"])
    def post(self, request: Request) -> Response:
        """End every sign-in and restore token of this device, and have the browser clear what it kept."""
        forget_device(actor=self.actor, now=self.now)
        return Response(status=204, headers={"Clear-Site-Data": CLEAR_SITE_DATA})


def _me(actor: Actor) -> dict[str, Any]:
    if not actor.phone_index:
        return me_json(actor)
    return me_json(actor) | {"patients": [_person(patient) for patient in queries.patients_of(actor)]}


def _person(patient: Patient) -> dict[str, Any]:
    return {"id": str(patient.id), "name": patient.name, "uhid": patient.uhid, "language": patient.language}
