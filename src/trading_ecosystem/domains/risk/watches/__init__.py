"""Watches beyond prices, settlements and limits: each a part of the monitor that knows the alerts of one subject.

They are defined in ``messages/alert_conditions.py``; :mod:`~trading_ecosystem.domains.risk.parts` lists them.
"""
