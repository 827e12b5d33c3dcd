"""Papers as PDF files, by Typst: a template of ours, and values that are only ever shown as text.

The template gets its values as one JSON text and has no words of its own: they come translated. Nothing that somebody
typed is compiled, the compiler sees no folder but that of the templates, and no font but ours.
"""

import json
import logging
import re
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponse

from apps.core.errors import DomainError, sentence

if TYPE_CHECKING:
    import typst

TEMPLATES = settings.BASE_DIR / "templates" / "papers"
FONTS = settings.BASE_DIR / "static" / "fonts"

LONGEST = 40_000
"""Characters of everything on one paper together. A prescription of thirty lines has about 6,000."""

_UNSEEN = dict.fromkeys((*range(32), 127, *range(128, 160), *range(8234, 8239), *range(8294, 8298)))
_CLEAN = _UNSEEN | {ord("\n"): "\n", ord("\t"): " "}
"""Control characters, also those that turn the direction of a line around, are on no paper."""

_UNBROKEN = re.compile(r"\S{30}")
"""What has no place to break a line at gets one: nothing runs over the edge of the paper."""

log = logging.getLogger(__name__)


class PaperNotMade(DomainError):
    code = "paper_not_made"
    status = 503
    detail = sentence("The paper could not be made just now. Please try again, or print the page.")


class PaperTooLong(DomainError):
    code = "paper_too_long"
    status = 413
    detail = sentence("This is too long for a paper. Print the page instead.")


def pdf(template: str, values: Mapping[str, Any], *, standards: Sequence[Any] = ()) -> bytes:
    """A paper as a PDF file: `template` of `templates/papers`, with these values. Raises `PaperTooLong`, and
    `PaperNotMade` for whatever else goes wrong; the log then says what, without a word of the paper."""
    import typst  # 80 MB of which most processes never need a byte

    told = json.dumps(_clean(values), ensure_ascii=False)
    if len(told) > LONGEST:
        raise PaperTooLong
    try:
        made = typst.Compiler(
            TEMPLATES / template, root=TEMPLATES, font_paths=_fonts(), sys_inputs={"values": told}
        ).compile(format="pdf", pdf_standards=list(standards), timestamp=int(time.time()))
    except Exception as error:
        log.error("paper not made", extra={"template": template, "error": type(error).__name__})
        raise PaperNotMade from error
    assert isinstance(made, bytes)
    return made


def download(made: bytes, name: str) -> HttpResponse:
    """A PDF file to keep or to print, under a name that says nothing of the person."""
    response = HttpResponse(made, content_type="application/pdf")
    plain = re.sub(r"[^A-Za-z0-9-]+", "-", name)
    response["Content-Disposition"] = f'attachment; filename="{plain}.pdf"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@cache
def _fonts() -> "typst.Fonts":
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


def _clean(value: Any) -> Any:
    """The same with nothing in its texts that cannot be printed."""
    if isinstance(value, Mapping):
        return {str(name): _clean(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(one) for one in value]
    if value is None or isinstance(value, bool | int):
        return value
    text = str(value).translate(_CLEAN).encode("utf-8", "ignore").decode()
    return _UNBROKEN.sub("\\g<0>\u200b", text)
