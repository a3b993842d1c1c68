"""Errors that say what the caller should do."""


class SukusukuError(Exception):
    """Base of every error this project raises on purpose."""


class ConfigError(SukusukuError):
    """A settings file is wrong. The message names file, key path, what was found and what is allowed.

    Command lines print it as it is and exit with status 2.
    """


class DecodeError(SukusukuError):
    """A message from outside cannot be read. Quarantine it, count it, go on.

    `reason` is a short stable word for counting; the message explains.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class TransientError(SukusukuError):
    """A transport failed in a way that may pass: try again later."""


class PermanentError(SukusukuError):
    """A transport refused for good: trying again with the same input is useless."""
