"""``python -m trading_ecosystem``: the same as the command ``trading-ecosystem``."""

from trading_ecosystem.cli import main

if __name__ == "__main__":
    main()
