"""Concrete things behind the ports: files, stores, caches and readers of the outside world."""
