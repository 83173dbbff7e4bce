"""Audit: a pure fold over the journal that says what was true, what was noticed, and proves what it read.

It promises that everything it finds is recomputed from its own reading of the record: when each alert condition held on
what the monitor was sent, which alerts were right, which faults were noticed and how fast, why the one followed from
the other, what became of every order, and that nothing was made or lost. The same record gives the same report.

It has no wiring: it hears every journal entry through ``Audit.ingest``, with its envelope and its exact bytes, and says
nothing. ``correlator`` shows what it folds and where; ``merkle`` can be used alone.
"""
