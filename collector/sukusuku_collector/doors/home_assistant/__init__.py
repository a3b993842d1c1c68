"""Home Assistant, by MQTT discovery: its entities read the JSON mirror."""
