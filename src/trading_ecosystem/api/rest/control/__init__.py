"""The control face: faults, scenarios, components, the clock, keys, metrics. No production key reaches it."""
