"""A round as files for other programs: calendar, satellite navigation, map, table. All pure."""
