"""A month of fill levels by unit, in five lines. Needs `pip install pyarrow`; `URL` is where the API is."""

import io
import os
import urllib.request

import pyarrow.compute as pc
import pyarrow.parquet as pq

URL = os.environ.get("SUKUSUKU_URL", "http://127.0.0.1:8080")
MONTH = os.environ.get("SUKUSUKU_MONTH", "2026-11")

with urllib.request.urlopen(f"{URL}/api/v1/export/hours/{MONTH}.parquet") as answer:
    hours = pq.read_table(io.BytesIO(answer.read()))
levels = hours.filter(pc.field("metric") == "Fill/Percent").group_by("asset").aggregate([("mean", "mean")])
for row in levels.to_pylist():
    print(row["asset"], round(row["mean_mean"], 1))
