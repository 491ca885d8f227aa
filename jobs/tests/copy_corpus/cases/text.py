"""VARCHAR counts bytes; and text must be UTF-8."""

import pyarrow as pa

from craft import annotated, parquet, statistics

from . import *

FITS = documented(CHARACTER, "VARCHAR(n) holds n bytes")
LONG = documented(INPUT, "VARCHAR is measured in bytes; the load fails, as in " + WRANGLER_280)
EIGHT = "v varchar(8)"


def text(*values, **options):
    return parquet({"v": (pa.string(), list(values))}, **options)


accept("varchar_exact_fit", EIGHT, text("12345678", ""), FITS, "8 bytes in VARCHAR(8)")
refuse("varchar_one_byte_more", EIGHT, text("a", "123456789"), "varchar_bytes", at("v", 0, 1), LONG, "9 bytes")
accept("varchar_four_euros", "v varchar(12)", text("€€€€"), FITS, "4 characters of 3 bytes in VARCHAR(12)")
refuse(
    "varchar_chars_fit_bytes_do_not",
    EIGHT,
    text("ä" * 4, "ä" * 5),
    "varchar_bytes",
    at("v", 0, 1),
    LONG,
    "5 characters of 2 bytes in VARCHAR(8)",
)
accept("varchar_two_emoji", EIGHT, text("🚀🚀"), FITS, "2 characters of 4 bytes in VARCHAR(8)")
refuse("varchar_three_emoji", EIGHT, text("🚀🚀🚀"), "varchar_bytes", at("v", 0, 0), LONG, "3 characters of 4 bytes")
refuse(
    "varchar_combining",
    EIGHT,
    text("e\u0301" * 3),
    "varchar_bytes",
    at("v", 0, 0),
    LONG,
    "3 letters to the eye, 9 bytes with their combining accents",
)
refuse(
    "varchar_in_second_group",
    EIGHT,
    text("a", "b", "c", "123456789", groups=[2, 2]),
    "varchar_bytes",
    at("v", 1, 3),
    LONG,
    "only the second row group's second row is too long",
)
refuse(
    "varchar_between_bounds",
    EIGHT,
    text("a", "m" * 9, "z"),
    "varchar_bytes",
    at("v", 0, 1),
    LONG,
    "smallest and largest value are short, one between them is too long: bounds say nothing about lengths",
)
refuse(
    "varchar_no_statistics",
    EIGHT,
    text("a", "123456789", write_statistics=False),
    "varchar_bytes",
    at("v", 0, 1),
    LONG,
    "no statistics at all",
)
accept(
    "varchar_no_statistics_fits",
    EIGHT,
    text("a", "12345678", write_statistics=False),
    FITS,
    "no statistics, and everything fits",
)
refuse(
    "varchar_statistics_truncated",
    EIGHT,
    statistics(text("123456789012"), low=b"1234", high=b"1235", exact=False),
    "varchar_bytes",
    at("v", 0, 0),
    LONG,
    "the bounds are cut to 4 bytes and marked inexact",
)
refuse(
    "varchar_statistics_lie",
    EIGHT,
    statistics(text("123456789"), low=b"1", high=b"1"),
    "varchar_bytes",
    at("v", 0, 0),
    LONG,
    "the bounds claim short values",
)
accept(
    "varchar_statistics_lie_long",
    EIGHT,
    statistics(text("1234"), low=b"1" * 99, high=b"9" * 99),
    FITS,
    "the bounds claim long values that are not there",
)
refuse(
    "varchar_dictionary",
    EIGHT,
    text("a", "123456789", "a", "123456789", use_dictionary=True),
    "varchar_bytes",
    at("v", 0, 1),
    LONG,
    "the long value is in the dictionary; its first row is named",
)
UNUSED = pa.DictionaryArray.from_arrays(pa.array([0, 0], pa.int32()), pa.array(["a", "123456789"]))
accept(
    "varchar_dictionary_unused_entry",
    EIGHT,
    parquet({"v": UNUSED}, use_dictionary=True),
    FITS,
    "the dictionary has a long value that no row uses",
)
accept(
    "varchar_null_beside_long_dictionary", EIGHT, text(None, "a", use_dictionary=True), FITS, "a null and a short value"
)
refuse(
    "varchar_trailing_blanks",
    EIGHT,
    text("12345678  "),
    "varchar_bytes",
    at("v", 0, 0),
    unchecked("SQL cuts blanks that are too many (" + CHARACTER + "), and no page says that COPY from Parquet does"),
    "8 characters and 2 blanks",
)
refuse(
    "varchar_second_column",
    "a varchar(4), v varchar(8)",
    parquet({"a": (pa.string(), ["1234", "1"]), "v": (pa.string(), ["1", "123456789"])}),
    "varchar_bytes",
    at("v", 0, 1),
    LONG,
    "the first column fits exactly, the second does not",
)
accept("varchar_65535", "v varchar(65535)", text("x" * 65535), FITS, "the longest text there is")
refuse(
    "varchar_65536",
    "v varchar(65535)",
    text("short", "x" * 65536),
    "varchar_bytes",
    at("v", 0, 1),
    LONG,
    "one byte more than the longest",
)
refuse(
    "varchar_32768_umlauts",
    "v varchar(65535)",
    text("ä" * 32768),
    "varchar_bytes",
    at("v", 0, 0),
    LONG,
    "32,768 characters, 65,536 bytes",
)


