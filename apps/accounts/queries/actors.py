"""Who somebody is: the one place where a request, a socket or a link becomes an actor.

Whatever is wrong with what they show (forged, over, revoked, garbage), they are nobody: None, never an error.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any, NamedTuple, TypeGuard
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, parse_cookie
from django.utils import timezone

from apps.accounts.models import Credential, Staff
from apps.accounts.rules.credentials import (
    ACTOR_TYPES,
    BEARER_KINDS,
    CODE_LENGTH,
    COOKIE_KINDS,
    SKEW,
    CredentialKind,
    fingerprint,
    granted_to,
)
from apps.accounts.rules.links import TOKEN_LENGTH, short_code, unseal
from apps.accounts.rules.passes import Use, credential_of_pass
from apps.core.errors import DomainError, sentence
from apps.core.policy import Actor, ActorType, Role
from apps.core.queries import one
from apps.core.statements import any_of, kept_cursor, prepared

SESSION_KEY = "credential"
"""Where the session cookie keeps the secret of its credential."""

LONGEST = 2048
"""Characters. Nothing longer than this was ever given out."""


class LinkInvalid(DomainError):
    code = "invalid_link"
    status = 400
    detail = sentence("This code is not one of ours. Please scan it again, or ask at the desk.")


@dataclass(frozen=True, slots=True)
class Recognised:
    """Somebody a request is from, by which credential, and whether a browser's cookie said so by itself."""

    actor: Actor
    credential: Credential
    by_cookie: bool


def recognise(request: HttpRequest, now: datetime) -> Recognised | None:
    """Who a request is from: its bearer token decides where it has one, else its session cookie."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _recognised(_by_bearer(token.strip(), now), by_cookie=False)
    return _recognised(_by_session(request.session, now), by_cookie=True)


def actor_of_request(request: HttpRequest) -> Actor | None:
    """Who a request is from, right now."""
    found = recognise(request, timezone.now())
    return found.actor if found else None


async def actor_of_scope(scope: dict[str, Any]) -> Actor | None:
    """Who opens a socket, by the same session cookie or Authorization header as a request's."""
    return await database_sync_to_async(actor_of_headers)(dict(scope.get("headers", [])), timezone.now())


def actor_of_token(token: object, now: datetime) -> Actor | None:
    """Whose bearer token this is: an access token, a patient's own, or a tracking link's."""
    return _actor(_by_bearer(token, now))


def actor_of_ticket(ticket: object, now: datetime) -> Actor | None:
    """Whose socket ticket this is."""
    credential_id = credential_of_ticket(ticket, now)
    return _actor(_live(_rows().filter(id=credential_id), now)) if credential_id else None


def credential_of_ticket(ticket: object, now: datetime) -> UUID | None:
    """The credential that a socket ticket names, by its signature alone; whether it still is good is not asked."""
    if not is_plausible(ticket):
        return None
    return credential_of_pass(ticket, Use.SOCKET, now=now, secret=str(settings.SECRET_KEY))


def actor_again(actor: Actor, now: datetime) -> Actor | None:
    """The same actor as things are now (role, departments), or None when their access has ended.

    For whoever stays connected: sockets ask this every few seconds.
    """
    return _actor(_live(_rows().filter(id=actor.credential_id), now)) if actor.credential_id else None


def issued_at(credential_id: UUID | None) -> datetime | None:
    """When somebody proved who they are by this credential; None for none."""
    if credential_id is None:
        return None
    return one(Credential.objects.filter(id=credential_id).values_list("issued_at", flat=True))


def actors_again(credential_ids: Iterable[UUID], now: datetime) -> dict[UUID, Actor]:
    """Those of these credentials' holders who still have access, as they are now, in one query."""
    rows = _rows().filter(id__in=credential_ids)
    return {row.id: actor_of_credential(row) for row in rows if row.is_live(now)}


class Ended(NamedTuple):
    """Of links and screens: those that do not count any more, and those that show something else than they did."""

    over: set[UUID]
    moved: set[UUID]


