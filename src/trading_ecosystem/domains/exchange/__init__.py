"""A venue: accounts with claims, an order book per instrument, fees, background flow, and what is published of them.

Promises: price-time priority; claims that are never negative and are held before an order rests; each order answered once,
the same name the same answer; conservation, every minor unit a buyer pays being received by the seller or the fee account;
at most one quote, depth and trade summary per instrument and publication; a background flow whose course does not depend on
when it is looked at. Of perpetuals: positions and variation that add up to zero, margin that is held before an order rests, and
nobody below the maintenance margin who is not being liquidated.

Hears: its accounts' commands (``OpenAccount``, ``PlaceOrder``, ``CancelOrder``, ``ReleaseAssets``), ``AssetsPledged`` from
the custodian, ``FundamentalPriceChanged`` from the market, ``MarkContributed`` from the other venues, ``Resumed``,
``VenueConditionSet`` and ``ConditionCleared``, which make it misbehave: :mod:`.conditions.conditioned_venue`.

Says: ``InstrumentListed``, ``AccountOpened``; to one account what concerns its own orders and claims; to the public
``QuoteChanged``, ``DepthChanged``, ``TradesPublished``; to the custodian ``TradeMatched``, ``ClaimReleased``,
``ClaimsReported``, ``VariationInstructed``; of perpetuals ``MarkPriceChanged`` to the public, positions, variation, margin and
liquidation to the account; ``ConditionTookEffect`` and ``ConditionEnded``. :mod:`.margin.perpetuals` is the way into these.
"""
