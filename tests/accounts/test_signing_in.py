"""Staff sign in, stay signed in, change their password and sign out."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.contrib.auth import hashers
from django.utils import timezone

from apps.accounts import commands
from apps.accounts.commands import RefreshRefused, SignInLocked, SignInRefused, enter
from apps.accounts.commands.proving import _nobodys_password, prove
from apps.accounts.models import Credential, FailedTries, Staff
from apps.accounts.queries import actor_of_staff
from apps.accounts.queries.actors import actor_again, hash_secret
from apps.accounts.rules.credentials import CredentialKind
from apps.accounts.rules.devices import UNKNOWN_DEVICE, ShownDevice
from apps.accounts.rules.tries import LOCK, MOST_FAILURES
from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden, Invalid
from apps.core.policy import Role, system_actor
from tests.cast import app_code, signed_in
from tests.factories import PASSWORD, StaffFactory
from tests.races.threads import at_once

SESSION, REFRESH = CredentialKind.STAFF_SESSION, CredentialKind.STAFF_REFRESH


def sign_in(email: str, password: str = PASSWORD, now: datetime | None = None, kind: CredentialKind = SESSION):
    staff = Staff.objects.filter(email=email, role=Role.ADMIN).first()
    otp = app_code(staff) if staff else ""
    return commands.sign_in_staff(now=now or timezone.now(), email=email, password=password, kind=kind, otp=otp)


def fail(email: str, times: int, now: datetime) -> None:
    for _ in range(times):
        with pytest.raises(SignInRefused):
            sign_in(email, "wrong", now)


def actions() -> list[str]:
    return list(AuditEntry.trail.order_by("number").values_list("action", flat=True))


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every password that was hashed or verified, as it happens."""
    seen: list[str] = []
    _nobodys_password.cache_clear()
    hasher = type(hashers.get_hasher())
    verify = hasher.verify

    def watched(self, password: str, encoded: str) -> bool:
        seen.append(password)
        return verify(self, password, encoded)

    monkeypatch.setattr(hasher, "verify", watched)
    return seen


def test_the_right_password_opens_a_session_that_is_audited(meera, now):
    session = sign_in(meera.email, now=now)
    assert session.staff == meera
    assert session.credential.kind == SESSION
    assert session.credential.expires_at == now + timedelta(hours=12)
    assert actions() == ["staff.signed_in"]


def test_an_address_is_the_same_however_it_is_written(meera):
    assert sign_in(meera.email.upper()).staff == meera


def test_only_a_keyed_fingerprint_of_a_secret_is_stored(meera):
    session = sign_in(meera.email)
    kept = Credential.objects.get(id=session.credential.id)
    assert kept.secret_hash == hash_secret(SESSION, session.secret)
    assert session.secret not in str(Credential.objects.values().get(id=kept.id))


def test_a_device_is_kept_by_its_fingerprint_only(meera, now):
    tablet = ShownDevice("tablet 7", "Program")
    session = commands.sign_in_staff(now=now, email=meera.email, password=PASSWORD, kind=REFRESH, device=tablet)
    assert len(session.credential.device_hash) == 64
    assert "tablet" not in session.credential.device_hash


def test_passwords_are_kept_by_argon2():
    assert hashers.make_password(PASSWORD).startswith("argon2$argon2id$")


@pytest.mark.django_db
def test_wrong_unknown_and_former_all_get_the_same_refusal_at_the_same_cost(hashed):
    here, gone = StaffFactory(), StaffFactory(is_active=False)
    answers = set()
    for email, password in [(here.email, "wrong"), ("nobody@hospital.test", PASSWORD), (gone.email, PASSWORD)]:
        with pytest.raises(SignInRefused) as refused:
            sign_in(email, password)
        answers.add((type(refused.value), refused.value.status, refused.value.detail, str(refused.value.extra)))
    assert len(answers) == 1
    assert hashed == ["wrong", PASSWORD, PASSWORD]


def test_a_failure_is_audited_without_the_password(meera):
    fail(meera.email, 1, timezone.now())
    entry = AuditEntry.trail.get()
    assert (entry.action, entry.entity_id, entry.facility_id) == (
        "staff.sign_in_refused",
        str(meera.id),
        meera.facility_id,
    )
    assert entry.after == {"by": "password", "failures": 1, "locked": False}


def test_after_five_failures_even_the_right_password_waits_a_quarter_of_an_hour(meera, now):
    fail(meera.email, MOST_FAILURES, now)
    with pytest.raises(SignInLocked):
        sign_in(meera.email, now=now)
    with pytest.raises(SignInLocked):
        sign_in(meera.email, now=now + LOCK - timedelta(seconds=1))
    assert sign_in(meera.email, now=now + LOCK).staff == meera


