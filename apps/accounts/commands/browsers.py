"""A sign-in in a browser: one at a time, of staff or of a patient."""

from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.utils import timezone

from apps.accounts.commands.signing_in import sign_out
from apps.accounts.queries.actors import SESSION_KEY
from apps.core.policy import ActorType
from apps.core.views import actor_if_any


def let_in(request: HttpRequest, secret: str) -> None:
    """Give the browser its session, and nothing of what it carried before, which ends on the server too."""
    before = actor_if_any(request)
    if before and before.type in (ActorType.STAFF, ActorType.PATIENT):
        sign_out(actor=before, now=timezone.now())
    request.session.flush()
    request.session[SESSION_KEY] = secret
    rotate_token(request)
