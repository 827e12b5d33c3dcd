"""What can be refused, in sentences a receptionist understands.

Free of Django: rules raise these too. `apps.core.api` turns them into JSON, `apps.core.pages` into pages.
An error that belongs to one app is defined beside what raises it, as a subclass of one of these.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


def sentence(text: str) -> str:
    """Mark a sentence for the catalogue; it is translated where it is shown, in the reader's language."""
    return text


class DomainError(Exception):
    """A refusal with a stable code, an HTTP status and a sentence.

    `params` fill the sentence (`%(name)s`) after translation; `extra` is merged into the JSON answer.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    detail: ClassVar[str] = sentence("This cannot be done.")

    def __init__(self, *, extra: Mapping[str, Any] | None = None, **params: Any) -> None:
        super().__init__(self.code)
        self.params = params
        self.extra = dict(extra or {})


class Invalid(DomainError):
    """The request's shape or a field's content is wrong; `errors` names each field and why."""

    code = "invalid"
    status = 400
    detail = sentence("Please correct the marked fields.")

    def __init__(self, errors: Mapping[str, list[str]] | None = None, **params: Any) -> None:
        super().__init__(extra={"errors": dict(errors)} if errors else None, **params)


class Unauthenticated(DomainError):
    code = "not_signed_in"
    status = 401
    detail = sentence("Please sign in.")


class Forbidden(DomainError):
    """Refused for want of a permission; `reported` once the refusal stands in the audit trail."""

    code = "forbidden"
    status = 403
    detail = sentence("Your role does not allow this.")
    reported = False


class NotFound(DomainError):
    code = "not_found"
    status = 404
    detail = sentence("This does not exist, or is not yours to see.")


class TooLarge(DomainError):
    code = "too_large"
    status = 413
    detail = sentence("This is more than can be taken at once.")


class Conflict(DomainError):
    code = "conflict"
    status = 409
    detail = sentence("Somebody else changed this meanwhile. Look again and repeat if needed.")


class TooMany(DomainError):
    code = "too_many"
    status = 429
    detail = sentence("Too many tries. Please wait a little.")


class Unavailable(DomainError):
    code = "unavailable"
    status = 503
    detail = sentence("The system is busy for a moment. Nothing was changed; please repeat.")
