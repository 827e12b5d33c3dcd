"""Links and secrets: given out by a command's step, used once, taken back; and whom each makes of its holder."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts import commands
from apps.accounts.commands import LinkExpired, LinkUsed
from apps.accounts.models import Credential, Facility
from apps.accounts.queries import (
    DoorClosed,
    LinkInvalid,
    actor_again,
    actor_of_staff,
    actor_of_ticket,
    actor_of_token,
    actor_of_tracking,
    behind_door,
    door_of,
    draw_checkin,
    ended,
    holder_of_checkin,
    link_keys,
    read_checkin,
)
from apps.accounts.rules.credentials import CODE_LENGTH, CredentialKind
from apps.accounts.rules.doors import seal_door, step_at
from apps.accounts.rules.links import SignedLink, seal
from apps.accounts.rules.passes import Use, make_pass
from apps.audit.models import AuditEntry
from apps.core.commands import command
from apps.core.policy import Actor, ActorType, Permission, Scope
from tests.cast import meera, signed_in
from tests.factories import FacilityFactory
from tests.races.threads import at_once

NOW = datetime(2026, 11, 21, 5, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GARBAGE = [None, 7, "", " ", "x", "a.b.c", "..", "ப", "\ud800", "A" * 96, "2" * CODE_LENGTH, "x" * 10_000, "eyJ.eyJ.x"]


@command
def give_tracking(*, actor: Actor, now: datetime, visit_id: UUID) -> tuple[str, str]:
    assert actor.facility_id
    return commands.issue_tracking(visit_id=visit_id, facility_id=actor.facility_id, day=now.date(), now=now)


@command
def give_checkin(*, actor: Actor, now: datetime, department_id: UUID, printed: bool = False) -> tuple[str, Credential]:
    assert actor.facility_id
    return commands.issue_checkin_link(
        department_id=department_id,
        facility_id=actor.facility_id,
        expires_at=now + 5 * MINUTE,
        printed=printed,
        now=now,
    )


@command
def give_restore(*, actor: Actor, now: datetime, visit_id: UUID) -> tuple[str, Credential]:
    return commands.issue_restore(visit_id=visit_id, patient_id=uuid4(), device_fingerprint="phone", now=now)


@command
def rotate_restore(*, actor: Actor, now: datetime, secret: str) -> tuple[str, Credential] | None:
    return commands.rotate(kind=CredentialKind.RESTORE, secret=secret, lifetime=timedelta(hours=1), now=now)


@command
def use(*, actor: Actor, now: datetime, token: str) -> Credential:
    """Use a link up, as a department of the actor's facility takes it."""
    assert actor.facility_id
    return commands.use_checkin_link(read_checkin(token), actor.facility_id, now)


@command
def take_back(*, actor: Actor, now: datetime, subject_id: UUID) -> int:
    return commands.revoke_links_to(subject_id, now)


@pytest.fixture
def desk(db: None) -> Actor:
    return actor_of_staff(meera())


def test_a_tracking_link_has_a_token_for_programs_and_a_code_for_messages_with_one_row_behind(desk):
    visit_id = uuid4()
    token, code = give_tracking(actor=desk, now=NOW, visit_id=visit_id)
    assert (len(token), len(code)) == (96, CODE_LENGTH)
    row = Credential.objects.get()
    for shown in (token, code, code.upper()):
        actor = actor_of_tracking(shown, NOW)
        assert actor is not None
        assert (actor.type, actor.subject_id, actor.credential_id) == (ActorType.LINK, visit_id, row.id)
        assert actor.facility_id == desk.facility_id
    assert code not in str(Credential.objects.values().get())


def test_a_tracking_link_shows_one_place_and_lets_its_holder_answer_for_it(desk):
    token, _ = give_tracking(actor=desk, now=NOW, visit_id=uuid4())
    actor = actor_of_token(token, NOW)
    assert actor is not None
    seen_and_told = {Permission.VISIT_READ_OWN, Permission.VISIT_TELL_OWN}
    given_up = {Permission.VISIT_CANCEL_OWN, Permission.BOOKING_CHANGE_OWN}
    assert actor.permissions == seen_and_told | given_up
    assert actor.may(Permission.VISIT_READ_OWN, Scope(desk.facility_id, uuid4()))
    assert not actor.may(Permission.VISIT_READ_OWN, Scope(uuid4()))


def test_a_tracking_link_works_until_the_end_of_the_next_day_by_the_facilitys_clock(desk):
    token, code = give_tracking(actor=desk, now=NOW, visit_id=uuid4())
    over = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
    for shown in (token, code):
        assert actor_of_tracking(shown, over - timedelta(seconds=1))
        assert actor_of_tracking(shown, over) is None


