"""Links that let one person into a department's queue, and the codes on screens that such links are drawn from.

A link says by itself what it is for and for how long; its row is only looked at, or made, when it is used
(`use_checkin_link`). So drawing one for everybody who scans a screen writes nothing.
"""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from apps.accounts.models import Credential
from apps.accounts.queries.actors import LinkInvalid, actor_of_credential, is_plausible, link_keys
from apps.accounts.rules.credentials import CredentialKind
from apps.accounts.rules.doors import is_open, seal_door, step_at, unseal_door
from apps.accounts.rules.links import SignedLink, seal, unseal
from apps.core.errors import DomainError, sentence
from apps.core.policy import Actor

DRAWN_FOR = timedelta(minutes=10)
"""How long somebody who scanned a screen has to type a name."""


class DoorClosed(DomainError):
    code = "door_closed"
    status = 400
    detail = sentence("The code on the screen has changed meanwhile. Please scan it once more.")


def read_checkin(token: object) -> SignedLink:
    """What a check-in link says; `subject_id` is the department. Raises `LinkInvalid`.

    Whether it still works is asked where it is used up, so that a repeat of a request that used it gets its first
    answer.
    """
    link = unseal(token, CredentialKind.CHECKIN, link_keys()) if is_plausible(token) else None
    if link is None:
        raise LinkInvalid
    return link


def row_of_checkin(link: SignedLink, facility_id: UUID) -> Credential:
    """The row that stands for a check-in link, where its department belongs to this facility; not written yet."""
    return Credential(
        id=link.credential_id,
        kind=link.kind,
        facility_id=facility_id,
        subject_type="department",
        subject_id=link.subject_id,
        family_id=link.credential_id,
        issued_at=link.issued_at,
        expires_at=link.expires_at,
    )


def holder_of_checkin(link: SignedLink, facility_id: UUID) -> Actor:
    """The holder of a check-in link, whose department belongs to this facility."""
    return actor_of_credential(row_of_checkin(link, facility_id))


def door_of(department_id: UUID, now: datetime) -> str:
    """The code that a screen shows for a department at this moment."""
    return seal_door(department_id, step_at(now), link_keys()[0])


def behind_door(word: object, now: datetime) -> UUID:
    """The department that a code on a screen opens at this moment. Raises `LinkInvalid`, `DoorClosed`."""
    found = unseal_door(word, link_keys()) if is_plausible(word) else None
    if found is None:
        raise LinkInvalid
    department_id, step = found
    if not is_open(step, now):
        raise DoorClosed
    return department_id


def draw_checkin(department_id: UUID, now: datetime) -> str:
    """A link for one person who has scanned a screen, good for ten minutes and one check-in. Nothing is written."""
    link = SignedLink(CredentialKind.CHECKIN, uuid4(), department_id, now, now + DRAWN_FOR)
    return seal(link, link_keys()[0])
