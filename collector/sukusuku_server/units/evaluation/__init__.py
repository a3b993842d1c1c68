"""How well the derivation does on a plain history of levels, with labels of when the bag was changed."""
