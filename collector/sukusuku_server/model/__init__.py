"""Records and enumerations of alerts, collection, rounds and series. They import the core only."""
