"""Phone numbers: read as people write them, kept in E.164."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

from apps.core.errors import Invalid, sentence

REGION = "IN"
"""Where a number without a country code is at home."""

LONGEST_TYPED = 40


def clean_phone(text: str) -> str:
    """`98765 43210`, `098765-43210` or `+91 …` as `+919876543210`; "" for none. Raises `Invalid`."""
    if not text.strip():
        return ""
    number = possible_phone(text)
    if number is None:
        raise Invalid({"phone": [sentence("Give a full phone number, for example 98765 43210.")]})
    return number


def possible_phone(text: str) -> str | None:
    """The number in E.164 if the text is one, else None.

    At home it must fit the numbering plan, so that a missing digit shows; abroad only the length is checked.
    """
    if len(text) > LONGEST_TYPED or any(c.isalpha() for c in text):
        return None
    try:
        number = phonenumbers.parse(text, REGION)
    except NumberParseException:
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if _can_be(number) else None


def _can_be(number: PhoneNumber) -> bool:
    if number.country_code == phonenumbers.country_code_for_region(REGION):
        return phonenumbers.is_valid_number(number)
    return phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE


def digits_of(text: str) -> str:
    """The digits of a text, in whatever script they were typed, as 0 to 9."""
    return phonenumbers.normalize_digits_only(text)


def four_digits(text: str) -> str:
    """The digits of a text that is nothing but four digits, the end of a phone; else ""."""
    digits = digits_of(text)
    return digits if len(digits) == len(text.strip()) == 4 else ""


def country_of(number: str) -> str:
    """The country of a number in E.164, as ISO 3166 writes it (`IN`); "" for none."""
    return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""


def typed_code(text: str) -> str:
    """A one-time code as it was typed or pasted, with spaces, dashes or digits of another script, as plain digits."""
    return digits_of(text)
