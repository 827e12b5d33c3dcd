"""What a live process tells Prometheus of itself."""

from prometheus_client import Counter, Gauge, Histogram

CONNECTIONS = Gauge("opd_websocket_connections", "Sockets that are open in this process.")
STREAMS = Gauge("opd_live_streams", "Streams that this process keeps ready.")
DROPPED = Counter("opd_live_frames_dropped", "Frames not sent to sockets that read too slowly.")
SOURCE = Gauge("opd_live_source_up", "Whether changes reach this process (1) or its screens are stale (0).")
LAG = Histogram(
    "opd_live_lag_seconds",
    "From a command's moment to its frames being handed to the sockets.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15),
)
