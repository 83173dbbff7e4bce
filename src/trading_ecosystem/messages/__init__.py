"""The published language: every message that crosses a boundary between two bounded contexts.

``units`` says what the integers mean, ``base`` what every message has, ``envelope`` how an entry of the record looks,
and one module per domain holds that domain's messages.  ``protos/`` says the same things field by field, and a test
holds the two equal.
"""
