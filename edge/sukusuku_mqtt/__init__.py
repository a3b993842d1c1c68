"""MQTT for every process of Sukusuku; the only package that knows paho."""

from sukusuku_mqtt.client import Message, MqttSession, MqttSettings, Will

__all__ = ["Message", "MqttSession", "MqttSettings", "Will"]
