"""The API's edge: every endpoint names its policy, reads a body by a serializer, runs a command, answers JSON."""

import functools
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import chain
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.db import OperationalError, models
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext
from rest_framework import exceptions, serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, set_rollback

from apps.core.commands import Command, report_refusal
from apps.core.errors import DomainError, Forbidden, Invalid, NotFound, TooLarge, Unauthenticated, Unavailable
from apps.core.once import Answer, Once
from apps.core.policy import PUBLIC, SIGNED_IN, Actor, Policy, meets, named

KEY_LENGTH = 200
Rows = models.QuerySet[Any] | list[Any]
"""What a page is cut from."""

PAGING = frozenset({"page", "pageSize"})
"""What every list can be asked for."""

DEEPEST_JSON = 20
"""Objects and lists inside each other. Nothing of ours goes deeper than five."""


class ActorAuthentication(BaseAuthentication):
    """Takes over the actor that the middleware found; says `Bearer` so that a refusal is a 401."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        actor = getattr(request._request, "actor", None)
        return (actor, None) if actor else None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class JsonParser(JSONParser):
    """JSON that is nested too deep, or has half a character that nothing can write again, is refused like none."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            parsed = super().parse(*args, **kwargs)
            json.dumps(parsed, ensure_ascii=False).encode()
        except (RecursionError, UnicodeEncodeError):
            raise exceptions.ParseError from None
        if _is_deeper(parsed, DEEPEST_JSON):
            raise exceptions.ParseError
        return parsed


def _is_deeper(parsed: Any, levels: int) -> bool:
    level = [parsed]
    for _ in range(levels + 1):
        inner = (part.values() if isinstance(part, dict) else part for part in level if isinstance(part, dict | list))
        level = list(chain.from_iterable(inner))
        if not level:
            return False
    return True


class DeclaredPolicy(BasePermission):
    """Lets a request in only if the endpoint declares a policy and the actor meets it."""

    def has_permission(self, request: Request, view: Any) -> bool:
        policy: Policy | None = view.policy_for(request.method)
        actor: Actor | None = getattr(request._request, "actor", None)
        if policy == PUBLIC:
            return True
        if actor is None:
            raise Unauthenticated
        if policy is None or not meets(actor, policy):
            raise Forbidden(permission=named(policy or ""))
        return True


class Page(PageNumberPagination):
    """`?page=&pageSize=` of at most 100 rows: `{count, next, previous, results}`."""

    page_size = 50
    page_size_query_param = "pageSize"
    max_page_size = 100

    def get_next_link(self) -> str | None:
        """The address of the next page, under the house's own name whatever the request called it."""
        return _under_our_name(super().get_next_link())

    def get_previous_link(self) -> str | None:
        """The address of the page before, likewise."""
        return _under_our_name(super().get_previous_link())


def _under_our_name(link: str | None) -> str | None:
    return settings.PUBLIC_BASE_URL + urlsplit(link)._replace(scheme="", netloc="").geturl() if link else None


