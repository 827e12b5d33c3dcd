"""How rows are looked up in every app."""

from typing import Any, TypeVar

from django.db.models import QuerySet

Found = TypeVar("Found")


def one(rows: QuerySet[Any, Found]) -> Found | None:
    """The row of a query that finds one at most; None without it.

    `first()` would put what cannot be in any other order in order, and Django works as long on that as on the rest
    of the statement. Where several rows may be found and the first is meant, `first()` is right.
    """
    return next(iter(rows.order_by()[:1]), None)
