"""Where a request comes from: the one answer for limits, audit and logs. Headers are believed only as far as proxies
of our own wrote them."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "unknown"
"""Stands for an address that nobody told; whoever is limited by address shares it."""


def address_of(request: HttpRequest) -> str:
    """The address a request comes from, in its one spelling (`203.0.113.9`, `2001:db8::1`)."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    return client_address(request.META.get("REMOTE_ADDR", ""), forwarded, settings.PROXIES)


def address_of_scope(scope: Mapping[str, Any]) -> str:
    """The same for what an ASGI server has opened, as a socket."""
    told = [value.decode("latin-1") for name, value in scope.get("headers", ()) if name == b"x-forwarded-for"]
    return client_address((scope.get("client") or [""])[0], ",".join(told), settings.PROXIES)


def client_address(remote: str, forwarded: str, proxies: int) -> str:
    """Who speaks through so many proxies of our own, each of which appends to X-Forwarded-For whom it heard.

    The list is read from its end, where our proxies write; its beginning is written by the client. With none, or
    where the list is shorter than it should be or holds no address, the connection itself is what counts.
    """
    told = [part.strip() for part in forwarded.split(",")] if forwarded else []
    if 0 < proxies <= len(told) and (address := _spelled(told[-proxies])):
        return address
    return _spelled(remote) or UNKNOWN


def _spelled(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
