"""Conditions under which a venue misbehaves. Each is data that was set, and nothing here asks why."""
