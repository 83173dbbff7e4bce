"""One module per proto file of services: what each call does, in words of the gateway."""
