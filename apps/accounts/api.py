"""Signing in for programs: tokens, my password, a ticket for sockets.

None of these takes an idempotency key: an answer that holds secrets is never kept.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import commands
from apps.accounts.commands import SignedIn
from apps.accounts.queries import OpenSession, open_sessions
from apps.accounts.rules.credentials import CredentialKind
from apps.accounts.rules.devices import ShownDevice, label_of
from apps.accounts.rules.passes import Use, make_pass
from apps.core.api import Endpoint, TextField
from apps.core.errors import Forbidden, Unauthenticated
from apps.core.policy import PUBLIC, SIGNED_IN, Actor, Permission

PASSWORD_LENGTH = 256


class PasswordField(TextField):
    """A password exactly as it was typed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=PASSWORD_LENGTH, trim_whitespace=False, **kwargs)


class SignInIn(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    password = PasswordField()
    otp = TextField(max_length=40, required=False, default="", allow_blank=True)
    deviceId = TextField(max_length=200, required=False, default="", allow_blank=True)


class RefreshIn(serializers.Serializer[Any]):
    refresh = TextField(max_length=PASSWORD_LENGTH)


class PasswordIn(serializers.Serializer[Any]):
    currentPassword = PasswordField(source="current")
    newPassword = PasswordField(source="new")


class UserOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    role = serializers.CharField()
    departments = serializers.ListField(child=serializers.UUIDField())
    allDepartments = serializers.BooleanField()


class TokensOut(serializers.Serializer[Any]):
    access = serializers.CharField()
    refresh = serializers.CharField()
    user = UserOut()


class SessionOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    device = serializers.CharField()
    kind = serializers.ChoiceField(["browser", "program"])
    startedAt = serializers.DateTimeField()
    lastUsedAt = serializers.DateTimeField()
    current = serializers.BooleanField()


class SessionsOut(serializers.Serializer[Any]):
    results = SessionOut(many=True)


class TicketOut(serializers.Serializer[Any]):
    ticket = serializers.CharField()
    expiresAt = serializers.DateTimeField()


def tokens_json(signed_in: SignedIn, access: str) -> dict[str, Any]:
    """What signing in gives."""
    staff = signed_in.staff
    user = {
        "id": str(staff.id),
        "name": staff.name,
        "role": staff.role,
        "departments": [str(department) for department in staff.department_ids],
        "allDepartments": staff.all_departments,
    }
    return {"access": access, "refresh": signed_in.secret, "user": user}


def session_json(session: OpenSession) -> dict[str, Any]:
    """One of one's own sign-ins."""
    return {
        "id": str(session.id),
        "device": session.label,
        "kind": "program" if session.is_program else "browser",
        "startedAt": session.began_at.isoformat(),
        "lastUsedAt": session.last_seen_at.isoformat(),
        "current": session.is_this,
    }


class Token(Endpoint):
    """Staff sign in."""

    policy = PUBLIC

    @extend_schema(request=SignInIn, responses=TokensOut)
    def post(self, request: Request) -> Response:
        """Exchange e-mail and password for an access token (15 minutes) and a refresh token (7 days).

        `otp`: the code of the authenticator app, or a recovery code, from whoever has a second factor (401
        `otp_required`, `invalid_otp`). `deviceId`: a random text of 16 characters or more that stays the same on
        a device; where devices need approval, an unknown one is 403 `device_waits`.
        """
        told = self.read(SignInIn)
        device = ShownDevice(told.pop("deviceId"), label_of(request.headers.get("User-Agent", "")))
        signed_in = commands.sign_in_staff(now=self.now, kind=CredentialKind.STAFF_REFRESH, device=device, **told)
        return Response(tokens_json(signed_in, signed_in.access(self.now)))


class Refresh(Endpoint):
    """Staff stay signed in."""

    policy = PUBLIC

    @extend_schema(request=RefreshIn, responses=TokensOut)
    def post(self, request: Request) -> Response:
        """Exchange a refresh token for new tokens. Each works once; one shown twice ends them all."""
        signed_in = commands.refresh(now=self.now, secret=self.read(RefreshIn)["refresh"])
        return Response(tokens_json(signed_in, signed_in.access(self.now)))


class Logout(Endpoint):
    """Signing out."""

    policy = SIGNED_IN

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """End this session: the access token, the refresh tokens it came with, or the browser's cookie."""
        commands.sign_out(actor=self.actor, now=self.now)
        return Response(status=204)


class Password(Endpoint):
    """One's own password."""

    policy = Permission.ACCOUNT_OWN

    @extend_schema(request=PasswordIn, responses={204: None})
    def post(self, request: Request) -> Response:
        """Change my password. Every other session of mine ends."""
        commands.change_password(actor=self.actor, now=self.now, **self.read(PasswordIn))
        return Response(status=204)


class Sessions(Endpoint):
    """Where one is signed in."""

    policy = Permission.ACCOUNT_OWN

    @extend_schema(responses=SessionsOut)
    def get(self, request: Request) -> Response:
        """My open sessions, the last used first."""
        found = open_sessions(_own_id(self.actor), self.now, self.actor.credential_id)
        return Response({"results": [session_json(session) for session in found]})


class Session(Endpoint):
    """One of one's own sessions."""

    policy = Permission.ACCOUNT_OWN

    @extend_schema(responses={204: None})
    def delete(self, request: Request, session_id: UUID) -> Response:
        """End it: a browser is signed out, a program's tokens count no more."""
        commands.end_session(actor=self.actor, now=self.now, staff_id=_own_id(self.actor), session_id=session_id)
        return Response(status=204)


class SocketTicket(Endpoint):
    """A way into sockets without a token in an address."""

    policy = SIGNED_IN

    @extend_schema(request=None, responses=TicketOut)
    def post(self, request: Request) -> Response:
        """A ticket for the first frame of a socket, good for one minute."""
        actor = self.actor
        holder = actor.id or actor.subject_id
        if actor.credential_id is None or holder is None:
            raise Unauthenticated
        ticket, expires_at = make_pass(
            Use.SOCKET,
            credential_id=actor.credential_id,
            holder_id=holder,
            now=self.now,
            secret=str(settings.SECRET_KEY),
        )
        return Response({"ticket": ticket, "expiresAt": expires_at.isoformat()})


def _own_id(actor: Actor) -> UUID:
    """Who asks, if it is a member of staff. Raises `Forbidden` for links and patients."""
    if actor.id is None:
        raise Forbidden
    return actor.id