def test_a_link_that_was_taken_back_is_nobodys_at_once(desk):
    visit_id = uuid4()
    token, code = give_tracking(actor=desk, now=NOW, visit_id=visit_id)
    secret, _ = give_restore(actor=desk, now=NOW, visit_id=visit_id)
    holder = actor_of_tracking(token, NOW)
    assert holder is not None
    assert take_back(actor=desk, now=NOW, subject_id=visit_id) == 2
    assert [actor_of_tracking(shown, NOW) for shown in (token, code)] == [None, None]
    assert actor_of_token(secret, NOW) is None
    assert actor_again(holder, NOW) is None


@pytest.mark.parametrize("shown", GARBAGE)
@pytest.mark.django_db
def test_garbage_is_nobody_and_never_an_error(shown):
    assert actor_of_tracking(shown, NOW) is None
    assert actor_of_token(shown, NOW) is None
    assert actor_of_ticket(shown, NOW) is None
    with pytest.raises(LinkInvalid):
        read_checkin(shown)


def forged(**changed: object) -> str:
    facts = {
        "kind": CredentialKind.TRACKING,
        "credential_id": uuid4(),
        "subject_id": uuid4(),
        "issued_at": NOW,
        "expires_at": NOW + MINUTE,
    }
    return seal(SignedLink(**(facts | changed)), "00" * 32)  # type: ignore[arg-type]


def test_a_forged_link_is_refused_even_for_a_row_that_exists(desk):
    give_tracking(actor=desk, now=NOW, visit_id=uuid4())
    row = Credential.objects.get()
    assert actor_of_tracking(forged(credential_id=row.id, subject_id=row.subject_id), NOW) is None


def test_a_checkin_link_lets_into_its_own_department_only(desk):
    department_id = uuid4()
    token, row = give_checkin(actor=desk, now=NOW, department_id=department_id)
    actor = holder_of_checkin(read_checkin(token), desk.facility_id)
    assert (actor.type, actor.subject_id, actor.credential_id) == (ActorType.LINK, department_id, row.id)
    assert actor.permissions == {Permission.VISIT_SELF_CHECK_IN}
    assert actor.may(Permission.VISIT_SELF_CHECK_IN, Scope(desk.facility_id, department_id))
    assert not actor.may(Permission.VISIT_SELF_CHECK_IN, Scope(desk.facility_id, uuid4()))


def test_a_checkin_link_is_no_bearer_token_and_no_tracking_link(desk):
    token, _ = give_checkin(actor=desk, now=NOW, department_id=uuid4())
    assert actor_of_token(token, NOW) is None
    assert actor_of_tracking(token, NOW) is None


def test_a_checkin_link_remembers_whether_it_was_printed(desk):
    token, _ = give_checkin(actor=desk, now=NOW, department_id=uuid4(), printed=True)
    assert use(actor=desk, now=NOW, token=token).scope == {"printed": True}


def test_a_checkin_link_works_once(desk):
    token, _ = give_checkin(actor=desk, now=NOW, department_id=uuid4())
    use(actor=desk, now=NOW, token=token)
    with pytest.raises(LinkUsed):
        use(actor=desk, now=NOW, token=token)


@pytest.mark.parametrize("when", [5 * MINUTE, -2 * MINUTE])
def test_a_checkin_link_that_is_over_or_dated_ahead_is_refused(desk, when):
    token, _ = give_checkin(actor=desk, now=NOW, department_id=uuid4())
    with pytest.raises(LinkExpired):
        use(actor=desk, now=NOW + when, token=token)
    assert Credential.objects.get().used_at is None


def test_a_checkin_link_that_was_taken_back_is_refused(desk):
    department_id = uuid4()
    token, _ = give_checkin(actor=desk, now=NOW, department_id=department_id)
    take_back(actor=desk, now=NOW, subject_id=department_id)
    with pytest.raises(LinkExpired):
        use(actor=desk, now=NOW, token=token)


def test_only_a_checkin_link_can_be_used_as_one(desk):
    token, _ = give_tracking(actor=desk, now=NOW, visit_id=uuid4())
    with pytest.raises(LinkInvalid):
        use(actor=desk, now=NOW, token=token)
    tracking = Credential.objects.get()
    link = SignedLink(CredentialKind.CHECKIN, tracking.id, uuid4(), NOW, NOW + MINUTE)
    with pytest.raises(LinkInvalid):
        use(actor=desk, now=NOW, token=seal(link, link_keys()[0]))
    tracking.refresh_from_db()
    assert tracking.used_at is None


