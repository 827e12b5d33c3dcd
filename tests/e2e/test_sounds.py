"""What a hall hears: the clips that came with the house are equally loud, as a browser plays them."""

from base64 import b64encode
from statistics import median

import pytest
from django.conf import settings
from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

LISTEN = """async (clips) => {
  const ear = new OfflineAudioContext(1, 1, 48000);
  const heard = [];
  for (const clip of clips) {
    const bytes = Uint8Array.from(atob(clip), (letter) => letter.charCodeAt(0));
    const samples = (await ear.decodeAudioData(bytes.buffer)).getChannelData(0);
    const frames = [];
    for (let at = 0; at < samples.length; at += 960) {
      const frame = samples.subarray(at, at + 960);
      frames.push(frame.reduce((sum, one) => sum + one * one, 0) / frame.length);
    }
    const spoken = frames.filter((power) => power > 1e-4);
    const power = spoken.reduce((sum, one) => sum + one, 0) / (spoken.length || 1);
    heard.push([10 * Math.log10(power), samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0)]);
  }
  return heard;
}"""
"""Of each clip the loudness of what is spoken (dB of full scale; 20 ms at a time, silence left out), and its peak."""

APART, LANGUAGES_APART = 5.0, 2.0
"""Decibels that a clip may be louder or softer than its language's middle one, and the languages than each other."""

SOFTEST_PEAK = 0.3
"""Of full scale; a clip that never comes so far is drowned by a hall."""


@pytest.fixture(scope="module")
def heard(chromium: Browser) -> dict[str, dict[str, tuple[float, float]]]:
    """By language and clip: its loudness and its peak."""
    page = chromium.new_page()
    found = {}
    for folder in sorted((settings.BASE_DIR / "static" / "voice").iterdir()):
        clips = sorted(folder.glob("*.ogg"))
        levels = page.evaluate(LISTEN, [b64encode(clip.read_bytes()).decode() for clip in clips])
        found[folder.name] = {clip.stem: (level[0], level[1]) for clip, level in zip(clips, levels, strict=True)}
    page.close()
    return found


def test_every_clip_is_as_loud_as_the_others_of_its_language(heard: dict[str, dict[str, tuple[float, float]]]):
    assert set(heard) == {code for code, _name in settings.LANGUAGES}
    for language, clips in heard.items():
        middle = median(level for level, _peak in clips.values())
        off = {name: level for name, (level, _peak) in clips.items() if abs(level - middle) > APART}
        assert not off, f"{language}: {off}, the middle is {middle:.1f}"


def test_no_language_is_louder_than_another(heard: dict[str, dict[str, tuple[float, float]]]):
    middles = [median(level for level, _peak in clips.values()) for clips in heard.values()]
    assert max(middles) - min(middles) < LANGUAGES_APART


def test_no_clip_is_drowned_or_torn(heard: dict[str, dict[str, tuple[float, float]]]):
    peaks = {f"{language} {name}": peak for language, clips in heard.items() for name, (_, peak) in clips.items()}
    assert not {name: peak for name, peak in peaks.items() if not SOFTEST_PEAK < peak < 1}
