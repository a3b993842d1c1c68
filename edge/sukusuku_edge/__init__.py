"""The edge agent of a centre: sources, binding, outbox, uplink."""
