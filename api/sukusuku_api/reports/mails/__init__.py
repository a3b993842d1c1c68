"""The reports of a month by mail, on the first of the next one."""
