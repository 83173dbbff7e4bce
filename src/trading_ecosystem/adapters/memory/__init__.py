"""In-process implementations of the ports: the defaults that need nothing."""
