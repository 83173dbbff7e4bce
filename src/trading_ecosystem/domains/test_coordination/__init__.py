"""Test coordination: scenarios, the faults they inject, and the verdict on what was expected of them.

**Promises.** A scenario is read once, at the edge, into typed integers; every mistake in it is one line with its place. The
fault schedule is generated first, from random streams of its own, and then only obeyed, so that a clean twin of a run says
the same until the first onset. During a run the coordinator hears production and control messages only; the verdict is a
pure function of expectations and of what audit found, computed outside the kernel after the last entry.

**Hears** ``RunStarted`` (it arms the schedule), ``ConditionTookEffect`` and ``ConditionEnded`` (the truth about a fault),
``AlertRaised`` and ``AlertResolved`` (steady state); live also ``InjectFault`` and ``ClearFault``.

**Says** ``FaultInjected`` with the typed condition that the fault becomes (``PriceConditionSet``, ``FeedConditionSet``,
``CustodianConditionSet``, ``VenueConditionSet``, ``LinkConditionSet``), ``GroundTruthLabelled`` and ``GroundTruthClosed``, and
``RunEnded`` last; of faults that somebody asks for also ``FaultPlanned``, ``FaultRefused``, and ``FaultCleared`` with
``ConditionCleared``. It answers ``FaultsQuestion``.
"""
