"""Physical and logical types against the table's."""

import decimal

import pyarrow as pa

import craft
from craft import annotated, parquet

from . import *

D = decimal.Decimal


def one(kind, *values, **options):
    return parquet({"v": (kind, list(values) or None)}, **options)


def match(name, target, data, about, basis=MUST_MATCH):
    accept(name, f"v {target}", data, basis, about)


def clash(name, target, data, about, basis=MUST_MATCH, code="type"):
    refuse(name, f"v {target}", data, code, at("v"), basis, about)


SILENT = unchecked("no page says that COPY takes this type of a Parquet file")

# Whole numbers.
match("int64_into_bigint", "bigint", one(pa.int64(), -(2**63), 0, 2**63 - 1), "INT64, both ends of the range")
clash("int32_into_bigint", "bigint", one(pa.int32(), 1), "widening")
clash("int16_into_bigint", "bigint", one(pa.int16(), 1), "INT_16 for BIGINT")
clash(
    "uint32_into_bigint", "bigint", one(pa.uint32(), 2**32 - 1, version="2.6"), "UINT_32, an INT32, for BIGINT", SILENT
)
clash("uint64_into_bigint", "bigint", one(pa.uint64(), 2**64 - 1), "UINT_64 beyond BIGINT's range", SILENT)
clash("uint64_small_into_bigint", "bigint", one(pa.uint64(), 1), "UINT_64, though the value would fit", SILENT)
clash("double_into_bigint", "bigint", one(pa.float64(), 1.0), "DOUBLE for BIGINT")
clash("boolean_into_bigint", "bigint", one(pa.bool_(), True), "BOOLEAN for BIGINT")
clash("text_into_bigint", "bigint", one(pa.string(), "1"), "digits as text for BIGINT")
clash("timestamp_into_bigint", "bigint", one(pa.timestamp("us", "UTC"), 0), "TIMESTAMP, an INT64, for BIGINT", SILENT)
clash(
    "decimal_int64_into_bigint",
    "bigint",
    one(pa.decimal128(18, 0), D(1), store_decimal_as_integer=True),
    "DECIMAL(18, 0) over INT64 for BIGINT",
    SILENT,
)

# Floating point and truth.
match("double_into_double", "double precision", one(pa.float64(), -0.0, 1.5, None), "DOUBLE")
match("boolean_into_boolean", "boolean", one(pa.bool_(), True, False, None), "BOOLEAN")
clash("float_into_double", "double precision", one(pa.float32(), 1.5), "widening")
clash("int64_into_double", "double precision", one(pa.int64(), 1), "INT64 for DOUBLE PRECISION")
clash("int32_into_boolean", "boolean", one(pa.int32(), 1), "0 and 1 for BOOLEAN")
clash("text_into_boolean", "boolean", one(pa.string(), "true"), "text for BOOLEAN")

# Text and bytes.
match("utf8_into_varchar", "varchar(8)", one(pa.string(), "", "Käse", None), "BYTE_ARRAY annotated UTF8")
clash("bytes_into_varchar", "varchar(8)", one(pa.binary(), b"text"), "BYTE_ARRAY without annotation", SILENT)
clash("enum_into_varchar", "varchar(8)", annotated(one(pa.string(), "RED"), "ENUM"), "ENUM", SILENT)
clash("json_into_varchar", "varchar(8)", annotated(one(pa.string(), "{}"), "JSON"), "JSON for VARCHAR", SILENT)
clash("fixed_into_varchar", "varchar(8)", one(pa.binary(4), b"text"), "FIXED_LEN_BYTE_ARRAY without annotation", SILENT)
clash(
    "uuid_into_varchar",
    "varchar(36)",
    annotated(one(pa.binary(16), bytes(range(16))), "UUID"),
    "UUID, 16 bytes",
    SILENT,
)
clash(
    "interval_into_varchar",
    "varchar(36)",
    annotated(one(pa.binary(12), bytes(12)), "INTERVAL"),
    "INTERVAL, 12 bytes",
    SILENT,
)
clash("int64_into_varchar", "varchar(8)", one(pa.int64(), 1), "the example of the page on incompatible formats")
clash("unknown_into_varchar", "varchar(8)", one(pa.null(), None, None), "a column of nulls without a type", SILENT)

