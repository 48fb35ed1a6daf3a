import { readFileSync } from 'node:fs'
import { copyFile, cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest'
import { playNight } from '../e2e/night.ts'
import { type Python, pythonWithPackages } from './python-packages.ts'

let root: string
let bundle: string
let python: Python
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'data-node-consumers-'))
  python = await pythonWithPackages()
  if ('absent' in python) return
  const night = await playNight(root, [
    '--seed',
    '7',
    '--symbols',
    'NVDA,AAPL,KO,CAT,SPY',
    '--datasets',
    'equities_bars,corporate_actions',
  ])
  bundle = night.bundle.path
})
afterAll(() => rm(root, { recursive: true, force: true }))

/** What a script prints, which runs in the folder of the bundle. Skips where Python or its libraries cannot be had. */
function printed(context: TestContext, script: string, folder = bundle): string {
  if ('absent' in python) return context.skip(python.absent)
  return python.run(`import sys; sys.path.insert(0, '.')\n${script}`, folder)
}

/** The n-th Python snippet of the document. */
const snippet = (n: number): string =>
  [...readFileSync('docs/training-data.md', 'utf8').matchAll(/```python\n([\s\S]*?)```/g)][n]?.[1] ?? ''

describe('Python reads a bundle: load.py', () => {
  test('verifies the files, and names one that differs or is missing', async (context) => {
    expect(printed(context, 'import load; print(load.verify() > 5)').trim()).toBe('True')
    const copy = join(root, 'copy')
    await cp(bundle, copy, { recursive: true, verbatimSymlinks: true })
    await rm(join(copy, 'views.sql'))
    const told = 'import load\ntry: load.verify()\nexcept ValueError as error: print(error)'
    expect(printed(context, told, copy)).toContain('views.sql: expected a file, found none')
    await copyFile('LICENSE', join(copy, 'views.sql'))
    expect(printed(context, told, copy)).toContain('views.sql: expected sha256')
  })

  test('gives the same adjusted closes as the views, pandas and Polars by the documented snippets', (context) => {
    const script = `
import duckdb, load
${snippet(1)}
by_pandas = frame.set_index(["symbol", "dt"])["close_total"].sort_index()
${snippet(2)}
by_polars = frame.to_pandas()
by_polars["dt"] = pd.to_datetime(by_polars["dt"])
by_polars = by_polars.set_index(["symbol", "dt"])["close_total"].sort_index()
def indexed(relation, column):
    found = relation.df()
    found["dt"] = pd.to_datetime(found["dt"])
    return found.set_index(["symbol", "dt"])[column].sort_index()
by_load = indexed(load.bars(), "close")
raw = indexed(load.bars(adjust=None), "close")
duckdb.execute(open("views.sql").read())
by_views = indexed(duckdb.sql("SELECT symbol, dt, close_total FROM equities_bars"), "close_total")
for other in (by_pandas, by_polars, by_views):
    assert other.index.equals(by_load.index), (len(other), len(by_load))
    assert (abs(other / by_load - 1) < 1e-9).all()
print(len(by_load), (abs(by_load / raw - 1) > 1e-9).any(), by_load.index.is_unique)
split = load.bars(adjust="split", symbols=["NVDA"], start="2024-06-07", end="2024-06-10").df()["close"].tolist()
print(abs(split[0] / split[1] - 1) < 0.2)`
    const [first = '', second] = printed(context, script).trim().split('\n')
    expect(first).toMatch(/^\d{4} True True$/)
    expect(second).toBe('True')
  })

  test('gives what was known at an instant, adjusted to the share count of that instant, as the views do', (context) => {
    const script = `
import duckdb, load
def newest(**terms):
    frame = load.bars(symbols=["NVDA"], **terms).df()
    return str(frame["dt"].max())[:10], frame["close"].iloc[-1]
friday, split = "2024-06-07T18:00:00-04:00", "2024-06-10T09:30:00-04:00"
day, close = newest(as_of=friday)
print(day, abs(close / newest(adjust=None, end=day)[1] - 1) < 1e-9)
day, close = newest(adjust="split", as_of=split)
print(day, abs(close / newest(adjust=None, end=day)[1] * 10 - 1) < 1e-9)
actions = load.available("corporate_actions").df()
print(len(actions) > 0, actions["available_at"].notna().all(), len(load.available("corporate_actions", as_of=split)) < len(actions))
duckdb.execute(open("views.sql").read())
views = len(duckdb.sql(f"SELECT symbol FROM equities_bars WHERE available_at <= TIMESTAMPTZ '{friday}'"))
print(views == len(load.available("equities_bars", as_of=friday)) > 0)
for wrong in (lambda: load.available("calendar"), lambda: load.bars(as_of="2024-06-07 18:00")):
    try: wrong()
    except ValueError as error: print(error)`
    expect(printed(context, script).trim().split('\n')).toEqual([
      '2024-06-06 True',
      '2024-06-07 True',
      'True True True',
      'True',
      expect.stringMatching(/^calendar has no available_at: expected one of .*equities_bars/),
      expect.stringContaining('as_of: expected an instant with its offset such as'),
    ])
  })

  test('gives DuckDB, pandas, Polars and pyarrow the same rows, types, nulls and sums of every table', (context) => {
    const script = `
import datetime, decimal, json, math
import duckdb, pandas as pd, polars as pl, pyarrow as pa, pyarrow.dataset as ds, pyarrow.compute as pc
files = {}
for file in json.load(open("MANIFEST.json"))["files"]:
    if file["path"].endswith(".parquet"): files.setdefault(file.get("dataset", file["path"]), []).append(file["path"])

def family(text):
    text = text.lower()
    for name, words in {
        "instant": ("timestamp", "datetime"), "day": ("date",), "list": ("list", "[]"), "truth": ("bool",),
        "text": ("varchar", "string", "str", "object"), "whole": ("int",), "real": ("double", "float"),
    }.items():
        if any(word in text for word in words): return name
    return text

def close(a, b):
    return a == b or (a is not None and b is not None and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9))

def by_duckdb(paths):
    rows = duckdb.read_parquet(paths, hive_partitioning=False)
    found = {}
    for name, type in zip(rows.columns, rows.types):
        kind = family(str(type))
        column = f'"{name}"'
        value = {"real": f"sum({column})", "whole": f"sum({column})::DOUBLE", "text": f"sum(strlen({column}))::DOUBLE",
            "truth": f"count(*) FILTER (WHERE {column})", "day": f"sum({column} - DATE '1970-01-01')::DOUBLE",
            "instant": f"sum(epoch_ms({column}))::DOUBLE", "list": f"sum(len({column}))::DOUBLE"}[kind]
        nulls, total = rows.aggregate(f"count(*) - count({column}), {value}").fetchall()[0]
        found[name] = (kind, nulls, float(total or 0))
    return len(rows), found

def by_arrow(table):
    found = {}
    for name, column in zip(table.column_names, table.columns):
        kind = family(str(column.type))
        if kind == "instant": column = pc.cast(pc.cast(column, pa.timestamp("ms", column.type.tz)), pa.int64())
        if kind == "day": column = pc.cast(pc.cast(column, pa.date32()), pa.int32())
        if kind == "text": column = pc.binary_length(column)
        if kind == "list": column = pc.list_value_length(column)
        total = pc.sum(pc.cast(column, pa.float64())).as_py() if kind != "truth" else pc.sum(column).as_py()
        found[name] = (kind, column.null_count, float(total or 0))
    return table.num_rows, found

def by_polars(paths):
    frame = pl.read_parquet(paths, hive_partitioning=False)
    found = {}
    for column in frame.get_columns():
        kind = family(str(column.dtype))
        numbers = {"instant": lambda c: c.dt.epoch("ms"), "day": lambda c: c.to_physical(), "text": lambda c: c.str.len_bytes(),
            "list": lambda c: c.list.len()}.get(kind, lambda c: c)(column)
        found[column.name] = (kind, column.null_count(), float(numbers.cast(pl.Float64).sum() or 0))
    return len(frame), found

def by_pandas(paths):
    frames = [pd.read_parquet(path, partitioning=None, dtype_backend="pyarrow") for path in paths]
    frame = pd.concat(frames)
    return by_arrow(pa.Table.from_pandas(frame, preserve_index=False))

compared = 0
for name, paths in files.items():
    rows, expected = by_duckdb(paths)
    arrow = ds.dataset(paths, format="parquet").to_table()
    for reader, (count, found) in {"pyarrow": by_arrow(arrow), "polars": by_polars(paths), "pandas": by_pandas(paths)}.items():
        assert count == rows, (name, reader, count, rows)
        assert list(found) == list(expected), (name, reader, list(found), list(expected))
        for column, (kind, nulls, total) in expected.items():
            other = found[column]
            assert other[:2] == (kind, nulls) and close(other[2], total), (name, reader, column, other, (kind, nulls, total))
            compared += 1
print(len(files) >= 8, compared > 100)`
    expect(printed(context, script).trim()).toBe('True True')
  })

  test('leaves doubtful cells out on request, and refuses what it cannot do', (context) => {
    const script = `
import load
green, amber = (len(load.bars(status=status)) for status in ("GREEN", "AMBER"))
print(0 < green <= amber == len(load.table("equities_bars")))
for wrong in (dict(status="RED"), dict(adjust="both"), dict(dataset="options_bars"), dict(dataset="prices", adjust=None)):
    try: load.bars(**wrong)
    except ValueError as error: print(error)`
    expect(printed(context, script).trim().split('\n')).toEqual([
      'True',
      'status: expected "GREEN" or "AMBER", got \'RED\'',
      'adjust: expected "total", "split" or None, got \'both\'',
      'options_bars has no adjusted prices: pass adjust=None',
      expect.stringContaining('prices: not in this bundle, which holds corporate_actions, equities_bars'),
    ])
  })

  test('is loaded by datasets of Hugging Face, each table by its name', (context) => {
    const script = `
import os, tempfile
os.environ["HF_HUB_OFFLINE"] = "1"
import load
${snippet(3)}
print(sorted(names) == sorted(["equities_bars", "corporate_actions", "ledger", "calendar", "instruments", "universe", "availability", "condition", "adjustment_factors"]))
with tempfile.TemporaryDirectory() as cache:
    for name in names:
        rows = datasets.load_dataset(folder, name, split="train", cache_dir=cache)
        same = load.table(name)
        assert rows.num_rows == len(same) > 0, name
        assert rows.column_names == same.columns, name
    frame = datasets.load_dataset(folder, "equities_bars", split="train", cache_dir=cache).to_pandas()
    other = load.table("equities_bars").df()
    keys = ["symbol", "dt"]
    for each in (frame, other): each["dt"] = each["dt"].astype(str).str[:10]
    left, right = (each.sort_values(keys)["close"].tolist() for each in (frame, other))
    print(left == right)`
    expect(printed(context, script).trim().split('\n')).toEqual(['True', 'True'])
  })

  test('feeds a training loop from the bundle alone', (context) => {
    const script = `
import load
from sklearn.linear_model import Ridge
frame = load.bars(status="GREEN").df()
frame["return"] = frame.groupby("symbol")["close"].pct_change()
for lag in range(1, 6):
    frame[f"lag_{lag}"] = frame.groupby("symbol")["return"].shift(lag)
frame = frame.dropna(subset=["return", *[f"lag_{lag}" for lag in range(1, 6)]])
past, newest = frame[frame["dt"] < "2025-01-01"], frame[frame["dt"] >= "2025-01-01"]
model = Ridge().fit(past.filter(like="lag_"), past["return"])
print(len(past) > 100, len(newest) > 100, model.predict(newest.filter(like="lag_")).shape == (len(newest),), past["return"].abs().max() < 0.5)`
    expect(printed(context, script).trim()).toBe('True True True True')
  })
})
