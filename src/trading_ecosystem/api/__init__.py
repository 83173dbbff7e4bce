"""The doors: what people and programs outside reach the ecosystem through.

``gateway.py`` is the one door in: REST, streams and gRPC all go through it, and whether a caller may do something is decided
there. ``caller.py`` says who may what, ``keys.py`` and ``signing.py`` how a request proves who sends it, ``problems.py`` how a
"no" looks, ``decimals.py`` how integers are written for people.
"""
