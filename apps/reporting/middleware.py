"""Measures how long the API takes to answer."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.reporting.measures import LATENCY

API = "/api/"


class LatencyMiddleware:
    """Notes each answer of the API under its route, never under its address: ids would make endless series."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(API):
            return self.get_response(request)
        began = time.perf_counter()
        response = self.get_response(request)
        route = request.resolver_match.view_name if request.resolver_match else ""
        taken = (time.perf_counter() - began) * 1000
        LATENCY.labels(request.method, route, f"{response.status_code // 100}xx").observe(taken)
        return response
