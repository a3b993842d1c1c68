"""The page on which people, partners, displays and keys are managed, and the audit log."""