# SUPER, by way of VARBYTE.
clash("json_into_super", "super", annotated(one(pa.string(), "{}"), "JSON"), "JSON for VARBYTE", SILENT)
match(
    "utf8_into_super",
    "super",
    one(pa.string(), '{"a":1}', None),
    "BYTE_ARRAY annotated UTF8, as our encoder writes it",
    reported(POSTHOG, "text in Parquet is loaded as VARBYTE by COPY, and JSON_PARSE reads it from there"),
)
ANY_SUPER = MUST_MATCH
clash("int64_into_super", "super", one(pa.int64(), 1), "a number for SUPER", ANY_SUPER)
clash("boolean_into_super", "super", one(pa.bool_(), True), "a truth value for SUPER", ANY_SUPER)
clash("bytes_into_super", "super", one(pa.binary(), b"{}"), "BYTE_ARRAY without annotation", ANY_SUPER)


# Days and instants; their ranges are in times.py.
match("date_into_date", "date", one(pa.date32(), 0, craft.day(2024, 2, 29), None), "DATE")
match(
    "micros_utc_into_timestamp",
    "timestamp",
    one(pa.timestamp("us", "UTC"), 0, 1_700_000_000_123_456, None),
    "TIMESTAMP of microseconds, adjusted to UTC, as our encoder writes it",
    inferred(
        "microseconds load (" + ARROW_38000 + ", not adjusted to UTC), and UTC is the only kind that the "
        "format 1.0 knows"
    ),
)
match(
    "micros_local_into_timestamp",
    "timestamp",
    one(pa.timestamp("us"), 0, 1_700_000_000_123_456, None),
    "TIMESTAMP of microseconds, not adjusted to UTC",
    reported(ARROW_38000, "microseconds load"),
)
clash(
    "millis_into_timestamp",
    "timestamp",
    one(pa.timestamp("ms", "UTC"), 0),
    "TIMESTAMP of milliseconds",
    unchecked("no page says how COPY reads milliseconds"),
    "timestamp_unit",
)
clash(
    "nanos_into_timestamp",
    "timestamp",
    one(pa.timestamp("ns"), 1_694_428_740_000_000_000, version="2.6"),
    "TIMESTAMP of nanoseconds",
    reported(ARROW_38000, "read as microseconds: 2023 becomes 161065"),
    "timestamp_unit",
)
clash(
    "nanos_utc_into_timestamp",
    "timestamp",
    one(pa.timestamp("ns", "UTC"), 0, version="2.6"),
    "TIMESTAMP of nanoseconds, adjusted to UTC",
    reported(ARROW_38000),
    "timestamp_unit",
)
clash(
    "int96_into_timestamp",
    "timestamp",
    one(pa.timestamp("ns"), 0, use_deprecated_int96_timestamps=True),
    "INT96",
    unchecked(
        "only https://github.com/dask/fastparquet/issues/432 says that Spectrum reads it, and no source says that COPY does"
    ),
    "timestamp_unit",
)
clash("int64_into_timestamp", "timestamp", one(pa.int64(), 0), "INT64 without annotation")
clash("date_into_timestamp", "timestamp", one(pa.date32(), 0), "DATE for TIMESTAMP")
clash("text_into_timestamp", "timestamp", one(pa.string(), "2024-02-29 00:00:00"), "text for TIMESTAMP")
clash("timestamp_into_date", "date", one(pa.timestamp("us", "UTC"), 0), "TIMESTAMP for DATE")
clash("int32_into_date", "date", one(pa.int32(), 0), "INT32 without annotation for DATE")
clash("text_into_date", "date", one(pa.string(), "2024-02-29"), "text for DATE")
clash(
    "time_into_timestamp",
    "timestamp",
    one(pa.time64("us"), 0),
    "TIME of microseconds",
    reported(DLT, "Redshift cannot load TIME from Parquet"),
)
