"""What a run shows to people: the result as tables, and one HTML page."""