@pytest.mark.django_db(transaction=True)
def test_of_ten_who_scan_one_code_at_the_same_moment_one_comes_in():
    desk = actor_of_staff(meera())
    for _ in range(10):
        token, _row = give_checkin(actor=desk, now=NOW, department_id=uuid4())

        def scan(_: int, token: str = token) -> Credential:
            return use(actor=desk, now=NOW, token=token)

        answers, errors = at_once(scan, 10, desk.facility_id)
        assert (len(answers), {type(error) for error in errors}) == (1, {LinkUsed})


def test_a_link_drawn_from_a_screen_has_no_row_until_it_is_used_and_then_is_like_any(desk):
    department_id = uuid4()
    token = draw_checkin(department_id, NOW)
    assert not Credential.objects.exists()
    row = use(actor=desk, now=NOW + 9 * MINUTE, token=token)
    assert (row.subject_id, row.used_at, row.scope) == (department_id, NOW + 9 * MINUTE, {})
    with pytest.raises(LinkUsed):
        use(actor=desk, now=NOW + 9 * MINUTE, token=token)
    for when in (10 * MINUTE, -2 * MINUTE):
        with pytest.raises(LinkExpired):
            use(actor=desk, now=NOW + when, token=draw_checkin(department_id, NOW))
    assert Credential.objects.count() == 1
    assert draw_checkin(department_id, NOW) != draw_checkin(department_id, NOW)


@pytest.mark.django_db(transaction=True)
def test_of_ten_who_use_one_drawn_link_at_the_same_moment_one_comes_in():
    desk = actor_of_staff(meera())
    for _ in range(10):
        token = draw_checkin(uuid4(), NOW)

        def scan(_: int, token: str = token) -> Credential:
            return use(actor=desk, now=NOW, token=token)

        answers, errors = at_once(scan, 10, desk.facility_id)
        assert (len(answers), {type(error) for error in errors}) == (1, {LinkUsed})


def test_a_screens_code_opens_its_own_department_for_a_minute_at_most():
    department_id, drawn = uuid4(), NOW.replace(second=0, microsecond=0)
    word = door_of(department_id, drawn)
    assert door_of(department_id, drawn + timedelta(seconds=29)) == word
    assert door_of(department_id, drawn + timedelta(seconds=30)) != word
    for seconds in (0, 29, 30, 59, -30):  # the last one: drawn by a server whose clock is ahead
        assert behind_door(word, drawn + timedelta(seconds=seconds)) == department_id
    for seconds in (60, 3600, -31, -61, -3600):
        with pytest.raises(DoorClosed):
            behind_door(word, drawn + timedelta(seconds=seconds))


@pytest.mark.parametrize("shown", [*GARBAGE, "A" * 64])
def test_a_forged_code_of_a_screen_opens_nothing(shown):
    with pytest.raises(LinkInvalid):
        behind_door(shown, NOW)


def test_a_screens_code_is_refused_under_another_key_with_any_bit_changed_and_as_a_link():
    word = door_of(uuid4(), NOW)
    raw = base64.urlsafe_b64decode(word)
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        with pytest.raises(LinkInvalid):
            behind_door(base64.urlsafe_b64encode(bytes(changed)).decode(), NOW)
    with pytest.raises(LinkInvalid):
        behind_door(seal_door(uuid4(), step_at(NOW), "11" * 32), NOW)
    with pytest.raises(LinkInvalid):
        read_checkin(word)
    with pytest.raises(LinkInvalid):
        behind_door(draw_checkin(uuid4(), NOW), NOW)


def test_a_restore_token_brings_a_patient_back_to_their_own_visit(desk):
    visit_id = uuid4()
    secret, row = give_restore(actor=desk, now=NOW, visit_id=visit_id)
    actor = actor_of_token(secret, NOW)
    assert actor is not None
    assert (actor.type, actor.subject_id, actor.facility_id) == (ActorType.PATIENT, visit_id, desk.facility_id)
    own = {permission for permission in Permission if permission.endswith("_own")}
    assert actor.permissions == own | {Permission.DIRECTORY_READ, Permission.BILL_OWN}
    assert row.expires_at == NOW + timedelta(hours=24)
    assert actor_of_token(secret, row.expires_at) is None


def test_a_patient_who_signs_out_ends_the_restore_token_and_leaves_a_trace(desk):
    secret, row = give_restore(actor=desk, now=NOW, visit_id=uuid4())
    commands.sign_out(actor=actor_of_token(secret, NOW), now=NOW)
    assert actor_of_token(secret, NOW) is None
    assert AuditEntry.trail.get(entity_id=str(row.id)).action == "patient.signed_out"