def ended(shown: Sequence[tuple[UUID, UUID | None]], now: datetime) -> Ended:
    """What has become of these links and screens, each with its subject. Of ten thousand only those are read of which
    there is something to say; staff, whose role may change, are read anew by `actors_again`."""
    with kept_cursor() as cursor:
        ids, subjects = [one for one, _ in shown], [subject for _, subject in shown]
        cursor.execute(_ENDED, [ids, subjects, now + SKEW, now])
        rows = cursor.fetchall()
    return Ended({one for one, is_over in rows if is_over}, {one for one, is_over in rows if not is_over})


_ENDED = f"""
    SELECT shown.id, kept.id IS NULL FROM unnest(%s::uuid[], %s::uuid[]) AS shown(id, subject)
    LEFT JOIN {Credential._meta.db_table} kept
        ON kept.id = shown.id AND kept.revoked_at IS NULL AND kept.issued_at <= %s AND kept.expires_at > %s
    WHERE kept.id IS NULL OR kept.subject_id IS DISTINCT FROM shown.subject
"""  # noqa: S608


def actor_of_tracking(token_or_code: object, now: datetime) -> Actor | None:
    """The holder of a tracking link, by its signed token or by the short code in a message; `subject_id` is
    the visit."""
    return next(iter(actors_of_tracking([token_or_code], now).values()), None)


def actors_of_tracking(tokens_or_codes: Iterable[object], now: datetime) -> dict[str, Actor]:
    """The holders of those of these tracking links that are good, in one query."""
    asked: dict[str | UUID, list[str]] = {}
    for given in filter(is_plausible, tokens_or_codes):
        if found := _named_by(given):
            asked.setdefault(found, []).append(given)
    if not asked:
        return {}
    hashes, ids = [key for key in asked if isinstance(key, str)], [key for key in asked if isinstance(key, UUID)]
    rows = [*(_links_by_code(hashes) if hashes else ()), *(_links_by_id(ids) if ids else ())]
    live = [(row, actor_of_credential(row)) for row in rows if row.is_live(now)]
    return {
        given: actor for row, actor in live for given in asked.get(row.id, []) + asked.get(row.secret_hash or "", [])
    }


@prepared
def _links_by_code(hashes: Sequence[str]) -> QuerySet[Credential]:
    return Credential.objects.filter(kind=CredentialKind.TRACKING, secret_hash=any_of(hashes))


@prepared
def _links_by_id(ids: Sequence[UUID]) -> QuerySet[Credential]:
    return Credential.objects.filter(kind=CredentialKind.TRACKING, id=any_of(ids))


def _named_by(token_or_code: str) -> str | UUID | None:
    """What names the credential of a tracking link: the hash of its code, or the id in its token."""
    if len(token_or_code) == CODE_LENGTH:
        return hash_secret(CredentialKind.TRACKING, token_or_code.lower())
    link = unseal(token_or_code, CredentialKind.TRACKING, link_keys())
    return link.credential_id if link else None


def tracking_code(visit_id: UUID, now: datetime) -> str:
    """The short code of a visit's tracking link, to print its slip again; "" when there is none any more."""
    rows = _rows().filter(subject_id=visit_id, kind=CredentialKind.TRACKING).order_by("-issued_at")
    credential = rows.first()
    return code_of(credential) if credential and credential.is_live(now) else ""


def tracking_codes(subject_ids: Collection[UUID], now: datetime) -> dict[UUID, str]:
    """The short codes of the tracking links of many bookings or visits; whoever has none is not in it."""
    rows = _rows().filter(subject_id__in=subject_ids, kind=CredentialKind.TRACKING).order_by("issued_at")
    return {row.subject_id: code for row in rows if row.subject_id and row.is_live(now) and (code := code_of(row))}


def code_of(credential: Credential) -> str:
    """The short code of a tracking link; "" when the key it was made with is not one of ours any more."""
    codes = (short_code(credential.id, key) for key in link_keys())
    return next((code for code in codes if hash_secret(CredentialKind.TRACKING, code) == credential.secret_hash), "")


