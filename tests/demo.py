"""The demo hospital for tests that need one to themselves."""

from dataclasses import replace

from opd.demo.hospital import DEMO
from opd.demo.shapes import NewHours

NEAR = replace(DEMO, hours=NewHours(days=21))
"""With slots for three weeks. Those of the sixty days of the real one are most of what loading it costs."""
