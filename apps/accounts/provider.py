"""A hospital's own identity provider (OpenID Connect), where the settings name one.

mozilla-django-oidc speaks with it: code flow with PKCE, state, nonce, signature by the provider's published keys.
What it leaves open is closed here: issuer and audience, the end of a token, whom an answer is about, and the end of
each talk with the provider as a whole.
"""

import logging
from functools import lru_cache
from typing import Any

import httpx
import jwt
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.utils import import_from_settings
from mozilla_django_oidc.views import OIDCAuthenticationRequestView

from apps.accounts.models import Staff
from apps.accounts.queries import staff_by_email
from apps.core.deadlines import request as ask
from apps.core.errors import DomainError, sentence

TIMEOUT = 5
"""Seconds that the provider has for an answer as a whole."""

FAULTS = (httpx.HTTPError, httpx.InvalidURL, SuspiciousOperation, jwt.PyJWTError, KeyError, TypeError, ValueError)
"""What may come of talking with a provider that is away, broken or another."""

ALGORITHM = "RS256"
SESSION_STATES = "oidc_states"
"""Where the library keeps what it asked the provider with, by state."""

log = logging.getLogger(__name__)


class ProviderRefused(DomainError):
    code = "provider_refused"
    status = 401
    detail = sentence("The hospital's account did not let you in here. Try again, or sign in with e-mail and password.")


def is_set_up() -> bool:
    """Whether this hospital has an identity provider."""
    return bool(settings.OIDC_ISSUER and settings.OIDC_CLIENT_ID)


def setting(name: str, *default: Any) -> Any:
    """What the library asks for: from our settings and from what the provider says of itself."""
    known = {
        "OIDC_RP_CLIENT_ID": settings.OIDC_CLIENT_ID,
        "OIDC_RP_CLIENT_SECRET": settings.OIDC_CLIENT_SECRET,
        "OIDC_RP_SIGN_ALGO": ALGORITHM,
        "OIDC_USE_PKCE": True,
        "OIDC_AUTHENTICATION_CALLBACK_URL": "login-provider-back",
    }
    if name.startswith("OIDC_OP_"):
        known |= _endpoints(settings.OIDC_ISSUER)
    return known[name] if name in known else import_from_settings(name, *default)


@lru_cache(maxsize=1)
def _endpoints(issuer: str) -> dict[str, str]:
    """Where the provider answers, read once in a process. Raises `SuspiciousOperation` for another's description,
    and in production for one that is not behind TLS."""
    told = _told_by("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    found = {
        "OIDC_OP_AUTHORIZATION_ENDPOINT": told["authorization_endpoint"],
        "OIDC_OP_TOKEN_ENDPOINT": told["token_endpoint"],
        "OIDC_OP_JWKS_ENDPOINT": told["jwks_uri"],
        "OIDC_OP_USER_ENDPOINT": told.get("userinfo_endpoint", ""),
    }
    in_the_clear = settings.PRODUCTION and not all(at.startswith("https://") for at in found.values() if at)
    if told["issuer"] != issuer or in_the_clear:
        raise SuspiciousOperation("This is not the description of the identity provider.")
    return found


def _told_by(method: str, url: str, **more: Any) -> Any:
    """What the provider answers. Raises one of `FAULTS`."""
    answer = ask(method, url, seconds=TIMEOUT, timeout=httpx.Timeout(TIMEOUT), **more)
    answer.raise_for_status()
    return answer.json()


class ToProvider(OIDCAuthenticationRequestView):
    """Sends a browser to the provider, and remembers in its session what with."""

    get_settings = staticmethod(setting)


class Provider(OIDCAuthenticationBackend):
    """Reads the provider's answer. It never makes an account and never changes one."""

    get_settings = staticmethod(setting)

    def get_token(self, payload: dict[str, Any]) -> Any:
        """The tokens that the provider has for a browser that came back."""
        return _told_by("POST", self.OIDC_OP_TOKEN_ENDPOINT, data=payload)

    def retrieve_matching_jwk(self, token: str) -> jwt.PyJWK:
        """The provider's key by which a token says that it is signed."""
        wanted = jwt.get_unverified_header(token)
        for key in _told_by("GET", self.OIDC_OP_JWKS_ENDPOINT)["keys"]:
            if key["kid"] == wanted["kid"] and key.get("alg", wanted["alg"]) == wanted["alg"]:
                return jwt.PyJWK(key)
        raise SuspiciousOperation("This token is signed by no key of the provider.")

    def verify_token(self, token: str, **kwargs: Any) -> dict[str, Any]:
        """The claims of an id token: genuine, of this issuer, for us, not over, and the answer to our question."""
        claims: dict[str, Any] = super().verify_token(token, **kwargs)
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        for_us = settings.OIDC_CLIENT_ID in audiences and claims.get("azp", settings.OIDC_CLIENT_ID) == (
            settings.OIDC_CLIENT_ID
        )
        if claims.get("iss") != settings.OIDC_ISSUER or not for_us or "exp" not in claims or not claims.get("nonce"):
            raise SuspiciousOperation("This token is not for us.")
        return claims

    def get_or_create_user(self, access_token: str, id_token: str, payload: dict[str, Any]) -> Staff | None:
        """Whoever works here under the e-mail address that the provider has verified."""
        email = payload.get("email")
        if payload.get("email_verified") is not True or not isinstance(email, str):
            return None
        staff = staff_by_email(email)
        return staff if staff and staff.is_active else None


def vouched_for(request: HttpRequest) -> Staff:
    """The member of staff whom the provider's answer is about. Raises `ProviderRefused`."""
    asked = request.session.get(SESSION_STATES, {}).get(request.GET.get("state", ""))
    if asked is None or "error" in request.GET:
        raise ProviderRefused
    try:
        staff: Staff | None = Provider().authenticate(
            request, nonce=asked["nonce"], code_verifier=asked["code_verifier"]
        )
    except FAULTS as fault:
        log.warning("identity provider", extra={"error": type(fault).__name__})
        raise ProviderRefused from fault
    if staff is None:
        raise ProviderRefused
    return staff
