"""Abstract ports: what domains and the runtime need from each other and from the world, and nothing more."""
