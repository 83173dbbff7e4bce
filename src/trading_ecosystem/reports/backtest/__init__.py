"""What a backtest has come to: measures of returns, trades and executions, the damage of faults, and the tearsheet."""
