"""What an instrument may trade at and when: ticks, lots, sizes, calendar and trading day."""
