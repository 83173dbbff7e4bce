"""Seven bounded contexts. None imports another; they share the published language in ``messages``."""
