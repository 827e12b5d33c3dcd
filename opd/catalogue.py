"""The translations: gathered from Python and templates by Babel, kept in step, compiled. Needs no GNU gettext."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

KEYWORDS: dict[str, Any] = {
    "_": None,
    "sentence": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
"""What marks a sentence in Python; `sentence` is our own, for refusals."""

PYTHON = ("apps", "opd")
TEMPLATES = ("templates",)
DOMAIN = "django"

FOR_PATIENTS = (
    *("templates/base.html", "templates/403_csrf.html", "templates/components/*", "templates/errors/*"),
    *("templates/track/*", "templates/me/*", "templates/patients/*", "templates/accounts/start.html"),
    *("templates/accounts/login.html", "templates/accounts/code_form.html", "templates/display/_*"),
    *("templates/display/board.html", "templates/display/doors.html", "templates/display/kiosk*"),
    *("templates/display/pairing.html", "templates/accounts/demo_accounts.html", "apps/accounts/models/staff.py"),
    *("apps/core/errors.py", "apps/core/commands.py", "apps/core/pages.py", "apps/core/templatetags/*.py"),
    *("apps/accounts/commands/credentials.py", "apps/accounts/queries/actors.py", "apps/accounts/queries/checkin.py"),
    *("apps/accounts/middleware.py", "apps/display/api.py", "apps/eta/rules/telling.py"),
    *("apps/patients/commands/codes.py", "apps/patients/commands/own.py", "apps/patients/forms.py"),
    *("apps/patients/queries/registry.py", "apps/patients/rules/names.py", "apps/patients/rules/people.py"),
    *("apps/patients/rules/phones.py", "apps/patients/rules/texts.py", "apps/patients/views/codes.py"),
    *("apps/patients/views/login.py", "apps/patients/views/settings.py", "apps/queue/patient_forms.py"),
    *("apps/notifications/commands/choosing.py", "apps/queue/commands/coming.py"),
    *("apps/queue/commands/giving_feedback.py", "apps/scheduling/commands/rebooking.py"),
    *(
        f"apps/queue/commands/{deed}.py"
        for deed in ("admitting", "arriving", "aside", "booking", "closing", "delaying", "leaving")
    ),
    *(f"apps/queue/commands/{deed}.py" for deed in ("moving", "nearby", "nearing", "own", "reassigning", "telling")),
    *(
        "apps/queue/commands/following_up.py",
        "apps/queue/commands/keeping_posted.py",
        "apps/queue/commands/reminding.py",
    ),
    *("apps/queue/commands/watching.py", "apps/queue/queries/journeys.py"),
    *("apps/queue/queries/bookings.py", "apps/queue/queries/expected.py"),
    *("apps/queue/queries/kiosk.py", "apps/queue/queries/own*.py", "apps/queue/queries/shown.py"),
    *("apps/queue/queries/slip.py", "apps/queue/queries/slots.py", "apps/queue/queries/track*.py"),
    *("apps/queue/views/me.py", "apps/queue/views/own_*.py", "apps/queue/views/times.py"),
    *("apps/queue/views/track*.py",),
    *("apps/scheduling/commands/hall.py", "apps/scheduling/commands/holds.py", "apps/scheduling/commands/limits.py"),
    *("apps/scheduling/commands/offers.py", "apps/scheduling/commands/waiting.py"),
    *("apps/scheduling/queries/lengths.py", "apps/scheduling/rules/*.py"),
    *("apps/billing/queries/papers.py", "apps/billing/commands/linking.py", "apps/billing/commands/following_up.py"),
    *("apps/notifications/commands/mailing.py", "apps/notifications/rules/subjects.py"),
    "apps/notifications/channels/email.py",
    *("apps/billing/queries/prepaid.py", "apps/billing/commands/prepaying.py"),
    *("apps/billing/commands/charging.py", "apps/billing/rules/prepaying.py"),
    *("apps/queue/queries/money.py", "apps/queue/commands/holding.py"),
    "apps/billing/queries/sheet.py",
    *("apps/core/paper.py", "apps/encounters/queries/sheet.py", "apps/encounters/queries/vitals.py"),
    *(
        "apps/encounters/rules/papers.py",
        "apps/encounters/rules/taking.py",
        "apps/encounters/rules/vitals.py",
        "apps/patients/queries/people.py",
    ),
    *("apps/encounters/queries/openings.py", "apps/encounters/views/openings.py", "apps/patients/rules/openings.py"),
    *("opd/borrowed/forms.py", "opd/limits/middleware.py"),
)
"""Where sentences stand that patients and their families read: phone, board, kiosk, slip, messages.

