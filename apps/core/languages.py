"""Which languages a page speaks: those for patients all of them, those for staff the ones that staff work in."""

from django.conf import settings

STAFF_PATHS = (
    "/account/",
    "/admin/",
    "/console/",
    "/counter/",
    "/login/provider/",
    "/login/staff/",
    "/password/",
    "/record/",
)
"""Where only members of staff have business."""


def spoken_at(path: str) -> list[tuple[str, str]]:
    """The languages that a page at this path can be read in, as (code, own name)."""
    if path.startswith(STAFF_PATHS):
        return [(code, name) for code, name in settings.LANGUAGES if code in settings.STAFF_LANGUAGES]
    return list(settings.LANGUAGES)
