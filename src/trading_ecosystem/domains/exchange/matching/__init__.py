"""Everything rare about orders on either book: triggers, pegs, lists, auctions, phases, bands and expiry."""
