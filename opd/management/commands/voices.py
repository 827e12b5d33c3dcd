"""`manage.py voices`: make the clips that a board's spoken calls are put together from, with espeak-ng and ffmpeg.

What it makes stands in `static/voice/` and is part of the source, so that neither a hospital nor a test needs
these programs. It is run again when the words of `apps/display/rules/voice.py` change.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import track

from apps.display.rules.voice import SPEECH, SPOKEN, texts

WORDS_A_MINUTE = 135
"""Slower than people speak: the hall is loud, and the clips are joined without a breath between them."""

PROGRAMS = ("espeak-ng", "ffmpeg")

_TRIM = "silenceremove=start_periods=1:start_threshold=-45dB"
FILTERS = f"{_TRIM},areverse,{_TRIM},areverse,apad=pad_dur=0.07"
"""Cut what is silent at both ends, leave a short gap. They are as loud as they are spoken, which is alike: `loudnorm`
measures over three seconds, and made whispers at -33 dB of clips this short."""


class Command(BaseCommand):
    """Make the clips of some languages, or of all."""

    help = "Makes the spoken clips of the boards in static/voice/; needs espeak-ng and ffmpeg (Debian packages)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "languages", nargs="*", metavar="LANGUAGE", help=f"some of {', '.join(SPOKEN)}; all if none"
        )
        parser.add_argument("--into", type=Path, default=settings.BASE_DIR / "static" / "voice", help="another folder")

    def handle(self, *args: Any, **options: Any) -> None:
        unknown = set(options["languages"]) - set(SPOKEN)
        if unknown:
            raise CommandError(f"There are no words for {', '.join(sorted(unknown))} in apps/display/rules/voice.py.")
        missing = [program for program in PROGRAMS if not shutil.which(program)]
        if missing:
            raise CommandError(f"{' and '.join(missing)} not found. On Debian: apt install {' '.join(missing)}")
        for language in options["languages"] or SPOKEN:
            folder = options["into"] / language
            folder.mkdir(parents=True, exist_ok=True)
            for clip, text in track(texts(language).items(), description=language):
                make_clip(SPEECH[language].voice, text, folder / f"{clip}.ogg")
            size = sum(path.stat().st_size for path in folder.glob("*.ogg"))
            self.stdout.write(f"{language}: {len(texts(language))} clips, {size // 1000} kB.")


def make_clip(voice: str, text: str, path: Path) -> None:
    """Speak a text into an Ogg file (Opus, mono). The same text gives the same sound."""
    speak = ["espeak-ng", "-v", voice, "-s", str(WORDS_A_MINUTE), "--stdout", text]
    spoken = subprocess.run(speak, check=True, capture_output=True).stdout  # noqa: S603 - our own words
    quiet = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y", "-f", "wav", "-i", "pipe:0"]
    encode = ["-af", FILTERS, "-ac", "1", "-ar", "24000", "-c:a", "libopus", "-b:a", "20k", "-application", "voip"]
    exact = ["-map_metadata", "-1", "-flags", "+bitexact", "-fflags", "+bitexact", str(path)]
    subprocess.run([*quiet, *encode, *exact], input=spoken, check=True)  # noqa: S603
