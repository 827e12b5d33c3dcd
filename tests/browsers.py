"""Browsers in which somebody of the staff is signed in, for tests of pages."""

from typing import Any

from django.conf import settings
from django.test import Client
from django.utils import timezone
from django_scopes import scopes_disabled

from apps.accounts.commands import enter
from apps.accounts.models import Staff
from apps.accounts.queries.actors import SESSION_KEY
from apps.accounts.rules.credentials import CredentialKind
from apps.core.policy import Actor, Role
from tests.cast import app_code


def browser_of(actor: Actor, **how: Any) -> Client:
    """A browser in which this member of staff is signed in, whatever their password."""
    with scopes_disabled():
        staff = Staff.objects.get(id=actor.id)
    code = app_code(staff) if staff.role == Role.ADMIN else ""
    signed = enter(now=timezone.now(), staff=staff, kind=CredentialKind.STAFF_SESSION, code=code)
    client = Client(**how)
    session = client.session
    session[SESSION_KEY] = signed.secret
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client


def shown_in_admin(browser: Client, path: str) -> dict[str, Any]:
    """What the form at this address of the admin sends if nothing is typed, the rows beneath it included."""
    context = browser.get(path).context
    sets = [inline.formset for inline in context["inline_admin_formsets"]]
    forms = [context["adminform"].form, *(form for rows in sets for form in (rows.management_form, *rows.forms))]
    shown = {field.html_name: field.value() for form in forms for field in form}
    return {name: value for name, value in shown.items() if value is not None and value is not False}
