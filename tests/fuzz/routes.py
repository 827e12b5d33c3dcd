"""Every operation of our OpenAPI document with a request that is right in every field, made by somebody who may."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from random import Random
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from django.http import HttpResponse
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from tests.fuzz.feeding import Feeder, action_of, is_at_counter
from tests.fuzz.hospital import Asker
from tests.fuzz.papers import EVENT, signed

PLACE = '"@here@"'
"""Stands in a body where a hostile value goes; JSON text that nothing else is."""

LEFT_OUT = ("expectedVersion", "idempotencyKey", "identifiers", "letter", "backAt", "sinceYear", "percent")
"""Fields that may be left out and fit only at times."""

BY_DOCTOR = (
    *("start", "complete", "/tests", "break-glass", "}/visits", "encounters/{visit_id}", "/addenda", "/prescriptions"),
    *("/sign-off", "/vitals", "/health", "{fact_id}", "/medicines", "/diagnoses", "/diagnosis-codes"),
    *("/investigations", "/orders", "/take-back", "/seen", "/not-seen"),
    *("/follow-up", "/referrals", "/diet-plans", "{place}", "/fill-in-template", "/keep-as-template"),
    *("/visit-templates", "/visit-templates/{visit_template_id}"),
)
BY_LABORATORY = ("/counter/visits/{visit_id}/orders", "/orders/{order_id}/results")
BY_HOLDER = "/patient/visits/"
BY_FAMILY = {"PATCH /api/v1/auth/me", "POST /api/v1/patient/forget", "GET /api/v1/patient/visits"} | {
    "GET /api/v1/patient/bookings",
    "GET /api/v1/patient/waiting",
    "GET /api/v1/patient/results",
}
Body = dict[str, Any]
Where = tuple[str | int, ...]


@dataclass
class Route:
    """One operation and who may ask for it."""

    method: str
    path: str
    about: dict[str, Any]
    components: dict[str, Any]
    asker: Asker

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def action(self) -> str:
        """What is done, by the address."""
        return action_of(self.path)

    @cached_property
    def schema(self) -> dict[str, Any]:
        """Of the body; empty where there is none."""
        content = self.about.get("requestBody", {}).get("content", {})
        return self._resolved(content["application/json"]["schema"]) if content else {}

    def places(self) -> Iterator[Where]:
        """Where in the body a value can stand: every field, and within lists and objects again."""
        for name, schema in self.schema.get("properties", {}).items():
            yield from self._places_in(schema, (name,))

    def parameters(self, kind: str) -> list[str]:
        """Names of the parameters in the path or in the query."""
        return [found["name"] for found in self.about.get("parameters", []) if found["in"] == kind]

    def right(self) -> tuple[dict[str, str], Body]:
        """Path parameters and a body with which this is carried out."""
        feeder = Feeder(self.asker, Random(), elsewhere=0)
        feeder.at_counter = is_at_counter(self.path)
        known = feeder.known(self.action)
        path = {name: known.get(name, nobodys_id)() for name in self.parameters("path")}
        if "webhooks" in self.path:
            return path, dict(EVENT)
        body = {
            name: known[name]() if name in known else self._example(schema)
            for name, schema in self.schema.get("properties", {}).items()
            if name not in LEFT_OUT
        }
        if self.action == "break-glass" and self.method == "DELETE":
            self.asker.hospital.break_glass(path["patient_id"])
        if "age" in body:
            body.pop("birthDate", None)
        if "expectedVersion" in self.schema.get("required", []):
            body["expectedVersion"] = feeder.version
        if {"kind", "value"} <= set(body):
            body |= {"kind": "national_id", "value": "ID 123456"}
        return path, body

    def needed(self) -> dict[str, str]:
        """The query without which this is not answered."""
        known = Feeder(self.asker, Random(), elsewhere=0).known(self.action)
        parameters = self.about.get("parameters", [])
        wanted = [found["name"] for found in parameters if found["in"] == "query" and found.get("required")]
        return {name: known[name]() for name in wanted}

    def send(
        self, path: dict[str, str], body: bytes, query: dict[str, str] | None = None, **headers: str
    ) -> HttpResponse:
        """Ask. Unpaired surrogates go as the bytes that a careless program would send."""
        query = self.needed() if query is None else query
        parts = {name: quote(value, safe="", errors="surrogatepass") for name, value in path.items()}
        address = self.path.format(**parts)
        if query:
            address += f"?{urlencode(query, errors='surrogatepass')}"
        if "webhooks" in self.path:
            headers = signed(body) | headers
        client = Client(raise_request_exception=False, headers=self.asker.headers() | headers)
        response = client.generic(self.method, address, body, content_type="application/json")
        if self.action in ("logout", "forget") and response.status_code == 204:
            self.asker.signed_out()
        return response

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        for part in (schema, *schema.get("allOf", []), *schema.get("oneOf", [])):
            if "$ref" in part:
                return self._resolved(self.components[part["$ref"].rsplit("/", maxsplit=1)[-1]])
        return schema

    def _places_in(self, schema: dict[str, Any], where: Where) -> Iterator[Where]:
        yield where
        found = self._resolved(schema)
        if found.get("type") == "array":
            yield from self._places_in(found["items"], (*where, 0))
        for name, inner in found.get("properties", {}).items():
            yield from self._places_in(inner, (*where, name))

    def _example(self, schema: dict[str, Any]) -> Any:
        found = self._resolved(schema)
        if "enum" in found:
            return found["enum"][0]
        if found.get("type") == "array":
            return [self._example(found["items"])]
        if "properties" in found:
            return {name: self._example(inner) for name, inner in found["properties"].items()}
        if "pattern" in found:
            return "NEW1"
        examples = {"integer": found.get("minimum", 1), "number": 0.5, "boolean": False}
        return examples.get(found.get("type", ""), "1990-05-17" if found.get("format") == "date" else "Something")


def nobodys_id() -> str:
    """Stands for what this hospital has none of."""
    return str(uuid4())


def with_value(body: Body, where: Where, value: str) -> bytes:
    """The body as JSON with a value, given as JSON text, in one place."""
    copy = json.loads(json.dumps(body))
    inner: Any = copy
    for step, following in pairwise(where):
        if isinstance(step, int):
            inner.extend([{}] * (step + 1 - len(inner)))
        elif not isinstance(inner.get(step), list if isinstance(following, int) else dict):
            inner[step] = [] if isinstance(following, int) else {}
        inner = inner[step]
    if isinstance(inner, list):
        inner[:] = ["@here@"]
    else:
        inner[where[-1]] = "@here@"
    return json.dumps(copy).replace(PLACE, value).encode()


def all_routes(askers: dict[str, Asker]) -> list[Route]:
    """Every operation of the document."""
    document = _document()
    components = document["components"]["schemas"]
    return [
        Route(method.upper(), path, about, components, askers[_who(f"{method.upper()} {path}")])
        for path, operations in document["paths"].items()
        for method, about in operations.items()
    ]


@cache
def _document() -> dict[str, Any]:
    """The OpenAPI document, written once for all tests of a process."""
    return SchemaGenerator().get_schema(public=True, request=None)


def _who(path: str) -> str:
    if path in BY_FAMILY:
        return "family"
    if BY_HOLDER in path:
        return "patient"
    if path.endswith(BY_LABORATORY):
        return "laboratory"
    if "/counter" in path:
        return "nurse"
    if "/kiosk/" in path:
        return "kiosk"
    return "doctor" if path.endswith(BY_DOCTOR) else "admin"
