"""The style sheets keep their promises: one source of colours, readable pairs, a board that is read from afar."""

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "static"
SHEETS = sorted((STATIC / "css").glob("*.css"))
TOKENS = STATIC / "css" / "tokens.css"

COLOUR_FUNCTION = re.compile(r"(?<![\w-])(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color|color-mix)\(")
COLOUR_HEX = re.compile(r"#[0-9a-fA-F]{3,8}\b")
COLOUR_NAME = re.compile(
    r"(?<![\w-])(?:aqua|beige|black|blue|brown|cyan|gold|gray|green|grey|ivory|lime|magenta|maroon|navy|olive|orange"
    r"|pink|purple|red|silver|snow|tan|teal|violet|white|yellow)(?![\w-])"
)

TEXT = 4.5
CONTROL = 3.0
FAR = 7.0

PAIRS = [
    ("ink", "card", FAR),
    ("ink", "page", FAR),
    ("ink", "plain", FAR),
    ("ink", "haldi", FAR),
    ("muted", "card", TEXT),
    ("muted", "page", TEXT),
    ("muted", "mist", TEXT),
    ("card", "ink", FAR),
    ("card", "neem", TEXT),
    ("card", "neem-deep", TEXT),
    ("card", "neel", TEXT),
    ("card", "madder", TEXT),
    ("card", "madder-deep", TEXT),
    ("neem", "card", TEXT),
    ("neem", "page", TEXT),
    ("neem", "neem-tint", TEXT),
    ("neem-deep", "neem-tint", TEXT),
    ("neem-pale", "neem-deep", TEXT),
    ("neem-pale", "neem", TEXT),
    ("neem-pale", "neem-dark", TEXT),
    ("haldi-deep", "haldi-tint", TEXT),
    ("haldi-tint", "neem-deep", TEXT),
    ("neel", "card", TEXT),
    ("neel", "page", TEXT),
    ("neel", "neel-tint", TEXT),
    ("madder", "card", TEXT),
    ("madder", "page", TEXT),
    ("madder", "madder-tint", TEXT),
    ("edge", "card", CONTROL),
    ("edge", "page", CONTROL),
    ("neem-live", "page", CONTROL),
    ("print", "paper", FAR),
    ("night-ink", "night", FAR),
    ("night-ink", "night-panel", FAR),
    ("night-muted", "night", FAR),
    ("night-muted", "night-panel", FAR),
    ("night-neel", "night-panel", FAR),
    ("night-madder", "night-panel", FAR),
    ("night-madder", "night", FAR),
    ("haldi", "night-panel", FAR),
    ("haldi", "night", FAR),
    ("night-live", "night", CONTROL),
]
"""Foreground, background, least ratio: text 4.5, borders and dots 3 (WCAG 2.2), the board and large surfaces 7."""

COMMENTED_RATIO = re.compile(r"--([\w-]+): #\w+; +/\* +([\d.]+):1 (on|under) ([\w-]+)(?:, +([\d.]+):1 on ([\w-]+))?")


def without_comments(sheet: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)


def values(sheet: Path) -> list[str]:
    """Everything that stands after a colon: the values, and harmlessly the ends of some selectors."""
    return [part.split(":", 1)[1] for part in re.split(r"[{};]", without_comments(sheet)) if ":" in part]


def colours() -> dict[str, str]:
    """The opaque colours of the tokens, by name."""
    return dict(re.findall(r"--([\w-]+):\s*#([0-9a-f]{6});", TOKENS.read_text()))


