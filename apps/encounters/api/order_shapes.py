"""Shapes of tests over HTTP: the list, orders, results."""

from typing import Any

from rest_framework import serializers

from apps.core.api import TextField
from apps.core.shapes import Shape
from apps.encounters.rules.investigations import LONGEST_QUESTION, LONGEST_REPORT, MOST_AT_ONCE, OrderState

MOST = 32_767


class InvestigationOut(Shape):
    """A laboratory or imaging test that can be ordered."""

    investigationId = serializers.UUIDField(source="id")
    code = serializers.CharField()
    name = serializers.CharField()
    departmentId = serializers.UUIDField(source="department_id")
    service = serializers.CharField()


class InvestigationPage(serializers.Serializer[Any]):
    """One page of tests."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = InvestigationOut(many=True)


class SearchQuery(serializers.Serializer[Any]):
    """What a code or name has to hold."""

    search = serializers.CharField(required=False, default="", allow_blank=True, max_length=80)


class ValueOut(Shape):
    """A measured value; `level` is `low`, `high` or empty, `low` and `high` the usual range, null where open."""

    name = serializers.CharField()
    unit = serializers.CharField()
    value = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    level = serializers.CharField()
    dangerous = serializers.BooleanField()


class ResultOut(Shape):
    """A signed result: the SHA-256 of what was signed, and why it took the place of an earlier version."""

    version = serializers.IntegerField()
    values = ValueOut(many=True)
    report = serializers.CharField()
    reason = serializers.CharField()
    critical = serializers.BooleanField()
    signedAt = serializers.DateTimeField()
    signedBy = serializers.CharField()
    hash = serializers.CharField()


class OrderOut(Shape):
    """A test of a visit: `ordered`, `done` or `cancelled`; `version` of its result (0: none), and the one `seen`."""

    orderId = serializers.UUIDField()
    visitId = serializers.UUIDField()
    code = serializers.CharField()
    test = serializers.CharField()
    departmentId = serializers.UUIDField()
    urgent = serializers.BooleanField()
    question = serializers.CharField()
    state = serializers.ChoiceField([state.value for state in OrderState])
    orderedAt = serializers.DateTimeField()
    version = serializers.IntegerField()
    seen = serializers.IntegerField()
    result = ResultOut(allow_null=True)


class OrdersOut(Shape):
    """The tests of a visit."""

    orders = OrderOut(many=True)


class OrderPage(serializers.Serializer[Any]):
    """One page of orders."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = OrderOut(many=True)


class OwnResultOut(Shape):
    """A result of somebody of the family, once the doctor has looked at it; `beingCorrected`: a newer version came that
    the doctor has not looked at yet."""

    orderId = serializers.UUIDField()
    visitId = serializers.UUIDField()
    name = serializers.CharField()
    test = serializers.CharField()
    day = serializers.DateField()
    beingCorrected = serializers.BooleanField()
    result = ResultOut()


class OwnResultPage(serializers.Serializer[Any]):
    """One page of a family's results."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = OwnResultOut(many=True)


class OrderIn(serializers.Serializer[Any]):
    """Tests by code, name or id; with `send` the person goes there now, with all that is still to be done."""

    tests = serializers.ListField(
        child=TextField(max_length=150), max_length=MOST_AT_ONCE, required=False, default=list
    )
    urgent = serializers.BooleanField(required=False)
    question = TextField(required=False, allow_blank=True, max_length=LONGEST_QUESTION)
    send = serializers.BooleanField(required=False)
    reason = TextField(required=False, allow_blank=True, max_length=200)
    expectedVersion = serializers.IntegerField(
        min_value=1, max_value=2_147_483_647, source="expected_version", required=False
    )


class ValueIn(serializers.Serializer[Any]):
    """A value of something that the test measures, in the unit of the list."""

    name = TextField(max_length=80)
    value = serializers.DecimalField(max_digits=10, decimal_places=3)


class ResultIn(serializers.Serializer[Any]):
    """A result: values, words, or both; over a signed version (`version`, 0 for none) with a reason."""

    values = serializers.ListField(child=ValueIn(), max_length=60, required=False, default=list)
    report = TextField(required=False, allow_blank=True, max_length=LONGEST_REPORT)
    version = serializers.IntegerField(min_value=0, max_value=MOST, required=False)
    reason = TextField(required=False, allow_blank=True, max_length=200)


class SeenIn(serializers.Serializer[Any]):
    """The version of the result that was looked at; with a reason, where another doctor ordered the test."""

    version = serializers.IntegerField(min_value=1, max_value=MOST)
    reason = TextField(required=False, allow_blank=True, max_length=200)
