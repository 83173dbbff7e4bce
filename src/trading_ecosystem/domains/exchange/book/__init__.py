"""One instrument's price-time ladder: the specification, its compiled twin, the batch door, and the choice between them."""
