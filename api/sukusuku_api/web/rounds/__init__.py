"""The page of a round: behind the links of its mails, for accounts, and kept on the phones of the crew."""
