"""Units and rooms as NGSI-LD entities, pushed to a context broker. See docs/open-models.md."""
