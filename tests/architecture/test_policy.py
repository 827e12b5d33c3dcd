"""Nothing is reachable that does not say who may reach it: addresses, socket messages, models in the admin."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from apps.core.admin import AuditedModelAdmin
from apps.core.api import Endpoint
from apps.core.policy import PUBLIC, SIGNED_IN, Actor, ActorType, Permission
from apps.live.routing import websocket_urlpatterns
from apps.live.talk import ANSWERS, LiveConsumer
from opd.desk import DeskAdminSite

PUBLIC_API = {
    "auth/token",
    "auth/refresh",
    "auth/otp/request",
    "auth/otp/verify",
    "patient/checkin",
    "patient/restore",
    "webhooks/<slug:provider>",
    "kiosk/check-in",
    "appointments/track/<str:token>",
    "appointments/refresh-queue/<str:token>",
}
"""What nobody in particular may ask of the API. Anything else is 401, and a change here is one to talk about."""

Found = tuple[str, Any]


def walk(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[Found]:
    """Every address with what answers it."""
    for pattern in patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, address)
        else:
            yield address, pattern.callback


ADDRESSES = list(walk(get_resolver().url_patterns))


def is_policy(declared: object) -> bool:
    if isinstance(declared, frozenset):
        return bool(declared) and all(isinstance(one, Permission) for one in declared)
    return declared in (PUBLIC, SIGNED_IN) or isinstance(declared, Permission)


def endpoint_methods(endpoint: type[Endpoint]) -> list[str]:
    return [
        method.upper() for method in endpoint.http_method_names if hasattr(endpoint, method) and method != "options"
    ]


def declares_policy(view: Any) -> bool:
    """Whether what answers an address says who may ask it."""
    endpoint = getattr(view, "cls", None)
    if hasattr(view, "policy"):
        return is_policy(view.policy)
    if isinstance(endpoint, type) and issubclass(endpoint, Endpoint):
        methods = endpoint_methods(endpoint)
        return bool(methods) and all(is_policy(endpoint.policy_for(method)) for method in methods)
    if hasattr(view, "model_admin"):
        return isinstance(view.model_admin, AuditedModelAdmin)
    return isinstance(getattr(view, "admin_site", None), DeskAdminSite)


@pytest.mark.parametrize(("address", "view"), ADDRESSES, ids=[address for address, _ in ADDRESSES])
def test_every_address_declares_its_policy(address, view):
    assert declares_policy(view), f"{address} says nothing about who may ask it."


def test_an_address_without_a_policy_would_be_found():
    class Silent(Endpoint):
        def get(self, request: Any) -> None: ...

    class HalfSilent(Silent):
        policy = {"POST": SIGNED_IN}

    for view in (lambda request: None, Silent.as_view(), HalfSilent.as_view()):
        assert not declares_policy(view)


def test_the_public_part_of_the_api_is_this_and_no_more():
    found = {
        address.removeprefix("api/v1/")
        for address, view in ADDRESSES
        if address.startswith("api/v1/") and any(view.cls.policy_for(m) == PUBLIC for m in endpoint_methods(view.cls))
    }
    assert found == PUBLIC_API


@pytest.mark.parametrize("kind", ["board", "dept", "doctor", "staff", "facility", "visit", "nothing", ""])
@pytest.mark.django_db
def test_of_the_live_views_nobody_sees_any_over_the_api(client, kind):
    answer = client.get(f"/api/v1/live/{kind}.6f1c1f0e-50f4-4f63-9a6a-0a4f5c1a7a11")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


@pytest.mark.parametrize("pattern", websocket_urlpatterns, ids=lambda p: str(p.pattern) or "anything else")
def test_every_socket_says_for_each_message_who_may_send_it(pattern):
    consumer = pattern.callback.consumer_class
    if not issubclass(consumer, LiveConsumer):
        assert is_policy(consumer.policy)
        return
    assert consumer.policy
    assert set(consumer.policy) <= set(ANSWERS)
    assert all(is_policy(policy) for policy in consumer.policy.values())


def everything_but(*missing: Permission) -> Actor:
    """Somebody who may do everything but this, in no facility."""
    granted = frozenset(Permission) - set(missing)
    return Actor(ActorType.LINK, None, "test", None, granted=granted)


@pytest.mark.parametrize("model_admin", admin.site._registry.values(), ids=str)
def test_every_model_in_the_admin_asks_the_policy(model_admin):
    request = RequestFactory().get("/")
    for permission, questions in [
        (Permission.MASTERS_READ, ["view", "module"]),
        (Permission.MASTERS_CHANGE, ["add", "change", "delete"]),
    ]:
        request.actor = everything_but(permission)  # type: ignore[attr-defined]
        asked = [getattr(model_admin, f"has_{question}_permission")(request) for question in questions]
        assert not any(asked)


@pytest.mark.django_db
def test_nobody_opens_any_address_that_is_not_public():
    """Asked over HTTP, of the real stack: by every method, with some id where one belongs."""
    sample = "6f1c1f0e-50f4-4f63-9a6a-0a4f5c1a7a11"
    client = Client()
    for address, view in ADDRESSES:
        if getattr(view, "policy", None) == PUBLIC or "(?P" in address:
            continue
        path = "/" + "/".join(sample if part.startswith("<") else part for part in address.split("/"))
        methods = endpoint_methods(view.cls) if hasattr(view, "cls") else ["GET", "POST"]
        for method in methods:
            if hasattr(view, "cls") and view.cls.policy_for(method) == PUBLIC:
                continue
            answer = client.generic(method, path, "{}", content_type="application/json")
            expected = {401} if address.startswith("api/") else {302, 405, 404}
            assert answer.status_code in expected, f"{method} {path}: {answer.status_code}"
            if answer.status_code == 302:
                doors = ("/login/staff/", "/login?next=", "/admin/login/")
                at_door = answer["Location"] == "/login" or answer["Location"].startswith(doors)
                ends = path in ("/admin/logout/", "/me/forget/")
                assert at_door or ends, path
