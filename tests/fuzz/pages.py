"""Pages as a browser has them: their links and forms, found by following what is there."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

TYPED = frozenset({"text", "tel", "email", "password", "search", "number", "date", "url", "textarea"})
"""Kinds of fields into which somebody types."""


@dataclass
class Form:
    """A form as it was shown: where it goes, and what it sends if nothing is typed."""

    page: str
    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    offered: dict[str, str] = field(default_factory=dict)
    """The first choice of each list and set of boxes."""
    chosen: set[str] = field(default_factory=set)
    """Lists that are shown with a choice made."""

    @property
    def key(self) -> tuple[str, ...]:
        """The same for the same form on another day, about another person."""
        return (self.method, place_of(self.action), *sorted(name for name in self.fields if name[0] != "_"))

    @property
    def label(self) -> str:
        return f"{self.method} {place_of(self.action)}"


def place_of(address: str) -> str:
    """The route of an address with the words in it that are no ids."""
    try:
        match = resolve(urlsplit(address).path)
    except Resolver404:
        return address
    words = [str(value) for name, value in sorted(match.kwargs.items()) if not name.endswith("_id")]
    return " ".join([match.route, *(word for word in words if len(word) < 20)])


class Page(HTMLParser):
    """What can be followed and sent from a page."""

    def __init__(self, address: str, html: str) -> None:
        super().__init__()
        self.address = address
        self.html = html
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._buttons: list[dict[str, str]] = []
        self._select = ""
        self._textarea = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(urljoin(self.address, given["href"]))
        elif tag == "form":
            action = urljoin(self.address, given.get("action", "")) or self.address
            self._form, self._buttons = Form(self.address, given.get("method", "get").upper(), action), []
        elif tag == "button" or given.get("type") in ("submit", "image"):
            self._buttons.append(given)
        elif self._form is not None:
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        assert self._form is not None
        form = self._form
        if tag == "option" and self._select:
            chosen = "selected" in given
            if chosen or self._select not in form.chosen:
                self._offer(self._select, given.get("value", ""), chosen=chosen or self._select in form.offered)
            form.chosen |= {self._select} if chosen else set()
            return
        name = given.get("name")
        if tag not in ("input", "select", "textarea") or not name or "__prefix__" in name:
            return
        form.kinds[name] = kind = given.get("type", "text") if tag == "input" else tag
        if kind in ("radio", "checkbox"):
            self._offer(name, given.get("value", "on"), chosen="checked" in given)
        elif kind != "select":
            form.fields[name] = given.get("value", "")
        self._select = name if tag == "select" else ""
        self._textarea = name if tag == "textarea" else ""

    def _offer(self, name: str, value: str, *, chosen: bool) -> None:
        """One of several choices. A list shows its first one chosen, boxes none."""
        assert self._form is not None
        form = self._form
        first = name not in form.offered
        form.offered.setdefault(name, value)
        if chosen or (first and form.kinds.get(name) == "select"):
            form.fields[name] = value

    def handle_data(self, data: str) -> None:
        if self._textarea and self._form:
            self._form.fields[self._textarea] = data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag in ("select", "textarea"):
            self._select = self._textarea = ""
        elif tag == "form" and self._form:
            self.forms += self._ways()
            self._form = None

    def _ways(self) -> Iterator[Form]:
        """The form once for every button that sends it elsewhere or says more."""
        form = self._form
        assert form is not None
        for button in self._buttons or [{}]:
            action = urljoin(self.address, button["formaction"]) if "formaction" in button else form.action
            said = {button["name"]: button.get("value", "")} if button.get("name") else {}
            yield Form(self.address, form.method, action, form.fields | said, form.kinds, form.offered)


def visit(client: Client, address: str) -> tuple[Any, Page]:
    """Open a page, wherever it leads."""
    response = client.get(address, follow=True)
    last = response.redirect_chain[-1][0] if response.redirect_chain else address
    html = response.content.decode(errors="replace") if "html" in response.headers.get("Content-Type", "") else ""
    return response, Page(urljoin(address, last), html)


def wander(client: Client, starts: list[str], most: int = 200) -> Iterator[Page]:
    """Every page that links lead to, each route once."""
    waiting, known = list(starts), set()
    while waiting and len(known) < most:
        address = waiting.pop(0)
        split = urlsplit(address)
        seen_as = (place_of(address), *sorted(name for name, _ in parse_qsl(split.query)))
        if split.netloc or split.path.startswith(("/static/", "/api/")) or seen_as in known:
            continue
        known.add(seen_as)
        response, page = visit(client, address)
        assert response.status_code < 500, address
        yield page
        waiting += page.links
