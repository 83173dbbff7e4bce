"""The gRPC door: services of ``protos/trading_ecosystem/v1/services`` over the gateway. It needs the extra ``grpc``.

``stubs`` is generated from the protos. Integers go through as they are said; scales are in the instruments' records.
"""