def actor_of_staff(staff: Staff, via: str = "", credential_id: UUID | None = None) -> Actor:
    """A member of staff as an actor; `via` names the tool that acts in their place."""
    return Actor(
        ActorType.STAFF,
        staff.id,
        staff.name,
        staff.facility_id,
        role=Role(staff.role),
        department_ids=frozenset(staff.department_ids),
        all_departments=staff.all_departments,
        credential_id=credential_id,
        via=via,
    )


def actor_of_credential(credential: Credential) -> Actor:
    """The holder of a credential as an actor. A link or patient is held to a subject, not to departments."""
    if credential.staff:
        return actor_of_staff(credential.staff, credential_id=credential.id)
    kind = CredentialKind(credential.kind)
    places = frozenset({credential.subject_id} if kind is CredentialKind.CHECKIN and credential.subject_id else ())
    return Actor(
        ACTOR_TYPES[kind],
        None,
        kind.value,
        credential.facility_id,
        department_ids=places,
        all_departments=not places,
        granted=granted_to(kind, credential.scope.get("use", "")),
        subject_id=credential.subject_id,
        phone_index=credential.scope.get("phone", "") if kind is CredentialKind.PATIENT_LOGIN else "",
        credential_id=credential.id,
    )


def hash_secret(kind: CredentialKind, secret: str) -> str:
    """What the table keeps of a secret."""
    return fingerprint(secret, kind, settings.PEPPER)


def link_keys() -> list[str]:
    """Keys of signed links: the first signs, every one of them verifies."""
    return str(settings.LINK_KEY).split(",")


def _rows() -> QuerySet[Credential]:
    return Credential.objects.select_related("staff")


@prepared
def _row(credential_id: UUID) -> QuerySet[Credential]:
    return _rows().filter(id=credential_id)


def _live(rows: QuerySet[Credential], now: datetime) -> Credential | None:
    return _if_live(one(rows), now)


def _if_live(credential: Credential | None, now: datetime) -> Credential | None:
    return credential if credential and credential.is_live(now) else None


def _recognised(credential: Credential | None, *, by_cookie: bool) -> Recognised | None:
    return Recognised(actor_of_credential(credential), credential, by_cookie) if credential else None


def _actor(credential: Credential | None) -> Actor | None:
    return actor_of_credential(credential) if credential else None


def is_plausible(secret: object) -> TypeGuard[str]:
    """Whether something can be a secret that was given out here."""
    return isinstance(secret, str) and secret.isascii() and 0 < len(secret) <= LONGEST


def _by_bearer(token: object, now: datetime) -> Credential | None:
    if not is_plausible(token):
        return None
    if token.count(".") == 2:
        credential_id = credential_of_pass(token, Use.ACCESS, now=now, secret=str(settings.SECRET_KEY))
        return _if_live(_row.one(credential_id), now) if credential_id else None
    if len(token) == TOKEN_LENGTH:
        return _by_tracking_token(token, now)
    return _by_secret(token, BEARER_KINDS, now)


def _by_tracking_token(token: str, now: datetime) -> Credential | None:
    link = unseal(token, CredentialKind.TRACKING, link_keys())
    return _live(_rows().filter(id=link.credential_id, kind=link.kind), now) if link else None


def _by_session(session: Any, now: datetime) -> Credential | None:
    secret = session.get(SESSION_KEY)
    return _by_secret(secret, COOKIE_KINDS, now) if is_plausible(secret) else None


def _by_secret(secret: str, kinds: frozenset[CredentialKind], now: datetime) -> Credential | None:
    hashes = [hash_secret(kind, secret) for kind in sorted(kinds)]
    return _live(_rows().filter(kind__in=sorted(kinds), secret_hash__in=hashes, used_at__isnull=True), now)


def actor_of_headers(headers: dict[bytes, bytes], now: datetime) -> Actor | None:
    """Who speaks, by the raw headers of a request or socket."""
    scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() == "bearer":
        return _actor(_by_bearer(token.strip(), now))
    cookie = parse_cookie(headers.get(b"cookie", b"").decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
    session = import_module(settings.SESSION_ENGINE).SessionStore(cookie)
    return _actor(_by_session(session, now))
