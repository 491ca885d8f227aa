"""Floating-point numbers outside of the documented range."""

import math

import pyarrow as pa

from craft import parquet

from . import *

NAN = unchecked(
    "no page says that COPY takes NaN; https://github.com/databricks/spark-redshift/pull/269 says that it "
    "did not from text"
)
INF = unchecked("no page says that COPY takes infinities")
RANGE = unchecked("the page gives 1E-307 to 1E+308 as the range (" + NUMERIC + ")")


def one(kind, *values, **options):
    return parquet({"v": (kind, list(values))}, **options)


DOUBLE = "v double precision"
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
