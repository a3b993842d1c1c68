"""MQTT for every process of Sukusuku; the only package that knows paho."""

from sukusuku_core.broker_settings import MqttSettings
from sukusuku_mqtt.client import MqttSession
from sukusuku_mqtt.messages import Message, Will

__all__ = ["Message", "MqttSession", "MqttSettings", "Will"]
