/** load.py of a bundle: how a trainer in Python verifies it and reads its bars, adjusted and as of an instant, in one call. */
import { FACTORS_KNOWN, UNDERLYING_CLOSE } from './as-of-sql.ts'
import type { DatedTable } from './availability.ts'

export const LOAD_SCRIPT = 'load.py'

/** The text of the file. It needs Python 3.9 or newer and the package duckdb. */
export const loadScriptText = (tables: readonly DatedTable[]): string => `"""Reads this bundle of market data.

    import load
    load.verify()                                        # every file against SHA256SUMS
    frame = load.bars(symbols=["AAPL"]).df()             # daily bars adjusted for splits and dividends, as pandas
    frame = load.bars(adjust=None, status="GREEN").pl()  # as traded, without doubtful cells, as Polars
    frame = load.bars(as_of="2025-07-03T09:30:00-04:00").df()      # what a trader could have known at that instant
    frame = load.bars(as_of="2025-07-03", mode="accepted").df()    # what the bundle of that day could have
    frame = load.universe("2015-06-01").df()                       # who was listed on a day, under which ticker
    frame = load.available("corporate_actions").df()               # each row with the instant from which it was known

Needs the package duckdb; .df() needs pandas, .pl() Polars, .arrow() pyarrow. Run as a program, it verifies: python3 load.py
"""
import hashlib
import json
from datetime import date, datetime, timezone
from pathlib import Path

import duckdb

FOLDER = Path(__file__).resolve().parent
PRICES = ("open", "high", "low", "close", "vwap")
STATUS = {"GREEN": ["GREEN"], "AMBER": ["GREEN", "AMBER"]}
FACTOR = {None: None, "split": "cumulative_split_factor", "total": "cumulative_total_return_factor"}
# Per table: the dataset whose days it goes by, how they are joined to its rows, the instant from which a row was known, and the as-of day of the
# first bundle that could have it.
AVAILABLE = {
${tables.map(({ name, dataset, join, at, accepted }) => `    ${JSON.stringify(name)}: (${[dataset, join, at, accepted].map((text) => (text === null ? 'None' : JSON.stringify(text))).join(', ')}),\n`).join('')}}
# The adjustment factors that were known, by mode.
FACTORS_KNOWN = ${JSON.stringify(FACTORS_KNOWN)}
UNDERLYING_CLOSE = ${JSON.stringify(UNDERLYING_CLOSE)}
# Files of an older version of the node lack columns: they are read by name.
BY_NAME = ${JSON.stringify(tables.filter(({ isByName }) => isByName).map(({ name }) => name))}
# Daily bars of options: a row has underlying_close, the raw close of its underlier's session.
WITH_UNDERLYING = ${JSON.stringify(tables.filter(({ hasUnderlyingClose }) => hasUnderlyingClose).map(({ name }) => name))}


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


def available(name, as_of=None, mode="knowable", folder=FOLDER):
    """All rows of a dataset, or of its vintages, with available_at: the instant from which a trader could have known the row.

    as_of, mode    only what was known then, as in bars().
    """
    join, at = _available(name, folder)
    where = "" if as_of is None else f"WHERE {_known(name, as_of, mode, at)}"
    return duckdb.sql(f"SELECT b.*, {at} AS available_at FROM {_source(name, folder)} b {join} {where}")


def universe(day=None, folder=FOLDER):
    """The instruments that were listed on a day, YYYY-MM-DD, each with its ticker of that day; without a day all tickers with their days."""
    source = _source("universe", folder)
    if day is None:
        return duckdb.sql(f"SELECT * FROM {source}")
    return duckdb.sql(
        f"SELECT instrument_id, symbol, ticker FROM {source} WHERE coalesce(first_day <= {_day(day)}, true) "
        f"AND coalesce(last_day >= {_day(day)}, true) ORDER BY symbol"
    )


def bars(
    dataset="equities_bars", adjust="total", status="AMBER", symbols=None, start=None, end=None, as_of=None, mode="knowable",
    folder=FOLDER,
):
    """Bars sorted by symbol and time, as a DuckDB relation. Daily bars of options have underlying_close, as traded; none where it is not known.

    adjust   "total" for splits and dividends, "split" for splits alone, None for prices as traded. Volume is adjusted for splits only.
    status   "GREEN" leaves cells out about which the checks had a doubt; "AMBER" takes them too.
    start, end  first and last day, YYYY-MM-DD.
    as_of    only bars that were known then, adjusted to the share count and price level of that time.
    mode     "knowable": as_of is an instant, and a trader could have known by published rules. "accepted": as_of is a day, YYYY-MM-DD, and the
             node had accepted it when it made the bundle of that day.
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
    joins, shown = "", "b.*"
    if as_of is not None:
        joins, at = _available(dataset, folder)
        where.append(_known(dataset, as_of, mode, at))
    if dataset in WITH_UNDERLYING:
        shown += ", u.close AS underlying_close"
        joins += " " + UNDERLYING_CLOSE.replace("{bars}", _source("equities_bars", folder))
    if adjust:
        price, volume = (f"coalesce(f.{FACTOR[one]}, 1)" for one in (adjust, "split"))
        columns = [f"b.{name} * {price} AS {name}" for name in PRICES] + [f"b.volume / {volume} AS volume"]
        shown = f"b.* REPLACE ({', '.join(columns)})"
        factors = _source("adjustment_factors", folder)
        if as_of is not None:
            known = FACTORS_KNOWN[mode].replace("{factors}", factors).replace("{as_of}", _moment(as_of, mode))
            factors = "(" + known.replace("{days}", _days("corporate_actions", folder)) + ")"
        joins += f" ASOF LEFT JOIN {factors} f ON f.symbol = b.symbol AND f.dt > b.dt"
    order = "ts" if dataset != "options_bars" else "ts, b.contract"
    return duckdb.sql(
        f"SELECT {shown} FROM {_source(dataset, folder)} b "
        f"JOIN {_source('ledger', folder)} l ON l.symbol = b.symbol AND l.dt = b.dt {joins} "
        f"WHERE {' AND '.join(where)} ORDER BY b.symbol, b.{order}"
    )


def _available(name, folder):
    """What joins the days of a table to its rows, and the instant from which a row was known."""
    if name not in AVAILABLE:
        raise ValueError(f"{name} has no available_at: expected one of {', '.join(AVAILABLE)}")
    dataset, join, at, _ = AVAILABLE[name]
    return join.replace("{days}", _days(dataset, folder)), at


def _known(name, as_of, mode, at):
    """The condition under which a row was known."""
    moment = _moment(as_of, mode)
    if mode == "knowable":
        return f"{at} <= {moment}"
    accepted = AVAILABLE[name][3]
    if accepted is None:
        raise ValueError(f"{name} has its newest values alone: read {name}_vintages")
    return f"{accepted} <= {moment}"


def _moment(as_of, mode):
    if mode not in FACTORS_KNOWN:
        raise ValueError(f'mode: expected "knowable" or "accepted", got {mode!r}')
    return _instant(as_of) if mode == "knowable" else _day(as_of)


def _days(dataset, folder):
    return f"(SELECT dt, available_at FROM {_source('availability', folder)} WHERE dataset = {_text(dataset)})"


def _day(value):
    return "DATE " + _text(date.fromisoformat(str(value)))


def _instant(value):
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(f"as_of: expected an instant with its offset such as 2025-07-03T09:30:00-04:00, got {value}")
    return "TIMESTAMPTZ " + _text(moment.astimezone(timezone.utc).isoformat())


def _source(name, folder):
    """The files of a table as SQL: those that the manifest names, each taken as a place and not as a pattern."""
    fixed = {"ledger": "qc/partition_status.parquet"}.get(name, f"tables/{name}.parquet")
    paths = [file["path"] for file in manifest(folder)["files"] if file.get("dataset") == name or file["path"] == fixed]
    if not paths:
        known = sorted({file["dataset"] for file in manifest(folder)["files"] if "dataset" in file})
        raise ValueError(f"{name}: not in this bundle, which holds {', '.join(known) or 'no dataset'}")
    places = ["".join(f"[{c}]" if c in "[*?" else c for c in str(Path(folder) / path)) for path in paths]
    by_name = ", union_by_name = true" if name in BY_NAME else ""
    return f"read_parquet([{', '.join(map(_text, places))}], hive_partitioning = false{by_name})"


def _text(value):
    return "'" + str(value).replace("'", "''") + "'"


if __name__ == "__main__":
    print(f"{verify()} files are what SHA256SUMS says")
`
