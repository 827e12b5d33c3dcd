"""The gate: a request that comes too fast is refused before anything is done for it."""

from collections.abc import Callable
from math import ceil

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from apps.accounts.rules.credentials import CredentialKind, fingerprint
from apps.core.addresses import address_of
from apps.core.errors import TooMany, sentence
from apps.core.pages import refusal
from apps.core.views import actor_if_any
from opd.limits.counting import LIMITED, limiter
from opd.limits.rules import Count, Share, count_of, is_counted, link_in


class TooFast(TooMany):
    detail = sentence("That was too much in a short time. Please wait a moment.")


class LimitMiddleware:
    """Counts who asks, known by now, and answers 429 with `Retry-After` in place of what was asked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if not is_counted(path):
            return self.get_response(request)
        count = count_of(actor_if_any(request), path, address_of(request))
        if count.share is Share.HALL and (link := link_in(path)):
            return self._by_link(request, count, link)
        return _refused(request, count, limiter(settings.REDIS_URL).take(count)) or self.get_response(request)

    def _by_link(self, request: HttpRequest, hall: Count, link: str) -> HttpResponse:
        """A good link counts for itself, so that a full hall can follow its turns; a wrong one for the address that
        tries it."""
        gate = limiter(settings.REDIS_URL)
        holder = Count(Share.PATIENT, fingerprint(link, CredentialKind.TRACKING, settings.PEPPER))
        for count, seconds in ((hall, gate.wait(hall)), (holder, gate.take(holder))):
            if refused := _refused(request, count, seconds):
                return refused
        response = self.get_response(request)
        if response.status_code >= 400:
            gate.take(hall)
        return response


def _refused(request: HttpRequest, count: Count, seconds: float) -> HttpResponse | None:
    if not seconds:
        return None
    LIMITED.labels(count.share).inc()
    return refusal(request, TooFast(retry_after=ceil(seconds)))