class TextField(serializers.CharField):
    """A text in a body. A number in its place is refused, not written out as if it had been meant."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Nothing(serializers.Serializer[Any]):
    """A query string with nothing in it: a list that cannot be narrowed or ordered."""


class Endpoint(APIView):
    """Base of every endpoint. `policy` is a permission, `SIGNED_IN` or `PUBLIC`, or a dict of them by method."""

    policy: ClassVar[Policy | Mapping[str, Policy]]
    authentication_classes = [ActorAuthentication]
    permission_classes = [DeclaredPolicy]
    parser_classes = [JsonParser]
    pagination_class = Page
    _query_is_known = False

    @classmethod
    def policy_for(cls, method: str | None) -> Policy | None:
        """The policy of one method; HEAD counts as GET, OPTIONS needs only a signed-in actor."""
        declared = getattr(cls, "policy", None)
        if method == "OPTIONS" and declared != PUBLIC:
            return SIGNED_IN
        if isinstance(declared, Mapping):
            return declared.get("GET" if method == "HEAD" else method or "")
        return declared

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.now: datetime = timezone.now()
        if request.method and request.method.lower() not in self.http_method_names_offered:
            raise exceptions.MethodNotAllowed(request.method)
        super().initial(request, *args, **kwargs)

    @property
    def http_method_names_offered(self) -> set[str]:
        offered = {name for name in self.http_method_names if hasattr(self, name)}
        return offered | {"options"}

    @property
    def actor(self) -> Actor:
        """Who asks. Only on endpoints that are not public."""
        actor: Actor | None = self.request._request.actor  # type: ignore[attr-defined]
        if actor is None:
            raise Unauthenticated
        return actor

    def read(self, serializer: type[serializers.Serializer[Any]], partial: bool = False) -> dict[str, Any]:
        """The body as a checked dict with the serializer's source names. Raises `Invalid`."""
        data = self.request.data
        if not isinstance(data, Mapping):
            raise Invalid({"body": [gettext("A JSON object is expected.")]})
        return dict(_reader(serializer, partial).run_validation(data))

    def read_query(self, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The query string as a checked dict. Raises `Invalid`, also for what the serializer does not know."""
        reader = _reader(serializer)
        self._refuse_unknown(set(reader.fields))
        return dict(reader.run_validation(self.request.query_params.dict()))

    def _refuse_unknown(self, known: set[str]) -> None:
        """A filter or an order that is not offered is refused, not ignored: nobody learns by trying them out."""
        self._query_is_known = True
        if unknown := set(self.request.query_params) - known - PAGING:
            raise Invalid({name[:80]: [gettext("This cannot be asked for.")] for name in sorted(unknown)[:10]})

    def once(self) -> Once | None:
        """The request's idempotency key, from the header or the body. Raises `Invalid` when it is unusable."""
        body = self.request.data if isinstance(self.request.data, Mapping) else {}
        key = self.request.headers.get("Idempotency-Key") or body.get("idempotencyKey")
        if key is None:
            return None
        if not isinstance(key, str) or not 0 < len(key) <= KEY_LENGTH or not key.isprintable():
            raise Invalid({"idempotencyKey": [gettext("Use 1 to 200 printable characters.")]})
        told = {name: value for name, value in body.items() if name != "idempotencyKey"}
        return Once.of(key, f"{self.request.method} {self.request.path}", told)

    def run(
        self, command: Command[Any, Any], render: Callable[[Any], Answer], /, success: int = 200, **arguments: Any
    ) -> Response:
        """Run a command as this actor, now, and answer with what `render` makes of its result."""
        answer = command.answer(self.once(), render, actor=self.actor, now=self.now, **arguments)
        return Response(answer, status=success)

    def page(self, rows: Rows, render: Callable[[Any], Answer]) -> Response:
        """One page of rows in order. A list that read no query takes nothing but the page's number and size."""
        return self.page_of(rows, lambda found: [render(row) for row in found])

    def page_of(self, rows: Rows, render: Callable[[list[Any]], list[Answer]]) -> Response:
        """The same where rows are rendered together, since what belongs to them is read in one statement."""
        if not self._query_is_known:
            self._refuse_unknown(set())
        paginator = self.pagination_class()
        found = paginator.paginate_queryset(rows, self.request, view=self) or []
        return paginator.get_paginated_response(render(found))


@functools.cache
def _reader(serializer: type[serializers.Serializer[Any]], partial: bool = False) -> serializers.Serializer[Any]:
    """A serializer with its fields, made once: it keeps nothing of what it reads."""
    return serializer(partial=partial)


def explain(error: DomainError) -> dict[str, Any]:
    """A refusal as the JSON every client gets, in the language of the request."""
    detail = gettext(error.detail)
    told = {"code": error.code, "detail": detail % error.params if error.params else detail} | error.extra
    if errors := error.extra.get("errors"):
        told["errors"] = {field: [gettext(why) for why in reasons] for field, reasons in errors.items()}
    return told


def _domain_error(error: Exception) -> DomainError | None:
    """Django's and DRF's own refusals in our words; None for what is really unexpected."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, Http404 | exceptions.NotFound):
        return NotFound()
    if isinstance(error, exceptions.ValidationError):
        detail = error.detail if isinstance(error.detail, dict) else {"body": error.detail}
        return Invalid(_flat(detail))
    if isinstance(error, RequestDataTooBig):
        return TooLarge()
    if isinstance(error, exceptions.ParseError | BadRequest | exceptions.UnsupportedMediaType):
        return Invalid({"body": [gettext("The body is not valid JSON.")]})
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return Unauthenticated()
    if isinstance(error, exceptions.PermissionDenied):
        return Forbidden()
    if isinstance(error, OperationalError):
        return Unavailable()
    return None


def _flat(detail: Mapping[str, Any], prefix: str = "") -> dict[str, list[str]]:
    flat: dict[str, list[str]] = {}
    for name, said in detail.items():
        if isinstance(said, Mapping):
            flat |= _flat(said, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = [str(s) for s in (said if isinstance(said, list) else [said])]
    return flat


def handle_exception(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler: one place that turns a refusal into HTTP. None leaves it a real error (500)."""
    known = _domain_error(error)
    if known is not None:
        set_rollback()
        if isinstance(known, Forbidden):
            report_refusal(getattr(context["request"]._request, "actor", None), known)
        headers = {"WWW-Authenticate": "Bearer"} if known.status == 401 else {}
        if known.status in (429, 503):
            headers["Retry-After"] = str(known.params.get("retry_after", 2))
        return Response(explain(known), status=known.status, headers=headers)
    if isinstance(error, exceptions.APIException):
        body = {"code": str(error.default_code), "detail": str(error.detail)}
        return Response(body, status=error.status_code)
    return None
