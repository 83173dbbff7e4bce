"""Execution algorithms: a parent order is traded in small orders, by a schedule or along with the market.

:mod:`.parent` is what they share, :mod:`.schedules` the arithmetic of schedules, :mod:`.scheduled` the algorithms that
follow one (TWAP, VWAP, implementation shortfall), :mod:`.participation` goes along with the volume of others,
:mod:`.iceberg` shows a peak.
"""
