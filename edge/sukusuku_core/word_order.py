"""The orders in which devices send the bytes of a value over Modbus. Pure."""

from enum import StrEnum


class WordOrder(StrEnum):
    """In which order the bytes of a value come over the wire, as in the tables of meter makers.

    `a` is the highest byte. Four letters speak of 32 bits and hold for other lengths too: `badc` swaps the bytes of
    each register, also in texts and in 16 bits; `cdab` sends the registers of a value in reverse order; `dcba` does
    both. Eight letters are for 64-bit values whose halves have an order of their own; shorter values keep the order of
    those letters that they have.
    """

    HIGH_FIRST = "high_first"
    """As `abcd`."""
    LOW_FIRST = "low_first"
    """As `cdab`."""
    ABCD = "abcd"
    BADC = "badc"
    CDAB = "cdab"
    DCBA = "dcba"
    ABCDEFGH = "abcdefgh"
    BADCFEHG = "badcfehg"
    CDABGHEF = "cdabghef"
    DCBAHGFE = "dcbahgfe"
    EFGHABCD = "efghabcd"
    FEHGBADC = "fehgbadc"
    GHEFCDAB = "ghefcdab"
    HGFEDCBA = "hgfedcba"

    def places(self, size: int) -> tuple[int, ...]:
        """Return which byte of a value of so many bytes (0 is the highest) comes at each place on the wire."""
        letters = _LETTERS.get(self, self.value)
        return tuple(place for letter in letters if (place := ord(letter) - ord("a")) < size)


_LETTERS = {
    WordOrder.HIGH_FIRST: "abcdefgh", WordOrder.LOW_FIRST: "ghefcdab", WordOrder.ABCD: "abcdefgh",
    WordOrder.BADC: "badcfehg", WordOrder.CDAB: "ghefcdab", WordOrder.DCBA: "hgfedcba",
}  # fmt: skip
"""The orders that are not written with eight letters."""
