from hypothesis import given
from hypothesis import strategies as st

from apps.patients.rules.uhid import check_digit, make_uhid, read_uhid

NUMBERS = st.integers(min_value=1, max_value=999_999_999)
YEARS = st.integers(min_value=2020, max_value=2119)


def spoilt(uhid: str, digits: str) -> str:
    """The UHID with other digits in their places, the dashes where they were."""
    fresh = iter(digits)
    code, _, rest = uhid.partition("-")
    return code + "-" + "".join(next(fresh) if c.isdigit() else c for c in rest)


def digits_of(uhid: str) -> str:
    return "".join(c for c in uhid.partition("-")[2] if c.isdigit())


def test_a_uhid_tells_place_year_number_and_check_digit() -> None:
    assert make_uhid("ADH", 2026, 123) == f"ADH-26-000123-{check_digit('26000123')}"


def test_the_check_digit_is_the_published_one() -> None:
    assert check_digit("572") == 4


def test_letters_and_digits_of_the_facility_s_code_are_taken() -> None:
    assert make_uhid("asha-dist_hospital", 2026, 1).startswith("ASHADIST-26-000001-")


@given(YEARS, NUMBERS)
def test_a_uhid_is_read_as_it_was_made(year: int, number: int) -> None:
    uhid = make_uhid("ADH", year, number)
    assert read_uhid(uhid) == uhid
    assert read_uhid(f" {uhid.lower().replace('-', '')} ") == uhid
    assert read_uhid(uhid.replace("-", " ")) == uhid


@given(YEARS, NUMBERS)
def test_every_single_wrong_digit_is_caught(year: int, number: int) -> None:
    uhid = make_uhid("ADH", year, number)
    digits = digits_of(uhid)
    for place, right in enumerate(digits):
        for wrong in "0123456789".replace(right, ""):
            assert read_uhid(spoilt(uhid, digits[:place] + wrong + digits[place + 1 :])) is None


@given(YEARS, NUMBERS)
def test_every_swap_of_neighbouring_digits_is_caught(year: int, number: int) -> None:
    uhid = make_uhid("ADH", year, number)
    digits = digits_of(uhid)
    for place in range(len(digits) - 1):
        one, other = digits[place], digits[place + 1]
        if one != other:
            assert read_uhid(spoilt(uhid, digits[:place] + other + one + digits[place + 2 :])) is None


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading(text: str) -> None:
    found = read_uhid(text)
    assert found is None or read_uhid(found) == found
