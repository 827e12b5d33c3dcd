"""What counts, decided on plain values: lifetimes, signed links, passes, failed tries."""

import base64
from datetime import UTC, date, datetime, timedelta
from math import log2
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.rules.credentials import (
    CODE_ALPHABET,
    CODE_LENGTH,
    SESSION_IDLE,
    SESSION_LIFETIME,
    SKEW,
    CredentialKind,
    fingerprint,
    is_live,
)
from apps.accounts.rules.links import TOKEN_LENGTH, SignedLink, seal, unseal
from apps.accounts.rules.passes import LIFETIMES, Use, credential_of_pass, make_pass
from apps.accounts.rules.places import day_in, end_of_day, is_time_zone
from apps.accounts.rules.tries import LOCK, MOST_FAILURES, WINDOW, Tries

NOW = datetime(2026, 11, 21, 5, 30, tzinfo=UTC)
KEY, OTHER_KEY, PEPPER = "ab" * 32, "cd" * 32, "ef" * 32
SECRET = "the installation's own secret"
SECOND = timedelta(seconds=1)


def live(kind: CredentialKind = CredentialKind.STAFF_SESSION, **known: datetime | None) -> bool:
    facts = {
        "issued_at": NOW - timedelta(hours=1),
        "expires_at": NOW + timedelta(hours=1),
        "revoked_at": None,
        "last_seen_at": NOW,
    }
    return is_live(kind=kind, now=NOW, **(facts | known))


def test_a_fresh_credential_counts():
    assert live()


@pytest.mark.parametrize("kind", CredentialKind)
def test_what_is_over_revoked_or_dated_ahead_does_not_count(kind):
    assert not live(kind, expires_at=NOW)
    assert not live(kind, revoked_at=NOW)
    assert not live(kind, issued_at=NOW + SKEW + SECOND)


def test_a_clock_that_is_a_little_ahead_is_forgiven():
    assert live(issued_at=NOW + SKEW)


def test_only_a_staff_session_ends_by_being_left_alone():
    long_ago = NOW - SESSION_IDLE
    assert [kind for kind in CredentialKind if not live(kind, last_seen_at=long_ago)] == [CredentialKind.STAFF_SESSION]
    assert live(last_seen_at=long_ago + SECOND)


def test_a_session_lasts_half_a_day_however_busy_it_is():
    assert timedelta(hours=12) == SESSION_LIFETIME
    assert not live(issued_at=NOW - SESSION_LIFETIME, expires_at=NOW, last_seen_at=NOW)


def test_a_short_code_has_48_bits_and_nothing_that_is_misread():
    assert log2(len(CODE_ALPHABET)) * CODE_LENGTH >= 48
    assert CODE_LENGTH <= 10
    assert not set(CODE_ALPHABET) & set("01aeiouloILO")
    assert len(set(CODE_ALPHABET)) == len(CODE_ALPHABET)


def test_a_secret_is_kept_under_the_pepper_and_apart_by_purpose():
    kept = {fingerprint("s", p, key) for p in ("restore", "tracking") for key in (PEPPER, KEY)}
    assert len(kept) == 4
    assert all(len(one) == 64 for one in kept)


def link(kind: CredentialKind = CredentialKind.TRACKING) -> SignedLink:
    return SignedLink(kind, uuid4(), uuid4(), NOW, NOW + timedelta(hours=30))


def test_a_sealed_link_comes_back_as_it_was():
    made = link()
    token = seal(made, KEY)
    assert len(token) == TOKEN_LENGTH == 96
    assert unseal(token, CredentialKind.TRACKING, [KEY]) == made


def test_a_link_sealed_under_an_older_key_still_opens():
    made = link()
    assert unseal(seal(made, OTHER_KEY), made.kind, [KEY, OTHER_KEY]) == made


def test_a_link_under_another_key_or_of_another_kind_does_not_open():
    assert unseal(seal(link(), OTHER_KEY), CredentialKind.TRACKING, [KEY]) is None
    assert unseal(seal(link(), KEY), CredentialKind.CHECKIN, [KEY]) is None


