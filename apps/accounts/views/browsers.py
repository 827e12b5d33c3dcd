"""What a browser of the staff carries: its session, its own name as a device, and a step halfway in."""

import re
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token

from apps.accounts.commands.credentials import new_secret
from apps.accounts.models import Staff
from apps.accounts.rules.credentials import fingerprint
from apps.accounts.rules.devices import ShownDevice, label_of
from apps.core.queries import one

HALFWAY_KEY = "halfway"
HALFWAY_LASTS = timedelta(minutes=5)
"""How long somebody may take from the password to the code."""

OFFER_LASTS = timedelta(minutes=15)
"""How long somebody may take to bring a new secret into their app."""

DEVICE_LASTS = timedelta(days=400)
"""As long as browsers keep any cookie; each sign-in begins it anew."""

_HALFWAY, _OFFER = "opd.accounts.halfway", "opd.accounts.offer"
_DEVICE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Halfway:
    """Somebody whose password was right and who is nobody yet; `back` is where they wanted to go."""

    staff: Staff
    back: str


def device_of(request: HttpRequest) -> ShownDevice:
    """The browser as a device; one without a name for itself gets one, which `remember_device` hands it."""
    known = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    secret = known if _DEVICE.fullmatch(known) else new_secret()
    return ShownDevice(secret, label_of(request.headers.get("User-Agent", "")))


def remember_device(response: HttpResponse, device: ShownDevice) -> HttpResponse:
    """Let the browser keep its own name."""
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        device.secret,
        max_age=DEVICE_LASTS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def stop_halfway(request: HttpRequest, staff: Staff, back: str) -> None:
    """Remember for a few minutes whose password was right. It opens nothing."""
    request.session.flush()
    request.session[HALFWAY_KEY] = signing.dumps([str(staff.id), _mark(staff), back], salt=_HALFWAY)
    rotate_token(request)


def halfway(request: HttpRequest) -> Halfway | None:
    """Who stopped halfway in this browser, unless that was too long ago or their password is another one now."""
    read = _read(request.session.get(HALFWAY_KEY), _HALFWAY, HALFWAY_LASTS)
    if read is None:
        return None
    staff_id, mark, back = read
    staff = one(Staff.objects.filter(id=staff_id, is_active=True))
    return Halfway(staff, back) if staff and _mark(staff) == mark else None


def offer(staff: Staff, secret: str) -> str:
    """A secret that was shown to somebody for their app, for the form to send back."""
    return signing.dumps([str(staff.id), secret], salt=_OFFER)


def offered(request: HttpRequest, staff: Staff) -> str | None:
    """The secret that a form brings back, if it is one that this person was shown a short while ago."""
    read = _read(request.POST.get("offer"), _OFFER, OFFER_LASTS)
    return read[1] if read and read[0] == str(staff.id) else None


def private(response: HttpResponse) -> HttpResponse:
    """Forbid every store on the way, and the browser's own, to keep a page."""
    response["Cache-Control"] = "no-store"
    return response


def _mark(staff: Staff) -> str:
    return fingerprint(staff.password, _HALFWAY, settings.PEPPER)[:32]


def _read(signed: object, salt: str, lasts: timedelta) -> list[str] | None:
    try:
        read: list[str] = signing.loads(str(signed or ""), salt=salt, max_age=lasts)
    except signing.BadSignature:
        return None
    return read