def test_a_restore_token_rotates_and_a_copy_ends_both(desk):
    first, _ = give_restore(actor=desk, now=NOW, visit_id=uuid4())
    rotated = rotate_restore(actor=desk, now=NOW, secret=first)
    assert rotated is not None
    assert actor_of_token(first, NOW) is None
    assert actor_of_token(rotated[0], NOW) is not None
    assert rotate_restore(actor=desk, now=NOW, secret=first) is None
    assert actor_of_token(rotated[0], NOW) is None


def test_giving_out_a_link_costs_no_statement_of_its_own(desk):
    give_tracking(actor=desk, now=NOW, visit_id=uuid4())
    with CaptureQueriesContext(connection) as told:
        give_tracking(actor=desk, now=NOW, visit_id=uuid4())
    statements = [q["sql"] for q in told if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]
    assert len(statements) == 1


def test_links_are_given_out_by_commands_only(desk):
    with pytest.raises(RuntimeError):
        commands.issue_tracking(visit_id=uuid4(), facility_id=desk.facility_id, day=NOW.date(), now=NOW)


@pytest.mark.django_db
def test_a_socket_ticket_is_its_holders_for_a_minute(now):
    staff = meera()
    session = signed_in(staff)
    ticket, ends = make_pass(
        Use.SOCKET, credential_id=session.credential.id, holder_id=staff.id, now=now, secret=settings.SECRET_KEY
    )
    assert actor_of_ticket(ticket, now) == actor_of_staff(staff, credential_id=session.credential.id)
    assert actor_of_ticket(ticket, ends) is None
    assert actor_of_token(ticket, now) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "magic"},
        {"expires_at": NOW},
        {"secret_hash": None},
        {"subject_id": None},
        {"kind": CredentialKind.STAFF_SESSION},
    ],
)
@pytest.mark.django_db
def test_the_table_itself_refuses_what_makes_no_sense(wrong):
    facility: Facility = FacilityFactory()
    sound = {
        "kind": CredentialKind.RESTORE,
        "secret_hash": "0" * 64,
        "facility": facility,
        "subject_type": "visit",
        "subject_id": uuid4(),
        "family_id": uuid4(),
        "issued_at": NOW,
        "expires_at": NOW + MINUTE,
    }
    Credential.objects.create(**sound | {"secret_hash": "1" * 64})
    with pytest.raises(IntegrityError), transaction.atomic():
        Credential.objects.create(**sound | wrong)


@pytest.mark.django_db
def test_no_two_credentials_of_a_kind_share_a_secret():
    facility: Facility = FacilityFactory()
    for kind, expected in [(CredentialKind.RESTORE, 1), (CredentialKind.TRACKING, 2)]:
        Credential.objects.create(
            kind=kind,
            secret_hash="0" * 64,
            facility=facility,
            subject_id=uuid4(),
            family_id=uuid4(),
            issued_at=NOW,
            expires_at=NOW + MINUTE,
        )
        assert Credential.objects.count() == expected
    row = Credential.objects.get(kind=CredentialKind.RESTORE)
    row.id = uuid4()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_of_many_links_exactly_those_are_over_that_do_not_count_any_more(meera):
    for _ in range(3):
        give_tracking(actor=actor_of_staff(meera), now=NOW, visit_id=uuid4())
    links = list(Credential.objects.filter(kind=CredentialKind.TRACKING))
    Credential.objects.filter(id=links[1].id).update(revoked_at=NOW)
    ids = [link.id for link in links]
    edges = {edge for link in links for edge in (link.issued_at, link.expires_at)}
    for moment in sorted({NOW + MINUTE} | edges | {edge - 2 * MINUTE for edge in edges}):
        said = ended([*((link.id, link.subject_id) for link in links), (nobody := uuid4(), None)], moment)
        links = list(Credential.objects.filter(id__in=ids))
        assert said.over == {link.id for link in links if not link.is_live(moment)} | {nobody}
        assert said.moved == set()


def test_of_many_links_those_are_told_that_show_something_else_than_they_did(meera):
    for _ in range(2):
        give_tracking(actor=actor_of_staff(meera), now=NOW, visit_id=uuid4())
    moved, same = Credential.objects.filter(kind=CredentialKind.TRACKING)
    said = ended([(moved.id, uuid4()), (same.id, same.subject_id)], NOW + MINUTE)
    assert said == (set(), {moved.id})
