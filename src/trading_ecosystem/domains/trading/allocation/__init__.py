"""From opinions to targets: how much of a portfolio's capital each instrument is to have.

``covariance.py`` estimates how returns move together, ``weights.py`` has the published rules that divide capital,
``quadratic.py`` the small convex problem behind two of them, ``targets.py`` turns insights into signed shares.

Weights and returns are real numbers and decide only how many lots are wanted; what is said and kept is integers. Sums are
added from left to right, with our own loops, so that every Python comes to the same lots.
"""