def test_a_locked_account_is_refused_without_hashing(meera, now, hashed):
    fail(meera.email, MOST_FAILURES, now)
    del hashed[:]
    with pytest.raises(SignInLocked):
        sign_in(meera.email, now=now)
    assert hashed == []


@pytest.mark.django_db
def test_an_unknown_address_locks_like_a_known_one(now):
    fail("nobody@hospital.test", MOST_FAILURES, now)
    with pytest.raises(SignInLocked):
        sign_in("nobody@hospital.test", now=now)


def test_one_locked_account_leaves_the_others_alone(meera, farida, now):
    fail(meera.email, MOST_FAILURES, now)
    assert sign_in(farida.email, now=now).staff == farida


def test_signing_in_forgets_earlier_failures(meera, now):
    for _ in range(3):
        fail(meera.email, MOST_FAILURES - 1, now)
        sign_in(meera.email, now=now)
    assert not FailedTries.objects.exists()


def test_failures_are_counted_without_the_address(meera):
    fail(meera.email, 1, timezone.now())
    assert meera.email not in str(FailedTries.objects.values().get())


@pytest.mark.django_db(transaction=True)
def test_many_wrong_guesses_at_once_lock_like_five_in_turn(no_hurry):
    staff = StaffFactory()
    now = timezone.now()
    _, errors = at_once(lambda _: sign_in(staff.email, "wrong", now), 12, staff.facility_id)
    assert len(errors) == 12
    assert {type(error) for error in errors} <= {SignInRefused, SignInLocked}
    assert FailedTries.objects.get().failures == MOST_FAILURES
    with pytest.raises(SignInLocked):
        sign_in(staff.email, now=now)


@pytest.mark.django_db(transaction=True)
def test_right_and_wrong_at_once_never_end_in_an_error(no_hurry):
    staff = StaffFactory()
    now = timezone.now()
    for _ in range(4):
        answers, errors = at_once(
            lambda i: sign_in(staff.email, PASSWORD if i % 2 else "wrong", now), 8, staff.facility_id
        )
        assert len(answers) + len(errors) == 8
        assert {type(error) for error in errors} <= {SignInRefused, SignInLocked}


def test_a_right_guess_that_comes_through_after_the_lock_is_refused(meera, now):
    staff = prove(meera.email, PASSWORD, now, UNKNOWN_DEVICE)
    fail(meera.email, MOST_FAILURES, now)
    with pytest.raises(SignInLocked):
        enter(now=now, staff=staff, kind=SESSION)
    assert not Credential.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_may_sign_in_to_one_account_at_once(no_hurry):
    staff = StaffFactory()
    answers, errors = at_once(lambda _: sign_in(staff.email), 8, staff.facility_id)
    assert (len(answers), errors) == (8, [])


def test_a_refresh_token_gives_new_tokens_once(meera, now):
    first = sign_in(meera.email, kind=REFRESH)
    second = commands.refresh(now=now, secret=first.secret)
    assert second.staff == meera
    assert second.secret != first.secret
    assert second.credential.family_id == first.credential.family_id
    assert second.credential.expires_at == now + timedelta(days=7)


def test_a_refresh_token_shown_twice_ends_its_whole_family(meera, now):
    first = sign_in(meera.email, kind=REFRESH)
    second = commands.refresh(now=now, secret=first.secret)
    with pytest.raises(RefreshRefused):
        commands.refresh(now=now, secret=first.secret)
    with pytest.raises(RefreshRefused):
        commands.refresh(now=now, secret=second.secret)
    assert not Credential.objects.filter(revoked_at__isnull=True).exists()
    assert "credential.reused" in actions()


def test_another_sign_in_of_the_same_person_survives_a_reuse(meera, now):
    other = sign_in(meera.email, kind=REFRESH)
    first = sign_in(meera.email, kind=REFRESH)
    commands.refresh(now=now, secret=first.secret)
    with pytest.raises(RefreshRefused):
        commands.refresh(now=now, secret=first.secret)
    assert commands.refresh(now=now, secret=other.secret).staff == meera


@pytest.mark.parametrize("secret", ["", "garbage", "x" * 4000, "நோயாளி"])
@pytest.mark.django_db
def test_what_was_never_given_out_refreshes_nothing(secret):
    with pytest.raises(RefreshRefused):
        commands.refresh(now=timezone.now(), secret=secret)


