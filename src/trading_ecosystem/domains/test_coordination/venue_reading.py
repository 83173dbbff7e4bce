"""How the rules of a venue are read: self trades, rate limit, fees, what its instruments' orders may be, calendar, faucet."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.test_coordination.calendar_reading import read_calendar, read_settlement
from trading_ecosystem.domains.test_coordination.document import Fields, Node, fields_of, items_of, one_of, shown
from trading_ecosystem.domains.test_coordination.market_rules_reading import read_market
from trading_ecosystem.domains.test_coordination.quantities import (
    amount,
    amounts_of,
    boolean,
    by_asset,
    duration,
    enumerated,
    named,
    ratio,
    rhythm,
    whole_number,
)
from trading_ecosystem.domains.test_coordination.venue_section import (
    FaucetSection,
    FeePayment,
    FeesSection,
    FeeTierSection,
    MarketSection,
    RateLimitSection,
    VenueRules,
)
from trading_ecosystem.messages.orders import SelfTradePrevention
from trading_ecosystem.messages.units import (
    ASSETS,
    DAY,
    HOUR,
    INSTRUMENTS,
    MICROSECOND,
    PARTS_PER_MILLION,
    Nanos,
    PartsPerMillion,
)
from trading_ecosystem.ports.errors import BadInput

RULES: Final = (
    "self_trade_prevention",
    "rate_limit",
    "fees",
    "stop_collar",
    "markets",
    "calendar",
    "faucet",
    "kyc_required",
    "settlement",
)
"""The fields of a venue that are read here."""
_LARGEST_BURST: Final = 1_000_000
_HEAVIEST: Final = 1_000
_MOST_TIERS: Final = 20
_LONGEST_FAUCET: Final[Nanos] = 31 * DAY
_DEAREST: Final[PartsPerMillion] = 1_000_000 * PARTS_PER_MILLION


def read_rules(fields: Fields, maker_ppm: PartsPerMillion, taker_ppm: PartsPerMillion, symbols: tuple[str, ...]) -> VenueRules:
    """The rules among the fields of a venue, which lists ``symbols`` and charges these two rates from the start."""
    self_trade, limit, fees = fields.get("self_trade_prevention"), fields.get("rate_limit"), fields.get("fees")
    collar, markets = fields.get("stop_collar"), fields.get("markets")
    calendar, faucet, kyc_required = fields.get("calendar"), fields.get("faucet"), fields.get("kyc_required")
    settlement = fields.get("settlement")
    if settlement is not None and "settlement_cycle" in fields:
        problem = "'settlement_cycle' is not for a venue that settles by business days; expected 'settlement' alone"
        raise BadInput(fields.place_of("settlement_cycle"), problem)
    return VenueRules(
        self_trade=enumerated(self_trade, "self_trade_prevention", SelfTradePrevention)
        if self_trade
        else SelfTradePrevention.NONE,
        rate_limit=_read_rate_limit(limit) if limit else None,
        fees=_read_fees(fees, maker_ppm, taker_ppm, symbols) if fees else FeesSection(),
        stop_collar_ppm=ratio(collar, "stop_collar", 1, PARTS_PER_MILLION) if collar else None,
        markets=_read_markets(markets, symbols) if markets else {},
        calendar=read_calendar(calendar) if calendar else None,
        faucet=_read_faucet(faucet) if faucet else None,
        kyc_required=boolean(kyc_required, "kyc_required") if kyc_required else False,
        settlement=read_settlement(settlement) if settlement else None,
    )


def _read_rate_limit(node: Node) -> RateLimitSection:
    fields = Fields(node, "rate_limit", ("burst", "refill", "place_weight", "replace_weight", "cancel_weight"))
    burst = whole_number(fields.need("burst"), "burst", 1, _LARGEST_BURST)
    refill_ns = duration(fields.need("refill"), "refill", MICROSECOND, HOUR)

    def weight(name: str, usual: int) -> int:
        given = fields.get(name)
        if given is None:
            return usual
        found = whole_number(given, name, 0, _HEAVIEST)
        if found > burst:
            problem = f"{name} cannot be {found}, more than the bucket holds; expected at most the burst of {burst}"
            raise BadInput(given.place, problem)
        return found

    return RateLimitSection(
        burst, refill_ns, weight("place_weight", 1), weight("replace_weight", 1), weight("cancel_weight", 0)
    )


def _read_fees(node: Node, maker_ppm: PartsPerMillion, taker_ppm: PartsPerMillion, symbols: tuple[str, ...]) -> FeesSection:
    fields = Fields(node, "fees", ("tiers", "paid_in", "asset", "conversion"))
    tiers_node, payment_node, asset, conversion = (fields.get(name) for name in ("tiers", "paid_in", "asset", "conversion"))
    tiers = _read_tiers(tiers_node, maker_ppm, taker_ppm) if tiers_node else ()
    payment = enumerated(payment_node, "paid_in", FeePayment) if payment_node else FeePayment.QUOTE
    if payment is not FeePayment.THIRD:
        for name in ("asset", "conversion"):
            if name in fields:
                problem = f"'{name}' is for fees in a third asset; expected paid_in: third, or no '{name}'"
                raise BadInput(fields.place_of(name), problem)
        return FeesSection(tiers, payment)
    if asset is None or conversion is None:
        missing = "asset" if asset is None else "conversion"
        raise BadInput(fields.place_of("paid_in"), f"fees in a third asset have no '{missing}'; expected this field")
    third = named(asset, "fee asset", ASSETS)
    quotes = tuple(dict.fromkeys(INSTRUMENTS[symbol].quote for symbol in symbols if not INSTRUMENTS[symbol].is_perpetual))
    rates = {
        quote: ratio(value, f"the conversion of {quote}", 1, _DEAREST)
        for quote, value in by_asset(conversion, "conversion", quotes)
    }
    if not rates:
        raise BadInput(conversion.place, f"conversion cannot be empty; {one_of(quotes)}")
    return FeesSection(tiers, payment, third, rates)


def _read_tiers(node: Node, maker_ppm: PartsPerMillion, taker_ppm: PartsPerMillion) -> tuple[FeeTierSection, ...]:
    items = items_of(node, "tiers")
    if not 1 <= len(items) <= _MOST_TIERS:
        raise BadInput(node.place, f"there are {len(items)} tiers; expected 1 to {_MOST_TIERS}")
    tiers: list[FeeTierSection] = []
    for item in items:
        fields = Fields(item, "a fee tier", ("from_volume", "maker_fee", "taker_fee"))
        below = tiers[-1] if tiers else FeeTierSection(0, maker_ppm, taker_ppm)
        volume_node = fields.need("from_volume")
        volume = amount(volume_node, "from_volume")
        if volume <= below.from_volume_minor:
            raise BadInput(volume_node.place, "from_volume does not rise; expected more than that of the tier before")
        # What is held at the first tier's rates has to cover any fill, so that no tier may be dearer than the one below it.
        maker = ratio(fields.need("maker_fee"), "maker_fee", 0, below.maker_ppm)
        taker = ratio(fields.need("taker_fee"), "taker_fee", 0, below.taker_ppm)
        tiers.append(FeeTierSection(volume, maker, taker))
    return tuple(tiers)


def _read_markets(node: Node, symbols: tuple[str, ...]) -> dict[str, MarketSection]:
    markets: dict[str, MarketSection] = {}
    for field in fields_of(node, "markets"):
        if field.key not in symbols:
            raise BadInput(field.place, f"unknown instrument {shown(field.key)} in markets; {one_of(symbols)}")
        markets[field.key] = read_market(field.value, INSTRUMENTS[field.key])
    return markets


def _read_faucet(node: Node) -> FaucetSection:
    fields = Fields(node, "faucet", ("amounts", "every"))
    given = fields.need("amounts")
    amounts = amounts_of(given, "faucet", ASSETS)
    if not amounts:
        raise BadInput(given.place, f"the amounts of the faucet cannot be empty; {one_of(ASSETS)}")
    return FaucetSection(amounts, rhythm(fields, "every", DAY, longest=_LONGEST_FAUCET))
