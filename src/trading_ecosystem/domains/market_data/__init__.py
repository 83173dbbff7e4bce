"""Market data: the fundamental prices of the ecosystem, and the vendor feed derived from them.

Promises
    One seeded path per asset against USD; every cross is derived from those, so there is no free triangle beyond the rounding
    to minor units. Every tick says, per instrument, the fundamental price (heard by venues only) and the vendor feed's price.
    Price conditions displace the fundamental; the random path underneath is untouched by them, so a run without the condition
    says the same until its onset. Feed conditions break what is published and never touch the fundamental. Where the feed has
    sources of its own it publishes what they agree on; without, the fundamental. Candles are made of what was published, not
    of what was true.

Hears
    ``PriceConditionSet``, ``VolatilityConditionSet``, ``CorrelationConditionSet``, ``DivergenceConditionSet``,
    ``FeedConditionSet``, ``ConditionCleared`` (control, addressed to it); ``PriceRecorded`` (rows of a recorded market, in
    recorded mode); ``SourcePriceRecorded`` (rows of a recorded source); ``Resumed`` (a coarser tick while a live ecosystem
    catches up).

Says
    ``FundamentalPriceChanged`` (world); ``PricePublished``, ``ReferenceQuotePublished``, ``CandleClosed``, and with sources
    ``ConsensusReached``, ``SourceSwitched``, ``FeedHalted``, ``FeedResumed`` (production);
    ``ConditionTookEffect``, ``ConditionEnded`` (control).

Answers
    Latest prices, reference quotes, candles of any interval, the rolling day, volatility, correlations, gaps between
    instruments of one underlying, sessions, reference data, sources, and the conditions under way: ``answers.py``, from bounded
    memory.

Within one tick the order is: candles that end, delayed publications that are due, conditions that ended, and then per
instrument the fundamental price and the publication, each preceded by ``ConditionTookEffect`` where it is the first
that a condition changed.
"""
