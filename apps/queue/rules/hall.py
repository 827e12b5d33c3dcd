"""What stands on boards and slips in every language of the hall, side by side.

Not the reader's language: a hall is read by many people at once, so these words do not go through the catalogue.
"""

from typing import TypedDict


class Words(TypedDict):
    """The phrases of one language."""

    code: str
    now_calling: str
    last_called: str
    please_come_in: str
    with_doctor: str
    at_counter: str
    short_break: str
    back_at: str
    not_here: str
    please_wait: str
    next: str
    priority: str
    sit: str
    no_news: str
    room: str
    scan: str
    scan_lost: str


ENGLISH = Words(
    code="en",
    now_calling="Now calling",
    last_called="Last called",
    please_come_in="Please come in",
    with_doctor="With doctor",
    at_counter="At the counter",
    short_break="Short break",
    back_at="back at {time}",
    not_here="Not here now",
    please_wait="Please wait",
    next="Next",
    priority="priority",
    sit="Please sit. We will call your number.",
    no_news="No connection. Our staff will call the numbers aloud.",
    room="Room",
    scan="Scan with your phone to get a number",
    scan_lost="No connection. Please get your number at the desk.",
)
HINDI = Words(
    code="hi",
    now_calling="अब बुलाया जा रहा है",
    last_called="पिछली बार बुलाया गया",
    please_come_in="कृपया अंदर आइए",
    with_doctor="डॉक्टर के पास",
    at_counter="काउंटर पर",
    short_break="थोड़ा विराम",
    back_at="{time} बजे वापस",
    not_here="अभी यहाँ नहीं",
    please_wait="कृपया प्रतीक्षा करें",
    next="अगला",
    priority="पहले",
    sit="कृपया बैठें। आपका नंबर बुलाया जाएगा।",
    no_news="संपर्क नहीं है। कर्मचारी नंबर पुकारेंगे।",
    room="कमरा",
    scan="नंबर लेने के लिए फ़ोन से स्कैन करें",
    scan_lost="संपर्क नहीं है। कृपया डेस्क से नंबर लें।",
)
TAMIL = Words(
    code="ta",
    now_calling="அழைக்கப்படுகிறது",
    last_called="கடைசியாக அழைத்தது",
    please_come_in="உள்ளே வாருங்கள்",
    with_doctor="மருத்துவரிடம்",
    at_counter="கவுண்டரில்",
    short_break="சிறு இடைவேளை",
    back_at="{time}-க்கு வருவார்",
    not_here="இப்போது இங்கில்லை",
    please_wait="காத்திருங்கள்",
    next="அடுத்து",
    priority="முதலில்",
    sit="அமருங்கள். உங்கள் எண்ணை அழைப்போம்.",
    no_news="இணைப்பு இல்லை. எண்ணை ஊழியர் அழைப்பார்.",
    room="அறை",
    scan="எண் பெற உங்கள் தொலைபேசியால் ஸ்கேன் செய்யுங்கள்",
    scan_lost="இணைப்பு இல்லை. வரவேற்பில் எண்ணைப் பெறுங்கள்.",
)
HALL_LANGUAGES: tuple[Words, ...] = (ENGLISH, HINDI, TAMIL)
"""In the order of the hall."""

HALL_CODES = tuple(words["code"] for words in HALL_LANGUAGES)

_OF_STATUS = {
    "calling": "please_come_in",
    "with_doctor": "with_doctor",
    "at_counter": "at_counter",
    "paused": "short_break",
    "offline": "not_here",
    "idle": "please_wait",
}
"""Which phrase says what happens in a room."""

_SYMBOLS: dict[str, dict[str, str]] = {
    "boat": {"en": "Boat", "hi": "नाव", "ta": "படகு"},
    "mango": {"en": "Mango", "hi": "आम", "ta": "மாம்பழம்"},
    "fish": {"en": "Fish", "hi": "मछली", "ta": "மீன்"},
    "pot": {"en": "Pot", "hi": "घड़ा", "ta": "பானை"},
    "bell": {"en": "Bell", "hi": "घंटी", "ta": "மணி"},
    "drum": {"en": "Drum", "hi": "ढोल", "ta": "மேளம்"},
}


def symbol_names(symbol: str, first: str = "") -> dict[str, str]:
    """What a room's picture is called in each language of the hall, `first` before the others; nothing for a room
    without one."""
    names = _SYMBOLS.get(symbol, {})
    return {first: names[first]} | names if first in names else names


def said_of(status: str) -> dict[str, str]:
    """What happens in a room, in each language of the hall."""
    return {words["code"]: words[_OF_STATUS[status]] for words in HALL_LANGUAGES}  # type: ignore[literal-required]


def said_back(clock: str) -> dict[str, str]:
    """When somebody is back, in each language of the hall; nothing where nobody knows."""
    return {words["code"]: words["back_at"].format(time=clock) for words in HALL_LANGUAGES if clock}
