"""What comes after a visit, over HTTP: the day to come again, referrals, diets."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Endpoint, TextField
from apps.core.policy import Permission
from apps.core.shapes import Shape
from apps.encounters.api.diagnoses import drafted
from apps.encounters.api.shapes import AfterwardsOut
from apps.encounters.commands.afterwards import add_diet, drop_diet, drop_referral, refer, set_follow_up
from apps.encounters.queries.diets import diet_plans
from apps.encounters.rules.outcome import FARTHEST, LONGEST_NAME, LONGEST_WORDS


class FollowUpIn(serializers.Serializer[Any]):
    """A day, or so many days from now; neither: need not come again."""

    on = serializers.DateField(required=False, allow_null=True)
    days = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=FARTHEST.days)


class ReferralIn(serializers.Serializer[Any]):
    """To a department of the hospital, or to somebody outside of it."""

    departmentId = serializers.UUIDField(source="department_id", required=False, allow_null=True)
    to = TextField(required=False, allow_blank=True, max_length=LONGEST_NAME)
    reason = TextField(max_length=LONGEST_WORDS)


class DietIn(serializers.Serializer[Any]):
    """A plan of the hospital by its code, free words, or both."""

    code = TextField(required=False, allow_blank=True, max_length=40)
    text = TextField(required=False, allow_blank=True, max_length=LONGEST_WORDS)


class DietPlanOut(Shape):
    """A plan in the caller's language where it has it, and the languages it has."""

    code = serializers.CharField()
    name = serializers.CharField()
    text = serializers.CharField()
    languages = serializers.ListField(child=serializers.CharField())


class DietPlansOut(Shape):
    """The diet plans of a hospital, by name."""

    dietPlans = DietPlanOut(many=True, source="plans")


class FollowUp(Endpoint):
    """When the doctor wants to see somebody again."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(request=FollowUpIn, responses=AfterwardsOut)
    def put(self, request: Request, visit_id: UUID) -> Response:
        """Say when; with the completed visit a place is booked, where one is open on that day."""
        return self.run(set_follow_up, drafted, visit_id=visit_id, **self.read(FollowUpIn))


class Referrals(Endpoint):
    """To whom somebody is sent."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(request=ReferralIn, responses={201: AfterwardsOut})
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Refer: inside the hospital they go there next under the same number, outside of it by a letter."""
        return self.run(refer, drafted, 201, visit_id=visit_id, **self.read(ReferralIn))


class Referral(Endpoint):
    """One referral that is drafted, by its place from 0."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(responses={200: AfterwardsOut})
    def delete(self, request: Request, visit_id: UUID, place: int) -> Response:
        """Take it out; who was to go on to a department does not. 409 `line_gone` where no line has this place."""
        return self.run(drop_referral, drafted, visit_id=visit_id, place=place)


class DietPlans(Endpoint):
    """The hospital's diet plans."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(responses=DietPlansOut)
    def get(self, request: Request) -> Response:
        """All of them, by name."""
        return Response(DietPlansOut.of({"plans": diet_plans()}))


class Diets(Endpoint):
    """What somebody is to eat."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(request=DietIn, responses={201: AfterwardsOut})
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Hand out a diet plan."""
        return self.run(add_diet, drafted, 201, visit_id=visit_id, **self.read(DietIn))


class Diet(Endpoint):
    """One diet that is drafted, by its place from 0."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(responses={200: AfterwardsOut})
    def delete(self, request: Request, visit_id: UUID, place: int) -> Response:
        """Take it out. 409 `line_gone` where no line has this place."""
        return self.run(drop_diet, drafted, visit_id=visit_id, place=place)
