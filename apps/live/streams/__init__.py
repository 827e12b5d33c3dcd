"""The streams that somebody follows in this process: who is on them, and what all of those are told.

An `EventStream` sends each event of a numbered stream, an `Image` the whole of a view whenever a numbered stream
below it moved. Whatever is told is made once and put to every socket. All of this runs on the one event loop, so
that between two `await`s nothing changes: a socket is put on a stream in the very step in which it has all that
the stream has told, and so misses nothing and gets nothing twice.
"""

from apps.live.streams.events import EventStream
from apps.live.streams.images import Image
from apps.live.streams.stream import Stream

__all__ = ["EventStream", "Image", "Stream"]
