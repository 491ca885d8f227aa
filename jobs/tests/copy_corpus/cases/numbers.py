"""Floating point that is no number, and decimals beyond their range."""

import decimal
import math

import pyarrow as pa

from craft import as_decimal, parquet

from . import *

D = decimal.Decimal
NAN = unchecked(
    "no page says that COPY takes NaN; https://github.com/databricks/spark-redshift/pull/269 says that it "
    "did not from text"
)
INF = unchecked("no page says that COPY takes infinities")
RANGE = unchecked("the page gives 1E-307 to 1E+308, and 1E-37 to 1E+37 for REAL, as the range (" + NUMERIC + ")")


def one(kind, *values, **options):
    return parquet({"v": (kind, list(values))}, **options)


DOUBLE, REAL = "v double precision", "v real"
refuse("double_nan", DOUBLE, one(pa.float64(), 1.0, math.nan), "nan", at("v", 0, 1), NAN, "NaN; bounds never show it")
refuse(
    "double_nan_second_group",
    DOUBLE,
    one(pa.float64(), 1.0, 2.0, math.nan, groups=[2, 1]),
    "nan",
    at("v", 1, 2),
    NAN,
    "NaN alone in the second row group, which has no bounds then",
)
refuse(
    "double_nan_dictionary",
    DOUBLE,
    one(pa.float64(), 1.0, math.nan, 1.0, use_dictionary=True),
    "nan",
    at("v", 0, 1),
    NAN,
    "NaN in a dictionary",
)
refuse("double_infinity", DOUBLE, one(pa.float64(), 1.0, math.inf), "infinity", at("v", 0, 1), INF, "+∞")
refuse("double_minus_infinity", DOUBLE, one(pa.float64(), -math.inf), "infinity", at("v", 0, 0), INF, "-∞")
refuse("real_nan", REAL, one(pa.float32(), 1.0, math.nan), "nan", at("v", 0, 1), NAN, "NaN in REAL")
refuse("real_infinity", REAL, one(pa.float32(), math.inf), "infinity", at("v", 0, 0), INF, "+∞ in REAL")
accept(
    "double_wide",
    DOUBLE,
    one(pa.float64(), 1e308, -1e308, 1e-307, 0.0),
    documented(NUMERIC, "1E-307 to 1E+308"),
    "both ends of the documented range",
)
refuse(
    "double_subnormal",
    DOUBLE,
    one(pa.float64(), 1.0, 5e-324),
    "float_range",
    at("v", 0, 1),
    RANGE,
    "the smallest number above 0",
)
refuse(
    "double_largest",
    DOUBLE,
    one(pa.float64(), 1.7976931348623157e308),
    "float_range",
    at("v", 0, 0),
    RANGE,
    "the largest number, 1.8E+308",
)
accept(
    "real_wide",
    REAL,
    one(pa.float32(), 1e37, -1e37, 1.5e-37),
    documented(NUMERIC, "1E-37 to 1E+37"),
    "within the documented range",
)
refuse(
    "real_largest",
    REAL,
    one(pa.float32(), 3.4028234663852886e38),
    "float_range",
    at("v", 0, 0),
    RANGE,
    "the largest number, 3.4E+38",
)
refuse(
    "real_subnormal", REAL, one(pa.float32(), 1e-45), "float_range", at("v", 0, 0), RANGE, "the smallest number above 0"
)

DIGITS = documented(NUMERIC, "a value with more digits than the column's precision cannot be copied")
refuse(
    "decimal_beyond_precision",
    "v decimal(9,0)",
    as_decimal(one(pa.binary(4), b"\0\0\0\1", (1_000_000_000).to_bytes(4, "big")), 9, 0),
    "decimal_range",
    at("v", 0, 1),
    DIGITS,
    "ten digits in DECIMAL(9, 0): 4 bytes hold more than the declared precision",
)
refuse(
    "decimal_below_precision",
    "v decimal(9,2)",
    as_decimal(one(pa.binary(4), (-(10**9)).to_bytes(4, "big", signed=True)), 9, 2),
    "decimal_range",
    at("v", 0, 0),
    DIGITS,
    "-10000000.00 in DECIMAL(9, 2)",
)
NINETEEN = documented(NUMERIC, "DECIMAL(19, 0) ends at 9223372036854775807")
accept(
    "decimal_19_largest",
    "v decimal(19,0)",
    one(pa.decimal128(19, 0), D(2**63 - 1), D(-(2**63) + 1)),
    NINETEEN,
    "the largest values of DECIMAL(19, 0)",
)
refuse(
    "decimal_19_nines",
    "v decimal(19,0)",
    one(pa.decimal128(19, 0), D(1), D("9" * 19)),
    "decimal_range",
    at("v", 0, 1),
    NINETEEN,
    "19 nines: within the precision, beyond 8 bytes",
)
refuse(
    "decimal_19_scaled",
    "v decimal(19,18)",
    one(pa.decimal128(19, 18), D("9.3")),
    "decimal_range",
    at("v", 0, 0),
    documented(NUMERIC, "DECIMAL(19, 18) ends at 9.223372036854775807"),
    "9.3 in DECIMAL(19, 18)",
)
refuse(
    "decimal_38_beyond",
    "v decimal(38,0)",
    as_decimal(one(pa.binary(16), (10**38).to_bytes(16, "big", signed=True)), 38, 0),
    "decimal_range",
    at("v", 0, 0),
    DIGITS,
    "39 digits in DECIMAL(38, 0)",
)
accept(
    "decimal_20_nines",
    "v decimal(20,0)",
    one(pa.decimal128(20, 0), D("9" * 20)),
    documented(NUMERIC, "20 to 38 digits are kept in 16 bytes"),
    "20 nines in DECIMAL(20, 0)",
)
