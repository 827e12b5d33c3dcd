"""Which paper a patient takes home, by what stands on it: it is called by its right name in every language."""

from enum import StrEnum

from apps.core.errors import sentence


class Kind(StrEnum):
    """With medicines; signed without any; or only the tests that were ordered, with no signature."""

    PRESCRIPTION = "prescription"
    ADVICE = "advice"
    TESTS = "tests"


TITLES: dict[Kind, str] = {
    Kind.PRESCRIPTION: sentence("Prescription"),
    Kind.ADVICE: sentence("Doctor's advice"),
    Kind.TESTS: sentence("Tests ordered"),
}
"""What stands on top of it."""


def kind_of(*, prescribed: bool, signed: bool) -> Kind:
    """The kind of a paper, by whether something was prescribed and whether anything was signed."""
    if prescribed:
        return Kind.PRESCRIPTION
    return Kind.ADVICE if signed else Kind.TESTS
