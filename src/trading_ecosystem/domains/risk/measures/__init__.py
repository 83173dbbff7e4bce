"""Risk measures as plain functions: value at risk, expected shortfall, their backtests, stress tests and hedges.

Nothing here knows the monitor: numbers go in, numbers come out, so that a notebook may use them as the monitor does::

    from trading_ecosystem.domains.risk.measures.value_at_risk import historical_interpolated

    measured = historical_interpolated(returns, confidence_ppm=950_000)
    print(measured.convention, measured.value_at_risk, measured.expected_shortfall)

**Conventions.** Libraries disagree on what a value at risk is, so each function names its own and says it in its result. A
return is a fraction (0.01 is 1 %); a loss is a return with its sign turned; both measures are losses, so that a
positive number is bad. A confidence is parts per million: 950,000 is 95 %. What cannot be measured (too few returns, one that
is no finite number, a confidence outside 50 % to 100 %) raises ``ValueError`` in one line: no number is made up.
"""
