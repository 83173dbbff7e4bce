"""How fast the books and the background market are on this machine, beside other engines where they are installed.

Everybody plays the same flow (:mod:`.order_flow`), in interleaved rounds; fills are compared by hash. Nothing is typed in by
hand: every figure of the table was measured by the command that printed it.
"""
