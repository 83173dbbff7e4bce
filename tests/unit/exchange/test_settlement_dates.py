from trading_ecosystem.domains.exchange.trades.settlement_dates import SettlementDate, settlement_of

DATES = (SettlementDate(100, 250), SettlementDate(200, 400))


def test_the_row_that_holds_when_the_trade_is_made():
    assert [settlement_of(DATES, 7, now) for now in (99, 100, 199, 200, 399)] == [106, 250, 250, 400, 400]


def test_without_rows_or_beyond_them_the_cycle_counts_from_the_trade():
    assert settlement_of((), 7, 50) == 57
    assert settlement_of(DATES, 7, 400) == 407
