-- The quality that a moved reading has at its own time, should it turn out that the collector's clock was wrong.
-- NULL: its place follows from its age, or an older version moved it.
ALTER TABLE moved ADD COLUMN quality INTEGER;
