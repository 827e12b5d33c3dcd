"""Papers as PDF: what people typed is text and nothing else, every letter of our languages is there, and a failure is
a sentence."""

from typing import Any

import pytest

from apps.core import paper

HOSTILE = (
    '#read("/etc/passwd")',
    "#panic() *bold* _x_ `raw` $x^2$ @label <label> \\ ]#[ // /* = heading",
    '"}, "sys": {"x": "',
    "\x00\x1b\u202e\u2066\ud800 x",
    "<script>alert(1)</script>",
    "x" * 3000,
)


def sheet(*texts: str) -> dict[str, Any]:
    """The least that a prescription's template takes, with these texts as its lines."""
    return {
        "language": "en",
        "title": "Prescription",
        "page": "Page",
        "foot": "GEN-017",
        "hospital": {"name": "Asha", "lines": []},
        "doctor": {"name": "Dr Rao", "lines": []},
        "facts": [{"label": "Name", "value": text} for text in texts],
        "before": [{"title": text, "lines": [text]} for text in texts],
        "medicines": {
            "title": "Medicines",
            "columns": ["Morning", "Noon", "Night"],
            "rows": [{"number": "1", "medicine": text, "at": ["1", "0", "½"], "how": text} for text in texts],
        },
        "after": [],
        "signed": "Signed",
    }


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_somebody_typed_is_shown_as_it_is_and_never_compiled(text: str) -> None:
    assert paper.pdf("prescription.typ", sheet(text)).startswith(b"%PDF-")


def test_the_compiler_sees_nothing_but_the_templates(tmp_path, monkeypatch) -> None:
    """Even a template of ours could read nothing else: the control that the root holds."""
    (tmp_path / "papers").mkdir()
    (tmp_path / "secret.txt").write_text("4711")
    monkeypatch.setattr(paper, "TEMPLATES", tmp_path / "papers")
    for reads in ('#read("../secret.txt")', f'#read("{tmp_path}/secret.txt")', '#import "@preview/cetz:0.1.0"'):
        (tmp_path / "papers" / "x.typ").write_text(reads)
        with pytest.raises(paper.PaperNotMade):
            paper.pdf("x.typ", {})
    assert sorted(path.suffix for path in paper.TEMPLATES.iterdir()) == [".typ"]


def test_a_letter_that_no_font_has_is_noticed_where_it_is_asked_for() -> None:
    """PDF/A refuses a paper with a letter missing: the control for the tests that ask for it."""
    with pytest.raises(paper.PaperNotMade):
        paper.pdf("prescription.typ", sheet("漢"), standards=("a-2u",))


@pytest.mark.parametrize("text", ["क्षत्रिय ज्ञान ख़ून ₹ विद्यार्थी ½", "க்ஷ ஸ்ரீ கொ கோ கௌ ௹ மருந்து", "Ångström µg °C m² ≤ – …"])
def test_every_letter_of_our_languages_is_there(text: str) -> None:
    made = paper.pdf("prescription.typ", sheet(text), standards=("a-2u",))
    assert (b"NotoSansDevanagari" in made, b"NotoSansTamil" in made) == ("क" in text, "க" in text)


def test_what_is_too_long_or_fails_is_a_sentence() -> None:
    with pytest.raises(paper.PaperTooLong):
        paper.pdf("prescription.typ", sheet("x" * paper.LONGEST))
    with pytest.raises(paper.PaperNotMade):
        paper.pdf("prescription.typ", {})


def test_a_files_name_can_be_no_part_of_the_answer() -> None:
    named = paper.download(b"%PDF-", 'invoice-ADH/26-27/1"\r\nX: अ')["Content-Disposition"]
    assert named == 'attachment; filename="invoice-ADH-26-27-1-X-.pdf"'
