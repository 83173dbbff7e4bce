"""Which of several faults an alert belongs to, and how sure that is, on records made by hand."""

import pytest
from tests.unit.audit.small_record import SmallRecord, minutes

from trading_ecosystem.messages.audit import AlertVerdict, LinkBasis
from trading_ecosystem.messages.exchange import QuoteChanged
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.test_coordination import FaultKind

BTC, ALPHA, BETA = "BTC/USD", "exchange-alpha", "exchange-beta"


def wide(record, after, venue):
    record.say(after, venue, QuoteChanged(venue, BTC, 1, 100_000, 1, 105_000, 1))
    record.alert(after, len(record.entries), AlertKind.SPREAD_WIDE, f"{venue}:{BTC}")


def begin(record, after, name, kind, alert, *subjects, component):
    record.inject(after, name, kind, component, *subjects)
    record.label(after, name, kind, alert, *subjects, component=component)


def found(record):
    return [(one.verdict, one.fault_id, one.basis, one.confidence_ppm) for one in record.report().alerts]


def test_a_single_fault_is_certain():
    record = SmallRecord()
    begin(record, 0, "wide", FaultKind.VENUE_SPREAD, AlertKind.SPREAD_WIDE, f"{ALPHA}:{BTC}", component=ALPHA)
    wide(record, 10, ALPHA)
    assert found(record) == [(AlertVerdict.ATTRIBUTED, "wide", LinkBasis.LABEL, 1_000_000)]


@pytest.mark.parametrize("order", [("alpha", "beta"), ("beta", "alpha")])
def test_of_two_venues_the_one_whose_book_it_is_not_the_nearest(order):
    """The nearest onset alone would name the later fault, whichever venue it is at."""
    record = SmallRecord()
    for after, name in enumerate(order):
        venue = f"exchange-{name}"
        begin(record, after * 60, name, FaultKind.VENUE_SPREAD, AlertKind.SPREAD_WIDE, f"{venue}:{BTC}", component=venue)
    wide(record, 70, ALPHA)
    wide(record, 80, BETA)
    assert [one[1:] for one in found(record)] == [
        ("alpha", LinkBasis.LABEL, 1_000_000),
        ("beta", LinkBasis.LABEL, 1_000_000),
    ]


def test_a_fault_of_custody_is_never_behind_a_wide_book():
    record = SmallRecord()
    begin(record, 0, "unsettled", FaultKind.SETTLEMENT_REJECT, AlertKind.SETTLEMENT_OVERDUE, ALPHA, component="custodian")
    wide(record, 10, ALPHA)
    assert found(record) == [(AlertVerdict.UNATTRIBUTED, None, None, 0)]


def test_of_two_that_fit_alike_the_later_is_likelier_by_half_a_quarter_of_an_hour_apart():
    record = SmallRecord()
    for after, name in ((0, "first"), (minutes(15), "second")):
        begin(record, after, name, FaultKind.VENUE_SPREAD, AlertKind.SPREAD_WIDE, f"{ALPHA}:{BTC}", component=ALPHA)
    wide(record, minutes(15), ALPHA)
    # Weights of 4 and 8: two thirds.
    assert found(record) == [(AlertVerdict.ATTRIBUTED, "second", LinkBasis.LABEL, 666_667)]


def test_what_a_label_expects_outweighs_what_only_touches_however_late():
    record = SmallRecord()
    begin(record, 0, "wide", FaultKind.VENUE_SPREAD, AlertKind.SPREAD_WIDE, f"{ALPHA}:{BTC}", component=ALPHA)
    begin(record, 600, "shock", FaultKind.PRICE_SHOCK, AlertKind.PRICE_SHOCK, BTC, component="market-data")
    wide(record, 600, ALPHA)
    ((verdict, fault, basis, confidence),) = found(record)
    assert (verdict, fault, basis) == (AlertVerdict.ATTRIBUTED, "wide", LinkBasis.LABEL)
    # 8 * 2^(-10/15) against 1.
    assert confidence == round(8 * 2 ** (-2 / 3) / (8 * 2 ** (-2 / 3) + 1) * 1_000_000)


def test_a_condition_that_began_before_the_onset_is_of_no_fault():
    record = SmallRecord()
    record.say(0, ALPHA, QuoteChanged(ALPHA, BTC, 1, 100_000, 1, 105_000, 1))
    begin(record, 10, "outage", FaultKind.VENUE_OUTAGE, AlertKind.VENUE_DOWN, ALPHA, component=ALPHA)
    record.alert(20, 1, AlertKind.SPREAD_WIDE, f"{ALPHA}:{BTC}")
    assert found(record) == [(AlertVerdict.UNATTRIBUTED, None, None, 0)]


def test_a_fault_works_a_minute_longer_and_as_long_as_the_measure_remembers():
    def after_the_end(seconds_later, kind):
        record = SmallRecord()
        begin(record, 0, "gone", FaultKind.VENUE_OUTAGE, AlertKind.VENUE_DOWN, ALPHA, component=ALPHA)
        record.close(100, "gone")
        if kind is AlertKind.SPREAD_WIDE:
            wide(record, 100 + seconds_later, ALPHA)
        else:
            at = 100 + seconds_later
            record.fill(at, 1, 900)
            record.fill(at, 1, 900)
            record.alert(at, 1, kind, ALPHA)
        return found(record)[0][0]

    assert after_the_end(60, AlertKind.SPREAD_WIDE) is AlertVerdict.ATTRIBUTED
    assert after_the_end(60.000000001, AlertKind.SPREAD_WIDE) is AlertVerdict.UNATTRIBUTED
    assert after_the_end(minutes(15), AlertKind.DUPLICATE_EXECUTION) is AlertVerdict.ATTRIBUTED
    assert after_the_end(minutes(15) + 0.000000001, AlertKind.DUPLICATE_EXECUTION) is AlertVerdict.UNATTRIBUTED
