"""That people have said something about the past of an asset, so that it must be derived anew from there on."""

from sqlalchemy import Connection, insert, select, update

from sukusuku_server.db.tables_collection import spoken


def speak(connection: Connection, asset: str, since: int) -> None:
    """Note it within the transaction that stores what was said; `since` in UTC ms."""
    row = connection.execute(select(spoken.c.since, spoken.c.changed).where(spoken.c.asset == asset)).first()
    if row is None:
        connection.execute(insert(spoken).values(asset=asset, since=since, changed=1))
    else:
        values = {"since": min(row.since, since), "changed": row.changed + 1}
        connection.execute(update(spoken).where(spoken.c.asset == asset).values(values))
