"""The spoken call is put together from clips; every clip that can be asked for was made."""

from itertools import product
from pathlib import Path

import pytest
from django.conf import settings

from apps.display.rules.voice import SPEECH, SPOKEN, clips_of_call, sound_type, spoken_in, texts
from apps.queue.rules.hall import HALL_LANGUAGES, symbol_names

CLIPS = Path(__file__).parents[2] / "static" / "voice"


def test_a_call_says_the_number_as_people_do_and_then_the_room_with_its_picture() -> None:
    assert clips_of_call("en", "G42", "3", "boat") == [
        *("token", "letter-g", "number-42"),
        *("room", "number-3", "symbol-boat"),
    ]


def test_a_repeated_call_says_the_digits_one_by_one() -> None:
    assert clips_of_call("hi", "G42", "3", "boat", again=True)[:4] == ["token", "letter-g", "number-4", "number-2"]


def test_a_number_of_three_digits_is_said_digit_by_digit_and_a_leading_nought_is_not_said() -> None:
    assert clips_of_call("ta", "P107", "", "") == ["token", "letter-p", "number-1", "number-0", "number-7"]
    assert clips_of_call("en", "G07", "", "") == ["token", "letter-g", "number-7"]


def test_a_room_without_a_picture_still_ends_its_sentence_where_the_language_needs_it() -> None:
    assert clips_of_call("hi", "G1", "12A", "")[3:] == ["room", "number-12", "letter-a", "symbol-none"]
    assert clips_of_call("en", "G1", "12A", "")[3:] == ["room", "number-12", "letter-a"]


def test_languages_are_spoken_in_the_order_of_the_hall() -> None:
    assert spoken_in(["ta", "xx", "en"]) == ["en", "ta"]
    assert list(SPOKEN) == [language["code"] for language in HALL_LANGUAGES]
    assert list(SPOKEN) == [code for code, _name in settings.LANGUAGES]


@pytest.mark.parametrize("language", SPOKEN)
def test_every_clip_of_every_call_has_words_and_a_sound_that_came_with_the_house(language: str) -> None:
    made = {path.stem for path in (CLIPS / language).glob("*.ogg")}
    assert made == set(texts(language))
    symbols = [*SPEECH[language].symbols, ""]
    asked = product(("G1", "P999", "B10"), ("3", "12a", "104", "x-7", ""), symbols, (True, False))
    for token, room, symbol, again in asked:
        assert set(clips_of_call(language, token, room, symbol, again=again)) <= made


def test_every_picture_of_a_room_has_a_word_in_every_voice() -> None:
    for speech in SPEECH.values():
        assert {symbol for symbol in speech.symbols if symbol != "none"} == {
            symbol for symbol in ("boat", "mango", "fish", "pot", "bell", "drum") if symbol_names(symbol)
        }


def test_the_clips_are_short_sounds_and_small_together() -> None:
    sounds = [path.read_bytes() for path in CLIPS.rglob("*.ogg")]
    assert {sound_type(sound) for sound in sounds} == {"audio/ogg"}
    assert sum(map(len, sounds)) < 1_500_000


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"OggS\x00\x02", "audio/ogg"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"RIFF\x24\x00\x00\x00AVI LIST", ""),
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "audio/mpeg"),
        (b"\xff\xd8\xff\xe0", ""),
        (b"<svg onload=alert(1)>", ""),
        (b"", ""),
    ],
)
def test_a_sound_is_known_by_what_it_begins_with(content: bytes, media_type: str) -> None:
    assert sound_type(content) == media_type
