"""Which languages a page speaks: those for patients all of them, those for staff the ones that staff work in. And what
the hospital's own places and people are called in each."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from django import forms
from django.conf import settings
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

STAFF_PATHS = (
    "/account/",
    "/admin/",
    "/console/",
    "/counter/",
    "/login/provider/",
    "/login/staff/",
    "/password/",
    "/prescription/",
    "/record/",
)
"""Where only members of staff have business."""


def spoken_at(path: str) -> list[tuple[str, str]]:
    """The languages that a page at this path can be read in, as (code, own name)."""
    if path.startswith(STAFF_PATHS):
        return [(code, name) for code, name in settings.LANGUAGES if code in settings.STAFF_LANGUAGES]
    return list(settings.LANGUAGES)


class Named(Protocol):
    """What has a name, and others in some languages."""

    @property
    def name(self) -> str: ...
    @property
    def names(self) -> Mapping[str, str]: ...


def named(thing: Named, language: str = "") -> str:
    """What something is called in a language, by default in the reader's; its one name where it has no other."""
    return in_language(thing.name, thing.names, language)


def in_language(name: str, names: Mapping[str, str], language: str = "") -> str:
    """One of several names of the same thing, by language; `name` where there is none for it."""
    return names.get(language or get_language() or "") or name


def named_in(name: str, names: Mapping[str, str], languages: Sequence[str]) -> dict[str, str]:
    """What something is called in each of several languages, side by side: the first always, others where they have a
    name of their own."""
    return {code: in_language(name, names, code) for code in languages if code == languages[0] or names.get(code)}


class NamesField(models.JSONField):
    """The names of a row in languages, by their codes: `{"hi": "प्रयोगशाला"}`. Beside the `name` that holds for all."""

    def __init__(self, **how: Any) -> None:
        empty = {"default": dict, "db_default": {}, "blank": True}
        super().__init__(**{"verbose_name": _("name by language"), **empty, **how})

    def formfield(self, **how: Any) -> Any:
        """One line of text for each language."""
        return NamesFormField(label=self.verbose_name, help_text=_("Where a line is empty, the one name is shown."))


class NamesInput(forms.MultiWidget):
    """A line for each language, which says its own name."""

    def __init__(self) -> None:
        lines: dict[str, forms.Widget | type[forms.Widget]] = {
            code: forms.TextInput({"lang": code, "placeholder": name, "aria-label": name, "class": "vTextField"})
            for code, name in settings.LANGUAGES
        }
        super().__init__(lines)

    def decompress(self, value: Mapping[str, str] | None) -> list[str]:
        return [(value or {}).get(code, "") for code, _name in settings.LANGUAGES]


class NamesFormField(forms.MultiValueField):
    """Names as lines of text; the lines that are filled become the names."""

    widget = NamesInput

    def __init__(self, **how: Any) -> None:
        lines = tuple(forms.CharField(required=False, max_length=120) for _language in settings.LANGUAGES)
        super().__init__(lines, require_all_fields=False, required=False, **how)

    def compress(self, data_list: list[str]) -> dict[str, str]:
        return {code: text for (code, _name), text in zip(settings.LANGUAGES, data_list or [], strict=False) if text}
