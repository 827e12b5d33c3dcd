// The house's chime, drawn by the browser: loud in a hall, soft in a doctor's room.

function tone(speaker, frequency, start, length, loudness) {
  const from = speaker.currentTime + start;
  const oscillator = new OscillatorNode(speaker, { frequency });
  const gain = new GainNode(speaker, { gain: 0 });
  gain.gain.linearRampToValueAtTime(loudness, from + 0.02);
  gain.gain.setValueAtTime(loudness, from + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.001, from + length);
  oscillator.connect(gain).connect(speaker.destination);
  oscillator.start(from);
  oscillator.stop(from + length);
}

// Two falling notes, a bit over half a second; the seconds that takes.
function chime(speaker, loudness = 0.4) {
  tone(speaker, 880, 0, 0.35, loudness);
  tone(speaker, 660, 0.25, 0.45, loudness);
  return 0.8;
}

window.opd.chime = chime;
