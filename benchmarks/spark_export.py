"""PySpark and this product reading the same files of a table export (`python benchmarks/spark_export.py`).

    python3 -m venv .venv-spark && .venv-spark/bin/python -m pip install "pyspark>=4,<5"        it needs a JRE 17 or 21
    .venv/bin/python benchmarks/spark_export.py

Gzipped lines become zstd Parquet with the same columns on one core. Spark gets the schema, so it reads the files once,
and writes one file before it is measured, so that its code is compiled. Figures are CPU seconds of the JVM and of this
process, without their start; the rows that Spark writes are counted. Without that environment nothing is measured.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.dataset as ds

sys.path.insert(0, str(Path(__file__).resolve().parent))

from table_export import ITEMS, exported, to_parquet

PYTHON = Path(__file__).resolve().parent.parent / ".venv-spark" / "bin" / "python"
FILES = 4
TEXTS = (
    "Id", "Channel", "At", "ConnectedToSystemAt", "DisconnectedAt", "Agent", "RoutingProfile", "Queue",
    "InitiationMethod", "DisconnectReason", "CustomerEndpoint", "SystemEndpoint", "Sentiment", "Language", "InitialId",
    "Updated",
)  # fmt: skip
NUMBERS = ("WaitSeconds", "TalkSeconds", "HoldSeconds", "WrapSeconds", "Holds", "Transfers", "Score", "Rating")
FLAGS = ("Recorded",)

SPARK = f"""
import os, sys
from pyspark.sql import SparkSession, functions as f
folder, out = sys.argv[1:]
spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
         .config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
         .config("spark.sql.parquet.compression.codec", "zstd").config("spark.driver.memory", "2g").getOrCreate())
spark.sparkContext.setLogLevel("ERROR")
texts, numbers, flags = {TEXTS!r}, {NUMBERS!r}, {FLAGS!r}
kinds = [(name, "S STRING") for name in texts] + [(name, "N STRING") for name in numbers]
kinds += [(name, "BOOL BOOLEAN") for name in flags]
kinds += [("Attributes", "M STRUCT<topic: STRUCT<S: STRING>, tier: STRUCT<S: STRING>, "
           "verified: STRUCT<BOOL: BOOLEAN>>")]
fields = ", ".join(f"{{name}}: STRUCT<{{kind.replace(' ', ': ', 1)}}>" for name, kind in kinds)
def convert(files, out):
    item = spark.read.schema(f"Item STRUCT<{{fields}}>").json(files).select("Item.*")
    rows = item.select(
        *(f.col(name + ".S").alias(name.lower()) for name in texts),
        *(f.col(name + ".N").cast("double").alias(name.lower()) for name in numbers),
        *(f.col(name + ".BOOL").alias(name.lower()) for name in flags),
        f.to_json("Attributes.M").alias("attributes"))
    rows.write.mode("overwrite").parquet(out)
def spent():
    with open(f"/proc/{{spark._jvm.java.lang.ProcessHandle.current().pid()}}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
convert(folder + "/0.json.gz", out)
before = spent()
convert(folder, out)
print(spent() - before)
spark.stop()
"""
"""The nested values keep their types' letters, which this product takes away; that is left out in Spark's favour."""


def main() -> None:
    """Print both and their ratio; exit with 1 where rows are missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, default=PYTHON, help="Python that has PySpark.")
    parser.add_argument("--short", action="store_true", help="the same: it has one form")
    python = parser.parse_args().python
    if not python.is_file():
        print(f"{python} is missing, so PySpark is not measured; see the first lines of this file")
        return
    os.sched_setaffinity(0, {0})  # of this process and all that it starts
    memory, file = exported()
    with tempfile.TemporaryDirectory() as temporary:
        folder, out = Path(temporary, "lines"), str(Path(temporary, "rows"))
        folder.mkdir()
        for number in range(FILES):
            (folder / f"{number}.json.gz").write_bytes(b"".join(memory.chunks(file.key)))
        done = subprocess.run([python, "-c", SPARK, str(folder), out], check=True, stdout=subprocess.PIPE, text=True)
        rows = ds.dataset(out, format="parquet", exclude_invalid_files=True).count_rows()
    if rows != FILES * ITEMS:
        sys.exit(f"Spark wrote {rows:,} rows; expected {FILES * ITEMS:,}")
    convert = to_parquet(memory, file)
    convert()
    before = time.process_time()
    for _ in range(FILES):
        convert()
    seconds = {"PySpark": float(done.stdout.split()[-1]), "lines to Parquet": time.process_time() - before}
    for name, spent in seconds.items():
        print(f"{name:20} {spent / rows * 1e6:8.2f} us per item {rows / spent:10,.0f} items per CPU second")
    print(f"{'ratio':20} {seconds['PySpark'] / seconds['lines to Parquet']:8.1f}")


if __name__ == "__main__":
    main()
