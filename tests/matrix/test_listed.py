"""Nothing can be asked that the matrix does not ask."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin

from apps.accounts.views.desk import DEVICE_DEEDS
from apps.billing.views.till import DEEDS as BILL_DEEDS
from apps.encounters.views.console import BUTTONS
from apps.live.queries import views
from apps.queue.queries.visits import ACTIONS
from apps.queue.views.booking_deeds import DEEDS as BOOKING_DEEDS
from apps.queue.views.counter import BUTTONS as COUNTER_DEEDS
from apps.queue.views.counter import STATUSES as COUNTER_STATUSES
from apps.queue.views.day import WAITING_DEEDS
from apps.queue.views.desk_deeds import DEEDS
from apps.queue.views.masters import STATUSES
from tests.architecture.test_policy import ADDRESSES, endpoint_methods
from tests.matrix.table import (
    ADMIN_MODELS,
    BILL_DEED,
    BOOKING_DEED,
    CONSOLE,
    COUNTER,
    DEED,
    DEVICE,
    OPENING,
    TABLE,
    WAITING_DEED,
)

LISTED = {row.asks for row in TABLE}


def asked(addresses: list[tuple[str, Any]]) -> Iterator[str]:
    """Everything that these addresses answer, as rows say it. What Django's admin brings says nothing of methods."""
    for address, view in addresses:
        if hasattr(view, "cls"):
            methods = endpoint_methods(view.cls)
        elif hasattr(view, "methods"):
            methods = sorted(view.methods)
        else:
            methods = [method for method in ("GET", "POST") if f"{method} {address}" in LISTED] or ["GET"]
        yield from (f"{method} {address}" for method in methods)


def words(name: str, ending: str) -> set[str]:
    """The words that stand for a parameter in the rows of an address."""
    return {row.words[name] for row in TABLE if row.asks.endswith(ending) and name in row.words}


def test_every_route_page_and_admin_view_is_in_the_table_and_the_table_has_no_others():
    found = set(asked(ADDRESSES))
    assert not found - LISTED, "These have no row: say in tests/matrix/table.py who may."
    assert not LISTED - found, "These rows are about nothing that is there."


def test_a_route_that_is_not_listed_would_be_found():
    def forgotten(request: Any) -> None: ...

    assert set(asked([*ADDRESSES, ("admin/forgotten/", forgotten)])) - LISTED == {"GET admin/forgotten/"}


def test_every_model_of_the_admin_is_listed():
    registered = {f"{model._meta.app_label}/{model._meta.model_name}" for model in admin.site._registry}
    assert registered == set(ADMIN_MODELS)


@pytest.mark.parametrize(
    ("ending", "known"),
    [
        (CONSOLE, set(BUTTONS)),
        (COUNTER, {*COUNTER_DEEDS, *COUNTER_STATUSES, "class"}),
        (DEED, {ACTIONS[verb] for verb in DEEDS}),
        (OPENING, set(STATUSES)),
        (DEVICE, set(DEVICE_DEEDS)),
        (BOOKING_DEED, set(BOOKING_DEEDS)),
        (WAITING_DEED, set(WAITING_DEEDS)),
        (BILL_DEED, set(BILL_DEEDS)),
    ],
)
def test_every_button_has_a_row(ending: str, known: set[str]):
    assert words("action", ending) == known


def test_every_kind_of_stream_has_a_row():
    assert {stream.partition(".")[0] for stream in words("stream", "live/<str:stream>")} == set(views())
