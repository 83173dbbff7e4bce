"""What a key needs for each call, so that one without it is refused before anything of its request is read.

The gateway decides again, from the command, question or history that a call becomes; a test holds the two alike.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.api.caller import Scope

PACKAGE: Final = "trading_ecosystem.v1.services"
_OF_FACE: Final = {
    "ScenarioService": Scope.CONTROL,
    "ChaosService": Scope.CONTROL,
    "CorrelationService": Scope.AUDIT,
    "AnalyticsService": Scope.AUDIT,
}
"""Services of which every call needs the scope of its face."""
_OF_COMMAND: Final = {
    "TradingService/PlaceOrder": Scope.TRADE,
    "TradingService/PlaceOrderList": Scope.TRADE,
    "TradingService/CancelOrder": Scope.TRADE,
    "TradingService/ReplaceOrder": Scope.TRADE,
    "TradingService/MassCancel": Scope.TRADE,
    "AccountService/OpenAccount": Scope.TRADE,
    "CustodyService/OpenCustodyAccount": Scope.CUSTODY,
    "CustodyService/PledgeAssets": Scope.CUSTODY,
    "CustodyService/ReleaseAssets": Scope.CUSTODY,
    "TransferService/DepositAssets": Scope.CUSTODY,
    "TransferService/WithdrawAssets": Scope.CUSTODY,
    "StrategyService/StartStrategy": Scope.TRADE,
    "StrategyService/StopStrategy": Scope.TRADE,
    "StrategyService/ChangeStrategyParameters": Scope.TRADE,
    "RiskMonitorService/AcknowledgeAlert": Scope.RISK,
    "RiskMonitorService/SilenceAlert": Scope.RISK,
    "RiskMonitorService/EscalateAlert": Scope.RISK,
    "RiskLimitService/ChangeLimit": Scope.RISK,
    "TradingStateService/SetTradingState": Scope.RISK,
    "TradingStateService/PullKillSwitch": Scope.RISK,
}
"""Calls that change something."""


def scope_of(method: str) -> Scope | None:
    """What a key needs for a method (``/package.Service/Call``); ``None`` for methods of others, such as reflection."""
    package, _, call = method.removeprefix("/").rpartition(".")
    if package != PACKAGE:
        return None
    return _OF_FACE.get(call.partition("/")[0]) or _OF_COMMAND.get(call, Scope.READ)
