"""Sums, shares, prices and numbers: plain values."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.billing.rules import books
from apps.billing.rules.books import Method
from apps.billing.rules.discounts import that_count, within_limit
from apps.billing.rules.invoices import financial_year, invoice_number
from apps.billing.rules.money import ZERO, Charge, Totals, in_paise, of_paise, percent_of, shares, totals
from apps.billing.rules.prepaying import back_of, dealt_back
from apps.billing.rules.prices import Listed, is_free_revisit, price_for

SUMS = st.decimals(min_value=0, max_value=99_999, places=2)
PERCENT = st.decimals(min_value=0, max_value=100, places=2)


@settings(suppress_health_check=list(HealthCheck))
@given(SUMS, st.lists(SUMS, min_size=1, max_size=12))
def test_shares_lose_no_paisa_and_none_gets_more_than_its_weight_allows(whole, weights):
    whole = min(whole, sum(weights))
    dealt = shares(whole, weights)
    assert sum(dealt) == (whole if sum(weights) else ZERO)
    assert all(share >= 0 and share == share.quantize(Decimal("0.01")) for share in dealt)
    assert all(share <= weight for share, weight in zip(dealt, weights, strict=True))


def test_a_third_each_leaves_the_odd_paisa_with_the_first():
    assert shares(Decimal("100.00"), [Decimal(1)] * 3) == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]


@settings(suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(1, 9), SUMS, PERCENT, PERCENT), max_size=8))
def test_what_is_issued_and_paid_balances_to_the_paisa(rows):
    charges = [Charge(n, p, t, percent_of(p * n, off)) for n, p, t, off in rows]
    sums = totals(charges)
    assert sums.grand == sum((charge.total for charge in charges), ZERO) >= 0
    for postings in (
        books.of_invoice(sums),
        books.of_payment(Method.UPI, sums.grand),
        books.of_refund(Method.CASH, sums.grand),
    ):
        assert sum(p.debit for p in postings) == sum(p.credit for p in postings)


def test_what_costs_nothing_is_not_written_into_the_books():
    assert books.of_invoice(Totals(ZERO, ZERO, ZERO)) == []


@given(SUMS)
def test_paise_and_rupees_are_the_same_sum(amount):
    assert of_paise(in_paise(amount)) == amount


@pytest.mark.parametrize(
    ("off", "limit", "allowed"), [("25.00", 5, True), ("25.01", 5, False), ("0.01", 0, False), ("500.00", 100, True)]
)
def test_a_limit_is_a_share_of_the_invoice(off, limit, allowed):
    assert within_limit(Decimal(off), Decimal(500), limit) is allowed


@pytest.mark.parametrize(
    ("given", "left", "counted"),
    [([50, 30], 500, [50, 30]), ([50, 30], 60, [50, 10]), ([50, 30], 50, [50, 0]), ([50], 0, [0]), ([], 9, [])],
)
def test_discounts_count_in_their_order_until_nothing_is_left(given, left, counted):
    assert that_count([Decimal(n) for n in given], Decimal(left)) == counted


@pytest.mark.parametrize(
    ("day", "year"), [(date(2027, 3, 31), 2026), (date(2027, 4, 1), 2027), (date(2026, 12, 31), 2026)]
)
def test_the_financial_year_begins_in_april(day, year):
    assert financial_year(day) == year


def test_a_number_says_hospital_year_and_place_in_it():
    assert invoice_number("ADH", 2026, 42) == "ADH/26-27/00042"
    assert invoice_number("ADH", 2099, 7) == "ADH/99-00/00007"


RAO, FIRST_VISIT = uuid4(), uuid4()


def listed(amount: int, doctor=None, visit_type=None, since=date(2026, 1, 1)) -> Listed:
    return Listed(uuid4(), doctor, visit_type, since, Decimal(amount), ZERO, 0)


PRICES = [
    listed(300),
    listed(350, since=date(2026, 6, 1)),
    listed(900, since=date(2030, 1, 1)),
    listed(500, doctor=RAO),
    listed(400, visit_type=FIRST_VISIT),
    listed(700, doctor=RAO, visit_type=FIRST_VISIT, since=date(2026, 3, 1)),
]


@pytest.mark.parametrize(
    ("day", "doctor", "visit_type", "amount"),
    [
        (date(2026, 5, 31), None, None, 300),
        (date(2026, 6, 1), None, None, 350),
        (date(2026, 6, 1), uuid4(), uuid4(), 350),
        (date(2026, 6, 1), RAO, None, 500),
        (date(2026, 6, 1), None, FIRST_VISIT, 400),
        (date(2026, 2, 28), RAO, FIRST_VISIT, 500),
        (date(2026, 3, 1), RAO, FIRST_VISIT, 700),
    ],
)
def test_the_price_that_says_most_and_is_in_force_holds(day, doctor, visit_type, amount):
    assert price_for(PRICES, day, doctor, visit_type).amount == amount


def test_before_the_list_begins_there_is_no_price():
    assert price_for(PRICES, date(2025, 12, 31), RAO, None) is None


@pytest.mark.parametrize(
    ("last", "days", "free"),
    [(date(2026, 11, 16), 7, True), (date(2026, 11, 15), 7, False), (None, 7, False), (date(2026, 11, 22), 0, False)],
)
def test_a_revisit_inside_the_window_is_free_on_its_last_day_too(last, days, free):
    assert is_free_revisit(date(2026, 11, 23), last, days) is free


def test_paid_priority_has_its_own_price_before_the_doctors():
    doctor, day = uuid4(), date(2026, 11, 22)
    rows = [
        Listed(uuid4(), doctor, None, day, Decimal(700), ZERO, 0),
        Listed(uuid4(), None, None, day, Decimal(900), ZERO, 0, paid_priority=True),
    ]
    assert price_for(rows, day, doctor, None).amount == 700
    assert price_for(rows, day, doctor, None, priority=True).amount == 900
    assert price_for(rows[:1], day, doctor, None, priority=True).amount == 700


@pytest.mark.parametrize(
    ("charged", "here", "percent", "back"),
    [
        ("900", "900", 75, "675.00"),
        ("900", "400", 50, "200.00"),
        ("0.01", "0.01", 50, "0.01"),
        ("900", "0", 100, "0.00"),
    ],
)
def test_what_comes_back_is_a_share_of_what_is_still_here(charged, here, percent, back):
    assert back_of(Decimal(charged), Decimal(here), percent) == Decimal(back)


def test_what_comes_back_is_dealt_over_the_payments_the_last_one_first():
    left = [Decimal("300.00"), Decimal("100.00"), Decimal("50.00")]
    assert dealt_back(Decimal("120.00"), left) == [Decimal(0), Decimal("70.00"), Decimal("50.00")]
    assert dealt_back(Decimal("450.00"), left) == left
