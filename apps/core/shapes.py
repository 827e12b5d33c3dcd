"""Shapes: what answers are made by, and by which the OpenAPI document describes them; refusals are described here for
all."""

import functools
from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

REFUSALS = (400, 401, 403, 404, 413, 429, 503)
"""With what any operation may be refused."""

REFUSALS_OF_WRITES = (409, 422)
"""And with what those besides that write."""


class MoneyOut(serializers.DecimalField):
    """A sum of money as a text with two decimals."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"max_digits": 12, "decimal_places": 2, "coerce_to_string": True} | kwargs))


class Shape(serializers.Serializer[Any]):
    """An answer or a part of one. What is answered is made by it, so that the document cannot say anything else.

    A field reads the attribute or the key of its `source`; what the thing has besides is not told.
    """

    @classmethod
    def of(cls, thing: Any) -> dict[str, Any]:
        """The answer for a thing. Raises `KeyError` or `AttributeError` for a thing that lacks what is described."""
        return dict(_made(cls).to_representation(thing))


@functools.cache
def _made(shape: type[Shape]) -> Shape:
    """A shape with its fields, made once: it keeps nothing of what it tells."""
    return shape()


class Count(serializers.IntegerField):
    """How many there are in a list."""

    def to_representation(self, value: Any) -> int:
        """The length."""
        return len(value)


class TextOrNull(serializers.CharField):
    """A text, or null where there is none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**(kwargs | {"allow_null": True}))

    def to_representation(self, value: Any) -> Any:
        """The text."""
        return str(value) or None


class NotKnownYet(serializers.DateTimeField):
    """A time for which there is no basis yet: null."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**(kwargs | {"allow_null": True}))

    def get_attribute(self, instance: Any) -> None:
        """Nothing has it."""
        return


class RefusalOut(Shape):
    """Why something was not done. `errors` of a body that is not right; the rest of a state that does not allow it."""

    code = serializers.CharField()
    detail = serializers.CharField()
    errors = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), required=False)  # type: ignore[assignment]  # the contract's name
    state = serializers.CharField(required=False)
    version = serializers.IntegerField(required=False)
    allowed = serializers.ListField(child=serializers.CharField(), required=False)


class HouseSchema(AutoSchema):
    """An operation as its endpoint describes it, with the refusals that it may answer."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """The operation's part of the document."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is not None:
            statuses = REFUSALS if self.method == "GET" else REFUSALS + REFUSALS_OF_WRITES
            refused = {str(status): self._refusal(status) for status in statuses}
            operation["responses"] = refused | operation["responses"]
        return operation

    def _refusal(self, status: int) -> Any:
        described = OpenApiResponse(RefusalOut, description=HTTPStatus(status).phrase)
        return self._get_response_for_code(described, str(status))
