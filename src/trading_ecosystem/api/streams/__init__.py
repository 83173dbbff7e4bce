"""Streams: what was committed, pushed to whoever subscribed. ``docs/streams.md`` is what a client needs to know.

``hub.py`` is told of committed entries and hands each subscriber what it may hear; ``web_socket.py`` speaks to a client over a
WebSocket. gRPC uses the same hub.
"""
