"""Values that nobody should be able to harm us with, and names that everybody has a right to."""

import json
import unicodedata

NAMES = {
    "Tamil": "முருகன் சுப்பிரமணியன்",
    "Devanagari": "सीता देवी",
    "Arabic": "محمد رفیع",
    "Hebrew with points": "שָׂרָה",
    "right-to-left inside": "Asha \u202eiveD\u202c Devi",
    "zero width": "As\u200bha\u2060 De\ufeffvi",
    "needed joiner": "നന്‍മ",
    "emoji": "Asha 👩🏽\u200d⚕️🏥",
    "decomposed": unicodedata.normalize("NFD", "Zoë Čapková"),
    "astral": "𠮷野 𝒜𝓈𝒽𝒶",
    "one letter": "ஐ",
    "apostrophe": "O'Brien-D’Souza",
}
"""Real names, or what comes of copying them."""

TEXTS = {
    "empty": "",
    "blanks": " \t ",
    "NUL": "Asha\0Devi",
    "lone surrogate": "Asha \ud800",
    "lone low surrogate": "\udfffAsha",
    "non-characters": "\ufffe\uffff",
    "control characters": "Asha\x01\x1b[31m\x7f",
    "line breaks": "Asha\r\nX-Evil: 1\r\n\r\n<b>",
    "only invisible": "\u200b\u200b\u2063",
    "fillers": "\u3164\u3164",
    "many marks": "A" + "\u0301" * 3_000,
    "1 MB": "A" * 1_000_000,
    "1 MB of Tamil": "மு" * 170_000,
    "at the limit": "ஆ" * 120,
    "SQL": "'; SELECT pg_sleep(5)--",
    "SQL again": "1' OR '1'='1' UNION SELECT NULL--",
    "LIKE": "%_%\\",
    "script": "<script>document.title='x'</script>",
    "attribute": '" onmouseover=alert(1) x="',
    "template": "{{ 7|add:7 }}{% debug %}%(name)s %n${7*7}",
    "path": "../../../../etc/passwd",
    "address that is none": "//[",
    "formula": '=HYPERLINK("http://evil.example")',
    "digits of another script": "१२३४५६७८९०",
    "number in words": "1e400",
    "NaN in words": "NaN",
    "huge number in words": "9" * 5_000,
    "minus": "-1",
    "date that is none": "2026-02-30",
    "last date": "9999-12-31T23:59:59.999999-23:59",
    "last hour": "9999-12-31T23:00:00Z",
    "first date": "0001-01-01",
    "nil id": "00000000-0000-0000-0000-000000000000",
    "almost an id": "urn:uuid:00000000-0000-0000-0000-00000000000g",
    "null in words": "null",
    "version": "1' ",
}
"""Texts, as JSON strings, as fields of forms and as parameters of addresses."""

RAW = {
    "null": "null",
    "true": "true",
    "zero": "0",
    "minus one": "-1",
    "fraction": "1.5",
    "1e400": "1e400",
    "-1e400": "-1e400",
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "beyond 32 bits": str(2**31),
    "beyond 64 bits": str(2**63),
    "huge": "9" * 4_000,
    "huger than Python reads": "9" * 5_000,
    "list": "[]",
    "object": "{}",
    "list of what is no text": "[null, 1, {}, [[]]]",
    "many": json.dumps(["fever"] * 5_000),
    "object with a strange key": '{"__proto__": {"\\u0000": 1}, "": []}',
    "deep list": "[" * 50_000 + "]" * 50_000,
    "deep object": '{"a":' * 20_000 + "1" + "}" * 20_000,
    "no JSON": "{]",
}
"""Fragments of JSON that are no strings, or no JSON."""

VALUES = {name: json.dumps(text) for name, text in (NAMES | TEXTS).items()} | RAW
"""Everything that may stand in the place of a field's value, as JSON."""

BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "a word": b'"visit"',
    "null": b"null",
    "NaN": b"NaN",
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "half a character": b'{"name": "\xe0\xae',
    "UTF-16": '{"name": "Asha"}'.encode("utf-16"),
    "with a mark of byte order": b"\xef\xbb\xbf{}",
    "deep": b"[" * 100_000,
    "2 MB": b'{"name": "' + b"A" * 2_000_000 + b'"}',
    "twice the same key": b'{"name": "Asha", "name": null}',
}
"""Whole bodies."""


FILLERS = "\u115f\u1160\u3164\uffa0"
"""Letters by their category, but nobody can see them."""


def seen(text: str) -> str:
    """A text as people see it: without what is invisible, single spaces. What is stored must look like what came."""
    shown = unicodedata.normalize("NFC", " ".join(text.split()))
    kept = "".join(c for c in shown if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"} and c not in FILLERS)
    return " ".join(unicodedata.normalize("NFC", kept).split())
