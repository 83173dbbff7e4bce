"""Readers of recorded markets: files in, validated rows of (instant, instrument, price) out.

:func:`read_recording` is the one entry. Everything wrong with a file is one
:class:`trading_ecosystem.ports.errors.BadInput` that names file, line and column and says what was expected, raised
before anything is returned.
"""

from trading_ecosystem.adapters.recordings.reading import detect_format, read_recording
from trading_ecosystem.adapters.recordings.recorded_price import RecordedPrice

__all__ = ["RecordedPrice", "detect_format", "read_recording"]
