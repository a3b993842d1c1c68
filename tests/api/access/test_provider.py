"""How an OpenID provider that does not answer is asked. What one answers is in test_single_sign_on."""

import socketserver
import threading

import pytest

from sukusuku_api.access.oidc.errors import ProviderAwayError
from sukusuku_api.access.oidc.flow import begin
from sukusuku_api.access.oidc.provider import Provider
from sukusuku_server.settings import Secret
from sukusuku_server.settings.oidc import Oidc

TIMEOUT_MS = 5_000


def test_whoever_has_waited_for_a_provider_that_is_away_does_not_ask_it_again() -> None:
    """Everybody waits for one look. If each asked again after it, the last would wait for all of them."""
    now = 0

    class Silent(socketserver.BaseRequestHandler):
        """It takes as long as we are ready to wait, and says nothing."""

        def handle(self) -> None:
            nonlocal now
            now += TIMEOUT_MS
            asked.append(now)

    asked: list[int] = []
    with socketserver.TCPServer(("127.0.0.1", 0), Silent) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        settings = Oidc(
            issuer=f"http://127.0.0.1:{server.server_address[1]}", client_id="sukusuku", client_secret=Secret("s3cret")
        )
        provider = Provider(settings, "http://sukusuku.example/back", lambda: now)
        for _ in range(3):
            with pytest.raises(ProviderAwayError):
                provider.address(begin("", "ja", now))
        assert asked == [TIMEOUT_MS]

        now += TIMEOUT_MS
        with pytest.raises(ProviderAwayError):
            provider.address(begin("", "ja", now))
        server.shutdown()
    assert len(asked) == 2
