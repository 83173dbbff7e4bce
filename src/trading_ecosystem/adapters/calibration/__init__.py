"""Calibration: the background flow's parameters from an event tape. What is fitted contains no rows of the recording."""
