"""A value that is never shown: not in errors, not in the log, not in a debugger's list of settings."""


class Secret:
    """A token, a key, or an address that holds one. Write it as `env:NAME` and keep it out of this file."""

    __slots__ = ("_value",)

    def __init__(self, text: str) -> None:
        if not text.strip():
            raise ValueError("empty; expected the secret itself, or env:NAME")
        self._value = text.strip()

    def reveal(self) -> str:
        """Return the value, for whoever sends it to the one place where it belongs."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)
