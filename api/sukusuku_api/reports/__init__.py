"""Reports on the use of rooms: a pure model of tables and charts, and writers for XLSX, PDF and CSV."""
