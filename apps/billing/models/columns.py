"""Columns that tables of money share."""

from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q


def money(*label: Any, **options: Any) -> "models.DecimalField[Any, Any]":
    """A sum to the paisa, never less than nothing."""
    usual: dict[str, Any] = {"max_digits": 10, "decimal_places": 2, "validators": [MinValueValidator(Decimal(0))]}
    return models.DecimalField(*label, **usual | options)


def percent(*label: Any, **options: Any) -> "models.DecimalField[Any, Any]":
    """A share of a sum, 0 to 100."""
    limits = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]
    usual: dict[str, Any] = {"max_digits": 5, "decimal_places": 2, "validators": limits}
    return models.DecimalField(*label, **usual | options)


def known(name: str, values: Any, constraint: str) -> models.CheckConstraint:
    """One of these words and no other."""
    return models.CheckConstraint(condition=Q(**{f"{name}__in": [str(value) for value in values]}), name=constraint)
