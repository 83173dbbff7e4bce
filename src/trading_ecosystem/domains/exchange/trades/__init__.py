"""What a match does: fees, claims of both sides, trades undone or corrected."""
