"""What a scenario may say beside plain values: variables with types and bounds, phases, and what must hold of a run.

Variables and phases are gone once they are read: what follows sees a document of plain values and times from the start.
"""
