"""The REST faces: ``production`` under ``/api/v1``, ``control`` under ``/control/v1``, ``audit`` under ``/audit/v1``."""
