"""The spoken call: what it is put together from, clip by clip, and what each clip says.

A hall is loud and its screens are often machines without any voice of their own. So a call is a row of short sounds
that were made beforehand: numbers, letters, rooms' pictures. In languages with endings the picture's clip carries its
ending and what follows, so that nothing is bent together at a joint.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

SPOKEN = ("en", "hi", "ta")
"""Languages that clips are made for, in the order of the hall."""

LARGEST = 99
"""The largest number with a clip of its own; beyond it the digits are said one by one."""

LARGEST_RECORDING = 200_000
"""Bytes of a clip that a hospital recorded itself: some ten seconds, however it was saved."""

LATIN = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Speech:
    """What the clips of one language say. `symbols` holds the picture of a room with all that follows it."""

    voice: str
    call: str
    room: str
    kiosk: str
    letters: str
    symbols: dict[str, str]


SPEECH: dict[str, Speech] = {
    "en": Speech(
        voice="en-gb",
        call="Token",
        room="Please come to room",
        kiosk="Show the square code on your slip here. Or type your mobile number, then touch Next.",
        letters="a b c d e f g h i j k l m n o p q r s t u v w x y z",
        symbols={"boat": "boat", "mango": "mango", "fish": "fish", "pot": "pot", "bell": "bell", "drum": "drum"},
    ),
    "hi": Speech(
        voice="hi",
        call="टोकन",
        room="कृपया कमरा नंबर",
        kiosk="अपनी पर्ची का चौकोर कोड यहाँ दिखाइए। या अपना मोबाइल नंबर लिखिए, फिर आगे दबाइए।",
        letters="ए बी सी डी ई एफ़ जी एच आई जे के एल एम एन ओ पी क्यू आर एस टी यू वी डब्ल्यू एक्स वाई ज़ेड",
        symbols={
            "boat": "नाव में आइए",
            "mango": "आम में आइए",
            "fish": "मछली में आइए",
            "pot": "घड़ा में आइए",
            "bell": "घंटी में आइए",
            "drum": "ढोल में आइए",
            "none": "में आइए",
        },
    ),
    "ta": Speech(
        voice="ta",
        call="டோக்கன்",
        room="அறை எண்",
        kiosk="உங்கள் சீட்டில் உள்ள குறியீட்டை இங்கே காட்டுங்கள். அல்லது உங்கள் கைபேசி எண்ணை தட்டுங்கள்.",
        letters="ஏ பி சி டி ஈ எஃப் ஜி எச் ஐ ஜே கே எல் எம் என் ஓ பீ கியூ ஆர் எஸ் டீ யூ வீ டபிள்யூ எக்ஸ் வை இசட்",
        symbols={
            "boat": "படகுக்கு வாருங்கள்",
            "mango": "மாம்பழத்துக்கு வாருங்கள்",
            "fish": "மீனுக்கு வாருங்கள்",
            "pot": "பானைக்கு வாருங்கள்",
            "bell": "மணிக்கு வாருங்கள்",
            "drum": "மேளத்துக்கு வாருங்கள்",
            "none": "க்கு வாருங்கள்",
        },
    ),
}


def texts(language: str) -> dict[str, str]:
    """Every clip of a language and what it says: `{"token": "Token", "letter-g": "g", "number-42": "42", …}`."""
    speech = SPEECH[language]
    letters = dict(zip(LATIN, speech.letters.split(), strict=True))
    return (
        {"token": speech.call, "room": speech.room, "kiosk": speech.kiosk}
        | {f"letter-{letter}": name for letter, name in letters.items()}
        | {f"number-{number}": str(number) for number in range(LARGEST + 1)}
        | {f"symbol-{symbol}": text for symbol, text in speech.symbols.items()}
    )


def clips_of_call(language: str, token: str, room: str, symbol: str, *, again: bool = False) -> list[str]:
    """The clips that call a number to a room, in order. Called again, the digits are said one by one.

    `("en", "G42", "3", "boat")` → token, letter-g, number-42, room, number-3, symbol-boat.
    """
    known = SPEECH[language].symbols
    ending = symbol if symbol in known else "none"
    where = ["room", *_read(room), *([f"symbol-{ending}"] if ending in known else [])] if room else []
    return ["token", *_read(token, digits=again), *where]


def sound_type(content: bytes) -> str:
    """The media type of a recording by what it begins with, whatever its name says; "" for what is no sound."""
    if content.startswith(b"OggS"):
        return "audio/ogg"
    if content.startswith(b"RIFF") and content[8:12] == b"WAVE":
        return "audio/wav"
    frame = len(content) > 1 and content[0] == 0xFF and content[1] & 0xE6 == 0xE2  # MPEG audio, layer III
    return "audio/mpeg" if content.startswith(b"ID3") or frame else ""


def spoken_in(wanted: Sequence[str]) -> list[str]:
    """The languages of a hall that there are clips for, in the order of the hall."""
    return [language for language in SPOKEN if language in wanted]


def _read(text: str, *, digits: bool = False) -> list[str]:
    """Letters and numbers one after the other; what is neither is passed over."""
    clips = []
    for part in re.findall(r"[a-z]|[0-9]+", text.lower()):
        if part.isalpha():
            clips.append(f"letter-{part}")
        elif digits or int(part) > LARGEST:
            clips.extend(f"number-{digit}" for digit in part)
        else:
            clips.append(f"number-{int(part)}")
    return clips
