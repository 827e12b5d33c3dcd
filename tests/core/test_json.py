"""Bodies that are JSON to Python and trouble to everybody else."""

from io import BytesIO

import pytest
from rest_framework.exceptions import ParseError

from apps.core.api import DEEPEST_JSON, JsonParser


def nested(levels: int, opening: str, closing: str) -> bytes:
    return (opening * levels + "1" + closing * levels).encode()


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_what_is_nested_deeper_than_anything_of_ours_is_refused(opening, closing):
    deepest = DEEPEST_JSON // opening.count("[" if "[" in opening else "{") // (2 if "[{" in opening else 1)
    assert JsonParser().parse(BytesIO(nested(deepest, opening, closing)))
    for levels in (deepest + 1, 100, 100_000):
        with pytest.raises(ParseError):
            JsonParser().parse(BytesIO(nested(levels, opening, closing)))


def test_what_is_only_long_is_taken():
    assert len(JsonParser().parse(BytesIO(b"[" + b"[1]," * 10_000 + b"2]"))) == 10_001
