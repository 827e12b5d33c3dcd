import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.errors import Invalid
from apps.patients.rules.identifiers import IdentifierKind, clean_identifier, possible_identifier, tail
from apps.patients.rules.phones import clean_phone, four_digits, possible_phone


@pytest.mark.parametrize(
    "text",
    [
        "98765 43210",
        "09876543210",
        "+91 98765 43210",
        "0091-98765-43210",
        "(98765) 43210",
        "९८७६५४३२१०",
        "+91९८७६५४३२१०",
    ],
)
def test_a_phone_is_read_however_it_is_written(text: str) -> None:
    assert clean_phone(text) == "+919876543210"


def test_a_foreign_phone_keeps_its_country() -> None:
    assert clean_phone("+44 20 7946 0958") == "+442079460958"


def test_a_landline_is_read_with_its_area_code() -> None:
    assert clean_phone("044 2345 6789") == "+914423456789"


@pytest.mark.parametrize("text", ["", "  "])
def test_no_phone_is_no_phone(text: str) -> None:
    assert clean_phone(text) == ""


@pytest.mark.parametrize("text", ["12345", "98765 4321", "98765 43210 1", "call me", "+999", "1" * 41, "9" * 100_000])
def test_what_is_no_full_number_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        clean_phone(text)
    assert "phone" in refusal.value.extra["errors"]


@settings(deadline=None)  # the first look loads tables
@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_phones_and_identifiers(text: str) -> None:
    phone = possible_phone(text)
    assert phone is None or possible_phone(phone) == phone
    for kind in IdentifierKind:
        value = possible_identifier(kind, text)
        assert value is None or possible_identifier(kind, value) == value


@pytest.mark.parametrize(
    ("text", "digits"), [("3210", "3210"), (" ३२१० ", "3210"), ("32-10", ""), ("321", ""), ("32101", ""), ("abcd", "")]
)
def test_four_four_digits_any_script_are_the_end_of_a_phone(text: str, digits: str) -> None:
    assert four_digits(text) == digits


@pytest.mark.parametrize(
    ("kind", "text", "kept", "shown"),
    [
        (IdentifierKind.ABHA_NUMBER, "91-1234-5678-9012", "91123456789012", "9012"),
        (IdentifierKind.ABHA_ADDRESS, " Asha.Devi@abdm ", "asha.devi@abdm", "devi"),
        (IdentifierKind.ABHA_ADDRESS, "asha@abdm", "asha@abdm", "ha"),
        (IdentifierKind.NATIONAL_ID, "1234 5678 9012", "123456789012", "9012"),
        (IdentifierKind.NATIONAL_ID, "k123456", "K123456", "456"),
    ],
)
def test_an_identifier_is_kept_plain_and_shown_by_its_end(
    kind: IdentifierKind, text: str, kept: str, shown: str
) -> None:
    assert clean_identifier(kind, text) == kept
    assert tail(kept) == shown


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (IdentifierKind.ABHA_NUMBER, "91-1234-5678"),
        (IdentifierKind.ABHA_ADDRESS, "asha"),
        (IdentifierKind.NATIONAL_ID, "ABCDEF"),
        (IdentifierKind.NATIONAL_ID, "1" * 81),
    ],
)
def test_an_identifier_of_another_shape_is_refused(kind: IdentifierKind, text: str) -> None:
    with pytest.raises(Invalid):
        clean_identifier(kind, text)


@given(st.text(min_size=1, max_size=40))
def test_never_more_than_half_of_an_identifier_is_shown(value: str) -> None:
    assert len(tail(value)) * 2 <= len(value)
