"""Simulated nappy units and rooms that speak real Modbus TCP and MQTT."""
