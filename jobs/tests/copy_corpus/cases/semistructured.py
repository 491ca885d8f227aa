"""JSON for SUPER, and what a row may weigh.

The columns here are text that COPY loads as VARBYTE and JSON_PARSE turns into SUPER.
"""

import pyarrow as pa

from craft import parquet

from . import *

SUPER = "v super"


def text(*values, **options):
    return parquet({"v": (pa.string(), list(values))}, **options)


def good(name, about, basis, *values):
    accept(name, SUPER, text(*values), basis, about)


def bad(name, code, about, basis, *values):
    """The last value is the bad one."""
    refuse(name, SUPER, text(*values), code, at("v", 0, len(values) - 1), basis, about)


VALUE = documented(SUPER_TYPE, "a scalar, an array or a structure")
good("super_scalars", "every kind of scalar alone", VALUE, '"a"', "1", "-1.5e3", "true", "false", "null")
good("super_nested", "arrays and objects, blanks round them", VALUE, '[1,[2,{"a":[]}],{}]', ' { "a" : [ 1 , 2 ] } ')
good("super_null_value", "a null of the column, not of JSON", VALUE, None, "{}")
good(
    "super_unicode",
    "text beyond ASCII, plain and escaped, a surrogate pair among it",
    VALUE,
    '{"k":"é🚀"}',
    '"\\u00e9\\ud83d\\ude80"',
)

NOT_JSON = inferred(
    "JSON_PARSE fails on text that is not JSON while parse_super_null_on_error is off, its default "
    "(" + SUPER_PARSING + ")"
)
for name, value, about in [
    ("not_json", "hello", "a bare word"),
    ("empty", "", "an empty value"),
    ("blank", " ", "a blank"),
    ("truncated", '{"a":[1,2', "cut off"),
    ("trailing_comma", "[1,2,]", "a comma too many"),
    ("two_values", "{} {}", "two values"),
    ("single_quotes", "{'a':1}", "single quotes"),
    ("bare_nan", '{"a":NaN}', "NaN is no JSON"),
    ("leading_zero", "[01]", "a number with a leading zero"),
    ("raw_control", '"a\nb"', "a newline inside a string, not escaped"),
    ("bad_escape", '"\\x41"', "an escape that JSON has not"),
]:
    bad(f"super_{name}", "super_json", about, NOT_JSON, "{}", value)
HALF = unchecked("no page says what becomes of half a surrogate pair")
bad("super_lone_surrogate", "super_json", "a high surrogate alone", HALF, "{}", '{"a":"\\ud83d"}')
bad("super_lone_low_surrogate", "super_json", "a low surrogate alone", HALF, '"\\ude80"')
bad("super_surrogate_in_name", "super_json", "half a pair in an attribute's name", HALF, '{"\\ud83d":1}')
bad(
    "super_nul_escape",
    "nul",
    "U+0000 as an escape",
    unchecked("no page says that SUPER holds U+0000"),
    '{"a":"b\\u0000"}',
)
NUMBER = unchecked(
    "the leaves become Redshift's scalars (" + SUPER_COPY + "), and no page says what becomes of this one"
)
bad("super_number_1e400", "super_json", "a number beyond DOUBLE PRECISION", NUMBER, "[1e400]")
bad("super_integer_40_digits", "super_json", "an integer beyond DECIMAL(38, 0)", NUMBER, "[" + "9" * 40 + "]")
good("super_integer_64_bit", "the ends of BIGINT", VALUE, "[-9223372036854775808,9223372036854775807]")

TWICE = documented(
    SUPER_PARSING, "the same attribute twice in one object is an error by default"
)
bad("super_duplicate_key", "super_json", "the same attribute twice", TWICE, '{"a":1,"b":2}', '{"a":1,"a":2}')
bad(
    "super_duplicate_key_deep", "super_json", "the same attribute twice, further inside", TWICE, '{"x":[{"a":1,"a":1}]}'
)
bad(
    "super_duplicate_key_escaped",
    "super_json",
    "the same attribute once plain, once as an escape",
    TWICE,
    '{"a":1,"\\u0061":2}',
)
good(
    "super_same_key_nested",
    "the same attribute in an object inside",
    documented(SUPER_PARSING, "allowed in a nested object"),
    '{"a":{"a":1}}',
)
good(
    "super_keys_differ_in_case",
    "two attributes that differ in case only",
    inferred("attributes keep their case; it is queries that fold it (" + SUPER_PARSING + ")"),
    '{"a":1,"A":2}',
)

DEPTH = documented(SUPER_LIMITS, "the maximum nesting depth of arrays and structures is 1,000")
good("super_depth_1000", "1,000 arrays in each other", DEPTH, "[" * 1000 + "]" * 1000)
bad("super_depth_1001", "super_depth", "1,001 arrays in each other", DEPTH, "[]", "[" * 1001 + "]" * 1001)
bad("super_depth_1001_objects", "super_depth", "1,001 objects in each other", DEPTH, '{"a":' * 1000 + "{}" + "}" * 1000)

STRING = documented(SUPER_LIMITS, "a string in a SUPER value is limited to 65,535 bytes, the longest VARCHAR")
LONG = documented(VARBYTE, "COPY loads VARBYTE from Parquet; VARBYTE holds 16,777,216 bytes, and JSON_PARSE takes it")
good("super_65535", "text of 65,535 bytes", LONG, '"' + "x" * 65533 + '"')
good("super_65536", "one byte more", LONG, "{}", '"' + "x" * 65534 + '"')
good("super_1_mb", "an array of sixteen of the longest strings", LONG, "{}", str(["x" * 65535] * 16).replace("'", '"'))
good("super_string_65535", "the longest string", STRING, '["' + "x" * 65535 + '"]')
bad("super_string_65536", "super_string", "one byte more", STRING, "{}", '["' + "x" * 65536 + '"]')

# 4 MB a row, whatever it consists of. Boundaries are kept at a distance: no page says how a row's bytes are counted.
ROW = documented(COPY, "the maximum size of a single input row from any source is 4 MB")
WIDE = 65
COLUMNS = [f"c{number:02}" for number in range(WIDE)]


def wide(count):
    fields = {"id": ([pa.int64()], [1, 2])}
    fields |= {name: (pa.string(), ["", "x" * 65535]) for name in COLUMNS[:count]}
    return parquet(fields, write_statistics=False)


def wide_table(count):
    return "id bigint not null, " + ", ".join(f"{name} varchar(65535)" for name in COLUMNS[:count])


accept("row_of_1_mb", wide_table(16), wide(16), ROW, "a row of 16 columns of 65,535 bytes, 1.05 MB together")
refuse(
    "row_over_4_mb",
    wide_table(WIDE),
    wide(WIDE),
    "row_size",
    at(None, 0, 1),
    ROW,
    "a row of 65 columns of 65,535 bytes, 4.26 MB together; each column by itself fits",
)
refuse(
    "super_over_4_mb",
    SUPER,
    text("{}", str(["x" * 65535] * 65).replace("'", '"'), write_statistics=False),
    "row_size",
    at(None, 0, 1),
    ROW,
    "JSON of 4.26 MB: SUPER would hold it, but a row does not",
)
