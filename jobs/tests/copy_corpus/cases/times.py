"""The ranges of DATE and TIMESTAMP: 4713 BC to 294276 AD.

The page names years and no days. Years are counted here in the proleptic Gregorian calendar; PostgreSQL, from which
the lower limit comes, begins some weeks earlier (its day 0 is 24 November 4714 BC), and those weeks are refused.
"""

import struct

import pyarrow as pa

from craft import day, micros, parquet, statistics

from . import *

RANGE = documented(DATETIME, "4713 BC to 294276 AD")
UTC = pa.timestamp("us", "UTC")


def instants(*values, **options):
    return parquet({"v": pa.array(list(values), pa.int64()).cast(UTC)}, **options)


def days(*values):
    return parquet({"v": pa.array(list(values), pa.int32()).cast(pa.date32())})


T = "v timestamp"
accept("timestamp_first_year", T, instants(micros(-4712), 0), RANGE, "the first instant of 4713 BC")
refuse(
    "timestamp_before_4713_bc",
    T,
    instants(0, micros(-4712) - 1),
    "timestamp_range",
    at("v", 0, 1),
    RANGE,
    "a microsecond earlier",
)
refuse("timestamp_10000_bc", T, instants(micros(-9999)), "timestamp_range", at("v", 0, 0), RANGE, "10000 BC")
refuse(
    "timestamp_int64_smallest",
    T,
    instants(-(2**63)),
    "timestamp_range",
    at("v", 0, 0),
    RANGE,
    "the smallest INT64, in 290309 BC",
)
accept("timestamp_year_9999", T, instants(micros(9999, 12, 31) + 86_399_999_999), RANGE, "the last instant of 9999")
accept(
    "timestamp_int64_largest",
    T,
    instants(2**63 - 1),
    RANGE,
    "the largest INT64 is in 294247 AD: microseconds since 1970 cannot exceed the range at this end",
)
refuse(
    "timestamp_second_group",
    T,
    instants(0, 1, 2, micros(-5000), groups=[2, 2]),
    "timestamp_range",
    at("v", 1, 3),
    RANGE,
    "out of range in the second row group",
)
refuse(
    "timestamp_no_statistics",
    T,
    instants(0, micros(-5000), write_statistics=False),
    "timestamp_range",
    at("v", 0, 1),
    RANGE,
    "out of range, and no statistics",
)
refuse(
    "timestamp_statistics_lie",
    T,
    statistics(instants(0, micros(-5000)), low=struct.pack("<q", 0), high=struct.pack("<q", 1)),
    "timestamp_range",
    at("v", 0, 1),
    RANGE,
    "out of range, and bounds that hide it",
)
accept(
    "timestamp_statistics_lie_wide",
    T,
    statistics(instants(0), low=struct.pack("<q", -(2**63)), high=struct.pack("<q", 0)),
    RANGE,
    "in range, and bounds that claim otherwise",
)
accept(
    "timestamp_leap_second_day",
    T,
    instants(micros(2016, 12, 31) + 86_399_999_999, micros(2017)),
    RANGE,
    "round a leap second",
)

DATE = "v date"
accept("date_first", DATE, days(day(-4712), 0), RANGE, "1 January 4713 BC")
refuse("date_before_4713_bc", DATE, days(0, day(-4712) - 1), "date_range", at("v", 0, 1), RANGE, "the day before")
accept("date_last", DATE, days(day(294276, 12, 31)), RANGE, "31 December 294276")
refuse("date_after_294276", DATE, days(day(294277)), "date_range", at("v", 0, 0), RANGE, "the day after")
refuse(
    "date_int32_largest", DATE, days(2**31 - 1), "date_range", at("v", 0, 0), RANGE, "the largest INT32, in 5881580 AD"
)
refuse("date_int32_smallest", DATE, days(-(2**31)), "date_range", at("v", 0, 0), RANGE, "the smallest INT32")
accept("date_year_0", DATE, days(day(0, 2, 29), day(1, 1, 1)), RANGE, "29 February 1 BC and 1 January 1 AD")
