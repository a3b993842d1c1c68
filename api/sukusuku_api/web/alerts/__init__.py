"""The page of alerts: who takes care, who was told, what comes next."""
