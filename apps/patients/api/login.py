"""Patients sign in over the API. No idempotency keys: an answer that holds a secret is never kept."""

from typing import Any

from django.utils.translation import get_language
from django_scopes import scope
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.addresses import address_of
from apps.core.api import Endpoint, TextField
from apps.core.policy import PUBLIC, system_actor
from apps.patients import commands
from apps.patients.models import Patient
from apps.patients.queries.people import people_under
from apps.patients.rules.login_codes import RESEND_AFTER
from apps.patients.rules.phones import LONGEST_TYPED
from apps.patients.serializers import PersonOut


class CodeRequestIn(serializers.Serializer[Any]):
    """Whom a code is for. `facility` is a facility's code; where there is one facility it says nothing."""

    phone = TextField(max_length=LONGEST_TYPED)
    facility = TextField(source="facility_code", max_length=20, required=False, default="")


class CodeRequestOut(serializers.Serializer[Any]):
    resendAfter = serializers.IntegerField(help_text="Seconds")


class CodeIn(serializers.Serializer[Any]):
    """The code as it was typed; spaces are fine."""

    phone = TextField(max_length=LONGEST_TYPED)
    code = TextField(max_length=LONGEST_TYPED)
    deviceFingerprint = TextField(source="device_fingerprint", max_length=200, required=False, default="")


class PatientSignedInOut(serializers.Serializer[Any]):
    access = serializers.CharField()
    expiresAt = serializers.DateTimeField()
    patients = PersonOut(many=True)


def person_json(patient: Patient) -> dict[str, Any]:
    """Somebody under the phone that one signed in by."""
    return {"id": str(patient.id), "name": patient.name, "uhid": patient.uhid}


class CodeRequest(Endpoint):
    """A code for signing in."""

    policy = PUBLIC

    @extend_schema(request=CodeRequestIn, responses={202: CodeRequestOut}, tags=["auth"])
    def post(self, request: Request) -> Response:
        """Send a code to a phone. The answer is the same whether the phone is known, and whether one was sent."""
        commands.request_code(
            actor=system_actor("code login"),
            now=self.now,
            address=address_of(request._request),
            language=get_language() or "en",
            **self.read(CodeRequestIn),
        )
        return Response({"resendAfter": int(RESEND_AFTER.total_seconds())}, status=202)


class CodeVerification(Endpoint):
    """Signing in by a code."""

    policy = PUBLIC

    @extend_schema(request=CodeIn, responses=PatientSignedInOut, tags=["auth"])
    def post(self, request: Request) -> Response:
        """Exchange the right code for a bearer token of 24 hours, and everybody registered under the phone."""
        signed_in = commands.sign_in_by_code(now=self.now, address=address_of(request._request), **self.read(CodeIn))
        with scope(facility=signed_in.facility_id):
            people = [person_json(patient) for patient in people_under(signed_in.phone_index)]
        told = {"access": signed_in.secret, "expiresAt": signed_in.expires_at.isoformat(), "patients": people}
        return Response(told)
