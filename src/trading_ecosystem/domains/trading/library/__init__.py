"""Strategies of the literature, each in a module that names its source and says what was left out of it.

Market making: :mod:`.avellaneda_stoikov`, :mod:`.inventory_skew`, :mod:`.grid`. Relative value: :mod:`.mean_reversion`,
:mod:`.pairs`, :mod:`.triangular`, :mod:`.carry`. Execution of a parent order: :mod:`.execution`. What quotes share stands
in :mod:`.ladder`, and every formula is a plain function beside the strategy that follows it.
"""