def luminance(colour: str) -> float:
    """Relative luminance of `rrggbb` as WCAG 2.2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours of the tokens, by name."""
    known = {"white": "ffffff"} | colours()
    light, dark = sorted((luminance(known[one]), luminance(known[other])), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("sheet", [s for s in SHEETS if s != TOKENS], ids=lambda sheet: sheet.name)
def test_no_sheet_but_the_tokens_names_a_colour(sheet: Path) -> None:
    said = [v.strip() for v in values(sheet) for find in (COLOUR_FUNCTION, COLOUR_HEX, COLOUR_NAME) if find.search(v)]
    assert said == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_every_variable_that_is_used_is_defined(sheet: Path) -> None:
    defined = set(re.findall(r"(--[\w-]+)\s*:", TOKENS.read_text() + sheet.read_text()))
    used = set(re.findall(r"var\((--[\w-]+)\)", without_comments(sheet)))
    assert used - defined == set()


@pytest.mark.parametrize(("foreground", "background", "least"), PAIRS)
def test_what_stands_on_what_can_be_read(foreground: str, background: str, least: float) -> None:
    assert contrast(foreground, background) >= least


def test_the_ratios_that_the_tokens_state_are_true() -> None:
    stated = [
        (name, ground, float(ratio))
        for name, first, _word, ground, second, other in COMMENTED_RATIO.findall(TOKENS.read_text())
        for ground, ratio in ((ground, first), (other, second))
        if ratio
    ]
    assert len(stated) >= 12
    grounds = {"panel": "night-panel"}
    wrong = [(n, g, r) for n, g, r in stated if abs(contrast(n, grounds.get(g, g)) - r) > 0.06]
    assert wrong == []


def board_sizes() -> list[tuple[str, float]]:
    """Selector and size in u of every font size on the board."""
    rule = re.compile(r"([^{}]+)\{([^{}]*)\}")
    size = re.compile(r"font(?:-size)?:[^;]*?calc\(([\d.]+) \* var\(--u\)\)")
    sheet = without_comments(STATIC / "css" / "board.css")
    return [(s.strip(), float(u)) for s, body in rule.findall(sheet) for u in size.findall(body)]


def test_nothing_on_the_board_is_smaller_than_3_4_u() -> None:
    assert len(board_sizes()) > 15
    assert [(selector, u) for selector, u in board_sizes() if u < 3.4] == []


def test_every_size_on_the_board_grows_with_the_screen() -> None:
    sheet = without_comments(STATIC / "css" / "board.css")
    sizes = re.findall(r"font(?:-size)?:([^;]*)", sheet)
    assert [size for size in sizes if "var(--u)" not in size] == []


def test_the_call_is_read_from_across_the_hall() -> None:
    calls = [u for selector, u in board_sizes() if re.search(r"(^|\s)\.n$", selector)]
    assert len(calls) == 2
    assert min(calls) >= 24


@pytest.mark.parametrize("sheet", [s for s in SHEETS if s.name != "desk.css"], ids=lambda sheet: sheet.name)
def test_every_sheet_keeps_to_its_layers(sheet: Path) -> None:
    """The desk's alone stands outside: Django's sheets do too and would win over any layer."""
    outside = re.sub(r"@layer [\w, ]+;|@(?:page|font-face)\s*\{[^{}]*\}", "", without_comments(sheet))
    opened = re.findall(r"(?m)^([^\s}][^{]*)\{", outside)
    allowed = re.compile(r"@layer (reset|tokens|base|parts|page) |@media \(prefers-reduced-motion: reduce\) ")
    assert [start for start in opened if not allowed.fullmatch(start)] == []


def test_what_others_made_is_here_as_it_came() -> None:
    lock = json.loads((STATIC / "vendor" / "vendor.json").read_text())
    for part in lock:
        assert {"name", "version", "licence", "origin"} <= part.keys()
        assert sha256((STATIC / part["file"]).read_bytes()).hexdigest() == part["sha256"], part["name"]
        assert (STATIC / part.get("licence_file", part["file"])).is_file()
    brought = {*(STATIC / "vendor").rglob("*.*"), *(STATIC / "fonts").glob("*.[wt]*f*")}
    files = {str(path.relative_to(STATIC)) for path in brought if path.is_file()} - {"vendor/vendor.json"}
    assert files == {part["file"] for part in lock}