def raw(*values):
    """Bytes that are declared to be UTF-8."""
    return annotated(parquet({"v": (pa.binary(), list(values))}, write_statistics=False), "UTF8")


INVALID = {
    "lone_continuation": (b"a\xa4", "error 3: a continuation byte stands alone"),
    "ff": (b"\xff", "error 3: a byte that UTF-8 has not"),
    "incomplete": (b"ab\xe2\x82", "error 2: the value ends inside a character"),
    "bad_continuation": (b"\xc3(", "error 4: a continuation byte out of its range"),
    "surrogate": (b"\xed\xa0\x80", "error 5: a surrogate, U+D800"),
    "five_bytes": (b"\xf8\x88\x80\x80\x80", "error 1: a character of five bytes"),
    "above_maximum": (b"\xf4\x90\x80\x80", "error 8: above U+10FFFF"),
    "overlong": (b"\xc0\xaf", "error 9: two bytes for a slash"),
}
for name, (value, about) in INVALID.items():
    refuse(f"utf8_{name}", EIGHT, raw(b"good", value), "utf8", at("v", 0, 1), documented(MULTIBYTE), about)
accept(
    "utf8_noncharacters",
    "v varchar(16)",
    text("\ufdd0\ufffe\uffff", "\U0010ffff"),
    documented(MULTIBYTE, "U+FDD0 … U+10FFFF ending in FFFE or FFFF load without an error"),
    "code points without a character",
)
accept(
    "utf8_byte_order_mark", EIGHT, text("\ufeffa"), inferred("U+FEFF is a valid code point inside a value"), "U+FEFF"
)
accept(
    "utf8_controls",
    EIGHT,
    text("a\nb\tc\\\x01", '"|,'),
    inferred("what separates fields and rows in text files means nothing in Parquet"),
    "newline, tab, backslash, quotes, U+0001",
)
NUL = unchecked(
    "COPY treats NUL as a record's end in text files (" + CONVERSION + ", NULL AS); of Parquet no page speaks"
)
refuse("text_nul", EIGHT, text("a", "b\0c"), "nul", at("v", 0, 1), NUL, "U+0000 inside a value")
refuse("text_nul_only", EIGHT, text("\0"), "nul", at("v", 0, 0), NUL, "U+0000 alone")
refuse("text_nul_last", EIGHT, text("abc\0"), "nul", at("v", 0, 0), NUL, "U+0000 at the end")
accept(
    "text_backslash_zero",
    EIGHT,
    text("\\0", "\\N"),
    inferred("NULL AS does not apply to Parquet"),
    "a backslash and a digit or letter: no NUL, no null",
)
