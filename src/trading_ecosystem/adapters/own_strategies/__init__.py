"""Strategies of one's own: code beside a scenario, or in an installed package, that a scenario names.

:mod:`.section` reads the ``strategies`` of a scenario and puts the code itself into it, so that a record of a run needs no
other file; :mod:`.loading` makes kinds of strategies of that code; :mod:`.steps` has its loops and calls counted.
"""
