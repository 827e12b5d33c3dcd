"""What live processes tell Prometheus of themselves."""

from prometheus_client import Counter, Gauge, Histogram

CONNECTIONS = Gauge("opd_websocket_connections", "Sockets that are open.", multiprocess_mode="livesum")
STREAMS = Gauge("opd_live_streams", "Streams that a process keeps ready.", multiprocess_mode="livemax")
UNSENT = Gauge(
    "opd_live_unsent_bytes",
    "What was put to sockets and not yet taken by their clients' machines.",
    multiprocess_mode="livesum",
)
DROPPED = Counter("opd_live_frames_dropped", "Frames not sent to sockets that read too slowly.")
SOURCE = Gauge(
    "opd_live_source_up",
    "Whether changes reach every process (1) or the screens of one are stale (0).",
    multiprocess_mode="livemin",
)
LAG = Histogram(
    "opd_live_lag_seconds",
    "From a command's moment to its frames being handed to the sockets.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15),
)
SOURCE.set(1)  # until a process has screens, none of its screens is stale