def test_a_session_secret_is_no_refresh_token(meera, now):
    with pytest.raises(RefreshRefused):
        commands.refresh(now=now, secret=sign_in(meera.email).secret)


def test_an_expired_refresh_token_is_refused_without_ending_anything(meera, now):
    first = sign_in(meera.email, kind=REFRESH, now=now)
    with pytest.raises(RefreshRefused):
        commands.refresh(now=now + timedelta(days=7), secret=first.secret)
    assert Credential.objects.filter(revoked_at__isnull=True).count() == 1


def test_somebody_who_left_refreshes_nothing(meera, now):
    first = sign_in(meera.email, kind=REFRESH)
    Staff.objects.update(is_active=False)
    with pytest.raises(RefreshRefused):
        commands.refresh(now=now, secret=first.secret)


@pytest.mark.django_db(transaction=True)
def test_one_refresh_token_twice_at_the_same_moment_has_one_winner_and_then_ends():
    staff = StaffFactory()
    for _ in range(10):
        first = sign_in(staff.email, kind=REFRESH)

        def exchange(_: int, secret: str = first.secret):
            return commands.refresh(now=timezone.now(), secret=secret)

        answers, errors = at_once(exchange, 2, staff.facility_id)
        assert (len(answers), [type(error) for error in errors]) == (1, [RefreshRefused])
        with pytest.raises(RefreshRefused):
            commands.refresh(now=timezone.now(), secret=answers[0].secret)


def test_signing_out_ends_the_whole_family(meera, now):
    first = sign_in(meera.email, kind=REFRESH)
    second = commands.refresh(now=now, secret=first.secret)
    commands.sign_out(actor=actor_of_staff(meera, credential_id=first.credential.id), now=now)
    with pytest.raises(RefreshRefused):
        commands.refresh(now=now, secret=second.secret)
    assert actions()[-1] == "staff.signed_out"


def test_who_came_by_no_credential_has_nothing_to_sign_out_of(meera, now):
    with pytest.raises(Forbidden):
        commands.sign_out(actor=actor_of_staff(meera, via="simulator"), now=now)
    with pytest.raises(Forbidden):
        commands.sign_out(actor=system_actor("sweep"), now=now)


def test_a_new_password_ends_every_other_session_but_this_one(meera, now):
    here, phone, program = signed_in(meera), signed_in(meera), signed_in(meera, REFRESH)
    actor = actor_of_staff(meera, credential_id=here.credential.id)
    commands.change_password(actor=actor, now=now, current=PASSWORD, new="mazhai-varum-neram")
    assert actor_again(actor, now) == actor
    for other in (phone, program):
        assert actor_again(actor_of_staff(meera, credential_id=other.credential.id), now) is None
    assert sign_in(meera.email, "mazhai-varum-neram").staff == meera
    fail(meera.email, 1, now)
    assert "staff.password_changed" in actions()


def test_a_new_password_needs_the_present_one_and_some_strength(meera, now):
    actor = actor_of_staff(meera, credential_id=signed_in(meera).credential.id)
    for current, new, field in [
        ("wrong", "mazhai-varum-neram", "currentPassword"),
        (PASSWORD, "short", "newPassword"),
        (PASSWORD, "password1234", "newPassword"),
        (PASSWORD, meera.email, "newPassword"),
    ]:
        with pytest.raises(Invalid) as refused:
            commands.change_password(actor=actor, now=now, current=current, new=new)
        assert list(refused.value.extra["errors"]) == [field]
    assert Staff.objects.get().password == meera.password


def test_guessing_the_present_password_locks_like_signing_in(meera, now):
    actor = actor_of_staff(meera, credential_id=signed_in(meera).credential.id)
    for _ in range(MOST_FAILURES):
        with pytest.raises(Invalid):
            commands.change_password(actor=actor, now=now, current="wrong", new="mazhai-varum-neram")
    with pytest.raises(SignInLocked):
        commands.change_password(actor=actor, now=now, current=PASSWORD, new="mazhai-varum-neram")


def test_what_ended_long_ago_is_forgotten_and_nothing_else(meera, now):
    old = sign_in(meera.email, now=now - timedelta(days=60))
    new = sign_in(meera.email, now=now)
    fail(meera.email, 1, now - timedelta(days=2))
    for expected in (1, 0):
        assert commands.forget_old(actor=system_actor("upkeep"), now=now) == expected
    assert list(Credential.objects.values_list("id", flat=True)) == [new.credential.id]
    assert old.credential.id != new.credential.id
    assert not FailedTries.objects.exists()
