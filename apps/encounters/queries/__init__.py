"""Every shared read of consultations."""

from apps.encounters.queries.prescribed import (
    History,
    earlier_visits,
    history,
    history_values,
    paper_last,
    signed_prescription,
    signed_prescriptions,
)

__all__ = [
    "History",
    "earlier_visits",
    "history",
    "history_values",
    "paper_last",
    "signed_prescription",
    "signed_prescriptions",
]
