import socket


def test_the_broker_accepts_connections(broker: int) -> None:
    with socket.create_connection(("127.0.0.1", broker), timeout=5) as connection:
        connection.sendall(bytes.fromhex("100c00044d5154540402003c0000"))

        assert connection.recv(4) == bytes.fromhex("20020000")