A language that the staff do not work in (settings.STAFF_LANGUAGES) has these and no others."""


class StableCatalog(Catalog):
    """A catalogue whose file says only what matters: no dates, no names, the same text for the same sentences."""

    def _get_mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", str(self.locale_identifier)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms),
        ]

    mime_headers = property(_get_mime_headers, Catalog._set_mime_headers)


@dataclass(frozen=True, slots=True)
class Gap:
    """A sentence that readers of a language do not get in it, and why."""

    language: str
    text: str
    why: str


def languages() -> list[str]:
    """The languages besides the one the sentences are written in."""
    return [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def po_path(language: str) -> Path:
    """Where a language's translations are written down."""
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def gather(language: str | None = None) -> StableCatalog:
    """Every sentence that is marked for translation, without translations; with `language`, those that it needs."""
    catalog = StableCatalog(charset="utf-8")
    for path in sorted([*_files(PYTHON, "*.py"), *_files(TEMPLATES, "*")]):
        if language in (None, *settings.STAFF_LANGUAGES) or is_for_patients(path):
            _take(catalog, _in_python(path) if path.suffix == ".py" else _in_template(path))
    return catalog


def is_for_patients(path: Path) -> bool:
    """Whether patients read what stands in this file."""
    inside = path.relative_to(settings.BASE_DIR)
    return any(inside.match(pattern) for pattern in FOR_PATIENTS)


def in_step(language: str) -> StableCatalog:
    """A language's catalogue as it should be: all gathered sentences, with the translations there are."""
    known = read(language)
    catalog = StableCatalog(locale=language, charset="utf-8", header_comment="")
    catalog.fuzzy = False
    for message in gather(language):
        if not message.id:
            continue
        found = known.get(message.id, message.context)
        string = found.string if found else None
        flags = {flag for flag in (found.flags if found else ()) if flag == "fuzzy"} | set(message.flags)
        catalog.add(message.id, string, flags=flags, auto_comments=message.auto_comments, context=message.context)
    return catalog


def read(language: str) -> Catalog:
    """A language's catalogue as it is; an empty one where there is none yet."""
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def written(catalog: Catalog) -> str:
    """A catalogue as the text of its file: sorted, without the places the sentences stand in."""
    text = io.BytesIO()
    write_po(text, catalog, width=110, no_location=True, sort_output=True, ignore_obsolete=True)
    return text.getvalue().decode().strip() + "\n"


def update(language: str) -> None:
    """Bring a language's file in step with the sentences."""
    text = written(in_step(language))
    path = po_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def compile_catalogue(language: str) -> Path:
    """Write the file that the running system reads; sentences without a sure translation stay in English."""
    path = po_path(language).with_suffix(".mo")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        write_mo(file, read(language), use_fuzzy=False)
    draft.replace(path)
    return path


def is_in_step(language: str) -> bool:
    """Whether a language's file is what `update` would write."""
    path = po_path(language)
    return path.exists() and path.read_text(encoding="utf-8") == written(in_step(language))


def gaps(language: str) -> list[Gap]:
    """Sentences without a translation, with an unsure one, or with other placeholders than the original."""
    found = []
    for message in in_step(language):
        if message.id and (why := _trouble(message)):
            found.append(Gap(language, _first(message.id), why))
    return found


def _trouble(message: Message) -> str:
    strings = message.string if isinstance(message.string, tuple | list) else [message.string]
    if not all(strings):
        return "not translated"
    if message.fuzzy:
        return "marked as unsure"
    return "; ".join(str(error) for error in message.check())


def _first(id: Any) -> str:
    return str(id[0] if isinstance(id, tuple | list) else id)


def _files(folders: Iterable[str], pattern: str) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in (settings.BASE_DIR / folder).rglob(pattern) if path.is_file())


def _in_python(path: Path) -> Any:
    with path.open("rb") as file:
        return list(extract("python", file, KEYWORDS, ["Translators:"]))


def _in_template(path: Path) -> Any:
    """The sentences of a template, by way of the Python that Django makes of it.

    What is no sentence becomes letters X at its old place; in brackets their indentation means nothing.
    """
    source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    return list(extract("python", io.BytesIO(f"(\n{source}\n)".encode()), KEYWORDS, ["Translators:"]))


def _take(catalog: Catalog, messages: Iterable[Any]) -> None:
    for _, message, comments, context in messages:
        catalog.add(message, None, auto_comments=comments, context=context)
