"""How fast the raw file of WISDM v1.1 is parsed, beside a loop over its lines, in one run.

The input is made here: 1,098,207 records in the publisher's format, as many as the real file has. The loop does only
what any reader must: split, convert, skip what is malformed, make a table. It repairs nothing and finds no repetitions.
"""

import argparse
import statistics
import time

import pandas as pd

from mlcourse.datasets.wisdm import parse_raw

RECORDS = 1_098_207


def make(records: int) -> bytes:
    """Records of five people, 20 Hz, six decimals."""
    return b"\n".join(
        b"%d,%s,%d,%.7f,%.7f,%.7f;"
        % (1 + i % 5, (b"Walking", b"Jogging")[i % 2], 10**13 + i * 50_000_000, i / 7 % 20, i / 11 % 20, -i / 13 % 20)
        for i in range(records)
    )


def loop(data: bytes) -> pd.DataFrame:
    """Read line by line."""
    rows = []
    for line in data.decode().splitlines():
        fields = line.rstrip(";").split(",")
        if len(fields) == 6:
            user, activity, timestamp, x, y, z = fields
            rows.append((int(user), activity.lower(), int(timestamp), float(x), float(y), float(z)))
    return pd.DataFrame(rows, columns=["user", "activity", "timestamp", "x", "y", "z"])


def main():
    """Interleave both readers; print median, spread and ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=RECORDS, help=f"default: {RECORDS:,}, as in the real file")
    parser.add_argument("--repeats", type=int, default=5, help="default: 5")
    options = parser.parse_args()
    if options.records < 1 or options.repeats < 1:
        parser.error("--records and --repeats must be at least 1.")

    data = make(options.records)
    seconds = {parse_raw: [], loop: []}
    for _ in range(options.repeats):
        for read, times in seconds.items():
            begin = time.process_time()
            found = read(data)
            times.append(time.process_time() - begin)
            assert len(found[0] if read is parse_raw else found) == options.records
    print(f"{options.records:,} records, {len(data) / 1e6:.0f} MB, CPU seconds, {options.repeats} runs each, in turns")
    for read, times in seconds.items():
        print(f"  {read.__name__:<10} median {statistics.median(times):5.2f}   {min(times):.2f} to {max(times):.2f}")
    ratios = [slow / fast for fast, slow in zip(seconds[parse_raw], seconds[loop], strict=True)]
    print(f"  ratio loop / parse_raw: median {statistics.median(ratios):.2f}   {min(ratios):.2f} to {max(ratios):.2f}")


if __name__ == "__main__":
    main()
