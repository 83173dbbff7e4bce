"""A venue whose market is a recording: what was recorded happens as it did, and the orders of named accounts stand beside it.

Nothing that is sent here moves the recorded market: that is the assumption of every backtest, and it fails for orders that are
large beside what was displayed. What an order gets is bounded by what the recording shows:

- one that crosses trades with the displayed levels, nearest first, and what it took is gone until the recording shows another
  size at that price;
- one that rests waits behind the displayed size of its price (:mod:`.queue_position`), and trades with what the recorded
  trades leave over once that is gone, or with what is displayed across from it once the market has moved through it.

``component.py`` is the venue, ``displayed.py`` the recorded book, ``resting.py`` the orders beside it, ``happenings.py`` what a
recording consists of.
"""
