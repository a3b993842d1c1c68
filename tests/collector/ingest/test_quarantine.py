"""What of a message goes to the quarantine."""

from sukusuku_collector.ingest.quarantine import quarantined
from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_core.sparkplug import Metric, Payload
from sukusuku_mqtt import Message

NOW = 1_790_000_000_000


def test_names_and_numbers_stay_and_texts_and_private_values_do_not() -> None:
    metrics = (
        Metric("Occupancy/Children", 5, NOW, DataType.INT64),
        Metric("Weather", 21.5, NOW),
        Metric("Remark", "Hanako", NOW, DataType.STRING),
        Metric("Phones/MAC", 0xA47C01020304, NOW),
    )
    payload = sparkplug.encode(Payload(NOW, metrics, 7)) + b"\x2a\x05\xff\xd8\xff\xe0x"  # and a body that is not read

    found = quarantined(Message("spBv1.0/g/DDATA/n/room", payload), "unknown-metric", "why", NOW)

    kept = sparkplug.parse(found.payload)
    assert [(item.name, item.WhichOneof("value")) for item in kept.metrics] == [
        ("Occupancy/Children", "long_value"),
        ("Weather", "double_value"),
        ("Remark", None),
        ("Phones/MAC", None),
    ]
    assert (kept.metrics[0].long_value, kept.metrics[1].double_value, kept.seq) == (5, 21.5, 7)
    assert b"Hanako" not in found.payload
    assert b"\xff\xd8" not in found.payload


def test_nothing_is_kept_of_what_is_no_sparkplug_message() -> None:
    nameless = sparkplug.PayloadMessage()
    nameless.metrics.add(long_value=5)
    for payload in (b'{"snapshot": "aGVsbG8="}', b"\xff\xd8\xff\xe0JFIF", bytes(300_000), nameless.SerializeToString()):
        assert quarantined(Message("t", payload), "protobuf", "why", NOW).payload == b""
