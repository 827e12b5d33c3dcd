"""The parts that pages are built from, all of them in all their states, from the templates that the pages use.

For who builds and who judges the look; there only in the demonstration.
"""

import re
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from apps.accounts.queries import house_name
from apps.accounts.rules.qr import qr_svg
from apps.core.errors import NotFound
from apps.core.policy import PUBLIC
from apps.core.templatetags.parchi import STATE_ICONS, SYMBOL_NAMES, drawings
from apps.core.views import page
from apps.queue.rules.hall import symbol_names


class ExampleForm(forms.Form):
    """One field of every kind."""

    name = forms.CharField(label=_("Name"))
    phone = forms.CharField(label=_("Phone"), help_text=_("Such as 98765 43210."), required=False)
    sex = forms.ChoiceField(
        label=_("Sex"), choices=[("F", _("female")), ("M", _("male"))], widget=forms.RadioSelect, required=False
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES, required=False)
    notes = forms.CharField(label=_("Notes"), widget=forms.Textarea(attrs={"rows": 2}), required=False)
    told = forms.BooleanField(label=_("Yes, I am here"), required=False)


@page(policy=PUBLIC)
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every part on one page."""
    if not settings.DEMO:
        raise NotFound
    wrong = ExampleForm({"name": ""}, prefix="wrong", auto_id="wrong_%s")
    context = {
        "hospital": house_name(),
        "colours": colours(),
        "kinds": [(kind, NAMES[kind]) for kind in STATE_ICONS],
        "symbols": list(SYMBOL_NAMES),
        "icons": [name.removeprefix("i-") for name in drawings() if name.startswith("i-")],
        "ways": [0, 1, 4, 9],
        "form": ExampleForm(auto_id="right_%s"),
        "wrong": wrong,
        "receipt": _receipt(),
        "slips": [_slip(), _slip() | WITHOUT_ROOM],
        "clock": "10:24",
    }
    return render(request, "styleguide.html", context)


NAMES = {
    "booked": _("Booked"),
    "waiting": _("Waiting"),
    "called": _("Called"),
    "with": _("With doctor"),
    "counter": _("At the counter"),
    "held": _("On hold"),
    "done": _("Finished"),
    "missed": _("Did not come"),
}
"""What the kinds of state are called."""

WITHOUT_ROOM = {"token": "P107", "copy": True, "room": "", "symbol": "", "symbol_names": {}, "doctor": ""}
"""What is different on the copy of a long number's slip that is bound to no room yet."""


@cache
def colours() -> list[tuple[str, str]]:
    """The opaque colours of the tokens: (name, `#rrggbb`), in their order."""
    sheet = (settings.BASE_DIR / "static" / "css" / "tokens.css").read_text()
    return re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", sheet)


def _receipt() -> dict[str, Any]:
    """An invoice with a discount, paid in part, of nobody."""
    invoice = {
        "number": "INV/26-27/000042",
        "day": date(2026, 11, 20),
        "token": {"label": "G46"},
        "currency": "INR",
        "discount_total": Decimal(50),
        "tax_total": Decimal(0),
        "grand_total": Decimal(250),
        "balance": Decimal(100),
    }
    return {
        "language": "en",
        "hospital": "Asha District Hospital",
        "invoice": invoice,
        "address": "1 Hospital Road",
        "name": "R. K.",
        "uhid": "H1-000046-1",
        "lines": [{"said": "Consultation", "unit_price": Decimal(300), "free_revisit": False}],
        "payments": [{"method": "cash", "payment": {"day": date(2026, 11, 20), "amount": Decimal(150)}}],
        "refunds": [],
        "printed_at": "10:05",
    }


def _slip() -> dict[str, Any]:
    """A paper slip of nobody."""
    url = "https://opd.example/t/bcdfghjkmn/"
    return {
        "language": "en",
        "token": "G46",
        "room": "3",
        "symbol": "boat",
        "symbol_names": symbol_names("boat"),
        "doctor": "Dr Anjali Nair",
        "department": "General Medicine",
        "date": "Fri 20 Nov 2026",
        "for_": "R. K., 36 M",
        "qr_svg": mark_safe(qr_svg(url)),  # noqa: S308 - drawn by us
        "tracking_url": url,
        "printed_at": "10:05",
        "board_name": "Hall B",
        "copy": False,
    }
