"""The kernel, its links and its two drivers (simulation and live), the recorder, snapshots and replay."""