def test_no_single_bit_of_a_link_can_be_turned():
    token = seal(link(), KEY)
    raw = bytearray(base64.urlsafe_b64decode(token))
    for bit in range(len(raw) * 8):
        raw[bit // 8] ^= 1 << bit % 8
        assert unseal(base64.urlsafe_b64encode(raw).decode(), CredentialKind.TRACKING, [KEY]) is None
        raw[bit // 8] ^= 1 << bit % 8


def test_a_link_has_one_spelling():
    token = seal(link(), KEY)
    for i in range(TOKEN_LENGTH):
        for other in "-_+/= \n":
            if token[i] != other:
                assert unseal(token[:i] + other + token[i + 1 :], CredentialKind.TRACKING, [KEY]) is None


@given(st.text(max_size=200))
def test_garbage_is_no_link_and_no_pass(text):
    assert unseal(text, CredentialKind.TRACKING, [KEY]) is None
    if text.isascii():
        assert credential_of_pass(text, Use.ACCESS, now=NOW, secret=SECRET) is None


def made_pass(use: Use = Use.ACCESS, secret: str = SECRET, now: datetime = NOW):
    credential_id = uuid4()
    token, _ = make_pass(use, credential_id=credential_id, holder_id=uuid4(), now=now, secret=secret)
    return token, credential_id


@pytest.mark.parametrize("use", Use)
def test_a_pass_names_its_credential_until_it_ends(use):
    token, credential_id = made_pass(use)
    last = NOW + LIFETIMES[use] - SECOND
    assert credential_of_pass(token, use, now=last, secret=SECRET) == credential_id
    assert credential_of_pass(token, use, now=last + SECOND, secret=SECRET) is None


def test_an_access_pass_lives_fifteen_minutes():
    assert LIFETIMES[Use.ACCESS] == timedelta(minutes=15)


def test_a_pass_for_sockets_is_no_access_pass_nor_the_other_way_round():
    for use, other in ((Use.SOCKET, Use.ACCESS), (Use.ACCESS, Use.SOCKET)):
        assert credential_of_pass(made_pass(use)[0], other, now=NOW, secret=SECRET) is None


def test_a_pass_of_another_house_or_from_the_future_is_refused():
    assert credential_of_pass(made_pass(secret="another")[0], Use.ACCESS, now=NOW, secret=SECRET) is None
    ahead = made_pass(now=NOW + SKEW + SECOND)[0]
    assert credential_of_pass(ahead, Use.ACCESS, now=NOW, secret=SECRET) is None


def test_a_pass_without_signature_is_refused():
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    body = made_pass()[0].split(".")[1]
    assert credential_of_pass(f"{head}.{body}.", Use.ACCESS, now=NOW, secret=SECRET) is None


def failed(times: int, every: timedelta = timedelta(minutes=1)) -> Tries:
    tries = Tries(0, NOW)
    for i in range(times):
        tries = tries.after_failure(NOW + i * every)
    return tries


def test_the_fifth_failure_locks_for_a_quarter_of_an_hour():
    assert not failed(MOST_FAILURES - 1).is_locked(NOW + timedelta(minutes=4))
    locked = failed(MOST_FAILURES)
    last = NOW + timedelta(minutes=4)
    assert locked.is_locked(last + LOCK - SECOND)
    assert not locked.is_locked(last + LOCK)


def test_a_lock_is_not_drawn_out_by_knocking_on():
    locked = failed(MOST_FAILURES)
    assert locked.after_failure(NOW + timedelta(minutes=10)) == locked


def test_after_a_lock_counting_begins_anew():
    again = failed(MOST_FAILURES).after_failure(NOW + timedelta(hours=1))
    assert (again.failures, again.locked_until) == (1, None)


def test_failures_far_apart_do_not_add_up():
    assert failed(20, every=WINDOW).failures == 1


def test_a_facility_has_its_own_day():
    late = datetime(2026, 11, 21, 18, 45, tzinfo=UTC)
    assert day_in("Asia/Kolkata", late) == date(2026, 11, 22)
    assert day_in("America/New_York", late) == date(2026, 11, 21)


def test_a_day_ends_by_the_facilitys_clock_also_where_it_is_short():
    assert end_of_day("Asia/Kolkata", date(2026, 11, 21)) == datetime(2026, 11, 21, 18, 30, tzinfo=UTC)
    assert end_of_day("Europe/London", date(2026, 3, 28)) == datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
    assert end_of_day("Europe/London", date(2026, 3, 29)) == datetime(2026, 3, 29, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(("name", "known"), [("Asia/Kolkata", True), ("Kolkata", False), ("../etc/passwd", False)])
def test_only_names_of_the_time_zone_database_are_time_zones(name, known):
    assert is_time_zone(name) is known
