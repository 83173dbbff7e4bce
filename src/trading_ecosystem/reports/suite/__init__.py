"""What a suite of scenarios shows: how well each kind of fault is detected, as text, page, JSON and JUnit."""
