/** load.py of a bundle: how a trainer in Python verifies it and reads its bars, adjusted, in one call. */

export const LOAD_SCRIPT = 'load.py'

/** The text of the file. It needs Python 3.9 or newer and the package duckdb. */
export const loadScriptText = (): string => `"""Reads this bundle of market data.

    import load
    load.verify()                                        # every file against SHA256SUMS
    frame = load.bars(symbols=["AAPL"]).df()             # daily bars adjusted for splits and dividends, as pandas
    frame = load.bars(adjust=None, status="GREEN").pl()  # as traded, without doubtful cells, as Polars

Needs the package duckdb; .df() needs pandas, .pl() Polars, .arrow() pyarrow. Run as a program, it verifies: python3 load.py
"""
import hashlib
import json
from pathlib import Path

import duckdb

FOLDER = Path(__file__).resolve().parent
PRICES = ("open", "high", "low", "close", "vwap")
STATUS = {"GREEN": ["GREEN"], "AMBER": ["GREEN", "AMBER"]}
FACTOR = {
    None: None,
    "split": ("coalesce(f.cumulative_split_factor, 1)", "coalesce(f.cumulative_split_factor, 1)"),
    "total": ("coalesce(f.cumulative_total_return_factor, 1)", "coalesce(f.cumulative_split_factor, 1)"),
}


def verify(folder=FOLDER):
    """Hashes every file and returns how many there are; raises ValueError that names the first that differs or is missing."""
    lines = (Path(folder) / "SHA256SUMS").read_text().splitlines()
    for line in lines:
        expected, name = line[:64], line[66:]
        digest = hashlib.sha256()
        try:
            with open(Path(folder) / name, "rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        except FileNotFoundError:
            raise ValueError(f"{name}: expected a file, found none") from None
        if digest.hexdigest() != expected:
            raise ValueError(f"{name}: expected sha256 {expected}, found {digest.hexdigest()}")
    return len(lines)


def manifest(folder=FOLDER):
    """MANIFEST.json as a dict."""
    return json.loads((Path(folder) / "MANIFEST.json").read_text())


def table(name, folder=FOLDER):
    """All rows of a dataset (equities_bars, corporate_actions, macro_treasury, ...) or of a table (calendar, adjustment_factors)."""
    return duckdb.sql(f"SELECT * FROM {_source(name, folder)}")


def bars(dataset="equities_bars", adjust="total", status="AMBER", symbols=None, start=None, end=None, folder=FOLDER):
    """Bars sorted by symbol and time, as a DuckDB relation.

    adjust   "total" for splits and dividends, "split" for splits alone, None for prices as traded. Volume is adjusted for splits only.
    status   "GREEN" leaves cells out about which the checks had a doubt; "AMBER" takes them too.
    start, end  first and last day, YYYY-MM-DD.
    """
    if adjust not in FACTOR:
        raise ValueError(f'adjust: expected "total", "split" or None, got {adjust!r}')
    if status not in STATUS:
        raise ValueError(f'status: expected "GREEN" or "AMBER", got {status!r}')
    if adjust and not dataset.startswith("equities_bars"):
        raise ValueError(f"{dataset} has no adjusted prices: pass adjust=None")
    where = ["l.dataset = " + _text(dataset), "l.status IN (" + ", ".join(map(_text, STATUS[status])) + ")"]
    if symbols is not None:
        where.append("b.symbol IN (" + ", ".join(map(_text, symbols)) + ")" if symbols else "false")
    if start:
        where.append(f"b.dt >= DATE {_text(start)}")
    if end:
        where.append(f"b.dt <= DATE {_text(end)}")
    factors, shown = "", "b.*"
    if adjust:
        price, volume = FACTOR[adjust]
        columns = [f"b.{name} * {price} AS {name}" for name in PRICES] + [f"b.volume / {volume} AS volume"]
        shown = f"b.* REPLACE ({', '.join(columns)})"
        factors = f"ASOF LEFT JOIN {_source('adjustment_factors', folder)} f ON f.symbol = b.symbol AND f.dt > b.dt"
    order = "ts" if dataset != "options_bars" else "ts, b.contract"
    return duckdb.sql(
        f"SELECT {shown} FROM {_source(dataset, folder)} b "
        f"JOIN {_source('ledger', folder)} l ON l.symbol = b.symbol AND l.dt = b.dt {factors} "
        f"WHERE {' AND '.join(where)} ORDER BY b.symbol, b.{order}"
    )


def _source(name, folder):
    """The files of a table as SQL: those that the manifest names, each taken as a place and not as a pattern."""
    fixed = {"ledger": "qc/partition_status.parquet"}.get(name, f"tables/{name}.parquet")
    paths = [file["path"] for file in manifest(folder)["files"] if file.get("dataset") == name or file["path"] == fixed]
    if not paths:
        known = sorted({file["dataset"] for file in manifest(folder)["files"] if "dataset" in file})
        raise ValueError(f"{name}: not in this bundle, which holds {', '.join(known) or 'no dataset'}")
    places = ["".join(f"[{c}]" if c in "[*?" else c for c in str(Path(folder) / path)) for path in paths]
    return f"read_parquet([{', '.join(map(_text, places))}], hive_partitioning = false)"


def _text(value):
    return "'" + str(value).replace("'", "''") + "'"


if __name__ == "__main__":
    print(f"{verify()} files are what SHA256SUMS says")
`
