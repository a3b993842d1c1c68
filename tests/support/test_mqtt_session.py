"""The MQTT adapter: what goes wrong is an error that says what."""

import asyncio
from pathlib import Path

import pytest

from sukusuku_core.errors import TransientError
from sukusuku_mqtt import MqttSession, MqttSettings


@pytest.mark.parametrize("content", [None, "half a certifi"])
def test_a_missing_or_broken_certificate_is_named(tmp_path: Path, broker: int, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content, encoding="utf-8")

    async def connect() -> None:
        async with MqttSession(MqttSettings("127.0.0.1", broker, "one", ca_file=file)):
            pytest.fail("connected without a certificate")

    with pytest.raises(TransientError, match=str(file)):
        asyncio.run(connect())
