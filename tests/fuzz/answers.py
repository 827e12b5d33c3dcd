"""Whether an answer is what the OpenAPI document says: that status, every name that is described, and no other name."""

from functools import cache
from typing import Any

import requests
import schemathesis
from django.http import HttpResponseBase
from schemathesis import Response
from schemathesis.core.failures import Failure, FailureGroup

from opd.wsgi import application

OPEN = {"RefusalOut"}
"""Shapes that may say more: a refusal adds what the caller needs to put it right."""


@schemathesis.hook("before_load_schema")
def no_other_names(context: Any, document: dict[str, Any]) -> None:
    """For clients our shapes are open, so that names can be added. Here a name that is not described is a fault."""
    for name, shape in document["components"]["schemas"].items():
        if "properties" in shape and not name.endswith("Request") and name not in OPEN:
            shape["additionalProperties"] = False


@cache
def described() -> list[Any]:
    """Every operation of our OpenAPI document, which is written once for all tests of a process."""
    schema = schemathesis.openapi.from_wsgi("/api/schema/", application)
    return [found.ok() for found in schema.get_all_operations()]


def as_answer(response: HttpResponseBase) -> Response:
    """Django's answer as Schemathesis reads it."""
    headers = {name: [value] for name, value in response.items()}
    asked = requests.Request("GET", "http://testserver/").prepare()
    content = getattr(response, "content", b"")
    return Response(response.status_code, headers, content, request=asked, elapsed=0.0, verify=False)


def faults(operation: Any, answer: Response) -> list[str]:
    """What is wrong with an answer; nothing mostly."""
    if answer.status_code >= 500 and answer.status_code != 503:
        return [f"{answer.status_code}: {answer.text[:500]}"]
    if operation.responses.find_by_status_code(answer.status_code) is None:
        return [f"{answer.status_code} is not described: {answer.text[:300]}"]
    try:
        operation.validate_response(answer)
    except FailureGroup as group:
        return [f"not as described: {failure}" for failure in group.exceptions]
    except Failure as failure:
        return [f"not as described: {failure}"]
    return []
