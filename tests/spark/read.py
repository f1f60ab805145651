"""What Spark reads, as JSON lines: run by the Python of an environment that has pyspark.

It gets the files of a snapshot, as the table's log names them, and the values of the partitions,
which are not in them: what Delta's own connector does for a reader. No test is here.
"""

import json
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

told = json.loads(sys.stdin.read())
spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.sql.session.timeZone", "UTC")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
rows = None
for file in told["files"]:
    # One by one: Spark would take `day=…` in a path for a column of its own.
    found = spark.read.option("recursiveFileLookup", "true").parquet(file["path"])
    for name, (value, kind) in file["values"].items():
        found = found.withColumn(name, f.lit(value).cast(kind))
    rows = found if rows is None else rows.unionByName(found)
assert rows is not None
rows = rows.select(*told["columns"]).orderBy(told["columns"][0])
print(json.dumps({"schema": rows.dtypes}))
for row in rows.collect():
    print(json.dumps(list(row), default=str))
spark.stop()
