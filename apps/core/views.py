"""The edge of pages: every page names its policy."""

import functools
import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag, url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext

from apps.core.api import KEY_LENGTH
from apps.core.commands import Command
from apps.core.errors import DomainError, Forbidden, Invalid, Unauthenticated
from apps.core.once import Answer, InFlight, Once
from apps.core.policy import PUBLIC, Actor, Policy, meets, named

View = Callable[..., HttpResponseBase]
VERSION_DIGITS = 9
CLEAR_SITE_DATA = '"cache", "storage"'
"""What a browser throws away when somebody leaves it for good; the cookie is ended by itself."""

_ANY = UUID(int=0)
"""Stands for anybody in an address that is kept."""

TWIN_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds that the second of two equal forms waits before it asks again for the first one's answer."""


def page(*, policy: Policy, methods: Sequence[str] = ("GET",), door: str = "") -> Callable[[View], View]:
    """Make a function a page that only those may open who meet its policy.

    Nobody in particular is sent to sign in (at `door`, the name of a page; the staff's unless told) and comes back
    afterwards; who lacks the permission gets the refusal page, and that is audited (`RefusalMiddleware` does both).
    """
    allowed = {*methods, "HEAD"} if "GET" in methods else set(methods)

    def declare(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in allowed:
                return HttpResponseNotAllowed(sorted(allowed))
            if policy != PUBLIC:
                if door and actor_if_any(request) is None:
                    raise Unauthenticated(door=door)
                require(actor_of(request), policy)
            return view(request, *args, **kwargs)

        guarded.policy = policy  # type: ignore[attr-defined]
        guarded.methods = frozenset(methods)  # type: ignore[attr-defined]
        return guarded

    return declare


def require(actor: Actor, policy: Policy) -> None:
    """Refuse an actor who does not meet a policy. Raises `Forbidden`."""
    if not meets(actor, policy):
        raise Forbidden(permission=named(policy))


def own_path(address: str) -> str:
    """The address if it is a path of this site, else nothing: nobody is sent elsewhere after signing in."""
    ours = address.startswith("/") and address.isprintable()
    safe = ours and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if safe else ""


def wanted_path(request: HttpRequest) -> str:
    """Where somebody wants to go once they are signed in, by `next`; "" when they did not say, or not one of ours."""
    return own_path(str(request.POST.get("next") or request.GET.get("next") or ""))


def actor_if_any(request: HttpRequest) -> Actor | None:
    """Who asks, or None for nobody in particular."""
    actor: Actor | None = getattr(request, "actor", None)
    return actor


def actor_of(request: HttpRequest) -> Actor:
    """Who asks, on a page that is not public. Raises `Unauthenticated`."""
    actor = actor_if_any(request)
    if actor is None:
        raise Unauthenticated
    return actor


@functools.cache
def _pattern(name: str, words: tuple[str, ...]) -> str:
    return reverse(name, args=[_ANY, *words])


def address(name: str, id_: UUID, *words: str) -> str:
    """What `reverse` answers for one thing's page, for lists of many: the route is looked for once per process."""
    return _pattern(name, words).replace(str(_ANY), str(id_))


def live_part(
    request: HttpRequest, mark: str, template: str, context: Callable[[], dict[str, Any]]
) -> HttpResponseBase:
    """A part of a page that asks for itself again: rendered, or 304 while its reader has the part of this mark.

    `mark` changes whenever the part would look different; the reader's language is added to it.
    """
    etag = quote_etag(hashlib.sha256(f"{get_language()} {mark}".encode()).hexdigest()[:32])
    known = get_conditional_response(request, etag=etag)
    if known is not None:
        return known
    response = render(request, template, context())
    response["ETag"] = etag
    response.headers.setdefault("Cache-Control", "no-cache")
    return response


def once_of(request: HttpRequest, part: str = "") -> Once | None:
    """What makes a form repeatable: the key it was shown with, and what was filled in. Raises `Invalid`.

    `part` tells apart the commands of a form that runs several.
    """
    key = request.POST.get("key", "")
    if not key:
        return None
    if len(key) > KEY_LENGTH or not key.isprintable():
        raise Invalid
    filled = {name: values for name, values in request.POST.lists() if name not in ("key", "csrfmiddlewaretoken")}
    asked = request.META["QUERY_STRING"]  # may hold a link's token, so that only its fingerprint is kept
    return Once.of(key, f"POST {request.path}{part}", [asked, filled])


def run_form(
    request: HttpRequest, command: Command[Any, Any], render: Callable[[Any], Answer], part: str = "", **arguments: Any
) -> Answer:
    """Run a command for a form, as whoever sent it (unless another `actor` is named), now.

    Of a double click the browser shows only the second answer, so the second waits for the first one's.
    """
    arguments = {"actor": arguments.get("actor") or actor_of(request), "now": timezone.now()} | arguments
    once = once_of(request, part)
    for pause in TWIN_PAUSES:
        try:
            return command.answer(once, render, **arguments)
        except InFlight:
            time.sleep(pause)
    return command.answer(once, render, **arguments)


def version_of(request: HttpRequest, name: str = "version") -> int:
    """The version that the sender of a form has seen. Raises `Invalid`: a form never acts blindly."""
    text = request.POST.get(name, "")
    if not text.isdecimal() or len(text) > VERSION_DIGITS:
        raise Invalid
    return int(text)


def said(refusal: DomainError) -> str:
    """A refusal as one sentence in the reader's language; where fields are wrong, what is wrong with them."""
    errors = refusal.extra.get("errors")
    if errors:
        return " ".join(gettext(text) for texts in errors.values() for text in texts)
    detail = gettext(refusal.detail)
    return detail % refusal.params if refusal.params else detail
