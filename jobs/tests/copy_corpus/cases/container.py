"""The file itself: codecs, pages, encodings, footer, magic; and the object's name."""

import gzip
import struct

import pyarrow as pa
from pyarrow import ipc

import craft
from craft import BINARY, I32, I64, LIST, MAGIC, STRUCT
from craft import chunk, footer, in_chunk, in_column, in_footer, in_group, in_schema, parquet, with_footer

from . import *

V = "v bigint"
NUMBERS = (pa.int64(), [1, 2, 3, None])
PLAIN = parquet({"v": NUMBERS})
V1 = documented(SPECTRUM_FILES, "Amazon Redshift supports the Apache Parquet v1 data file format")

# Codecs. The page on Spectrum's files names snappy inside of Parquet; other codecs it names by a file's extension only.
accept(
    "codec_snappy", V, PLAIN, documented(SPECTRUM_FILES, "row groups compressed by Snappy are its example"), "snappy"
)
accept(
    "codec_none",
    V,
    parquet({"v": NUMBERS}, compression="none"),
    inferred("compression is recommended, not demanded: " + SPECTRUM_FILES),
    "uncompressed",
)
for codec in ["gzip", "zstd", "brotli", "lz4"]:
    refuse(
        f"codec_{codec}",
        V,
        parquet({"v": NUMBERS}, compression=codec),
        "codec",
        at("v", 0),
        unchecked("no page names this codec inside of Parquet"),
        f"{codec}{' (LZ4_RAW)' if codec == 'lz4' else ''}",
    )
refuse(
    "codec_second_column",
    "a bigint, v bigint",
    parquet({"a": NUMBERS, "v": NUMBERS}, compression={"a": "snappy", "v": "zstd"}),
    "codec",
    at("v", 0),
    unchecked("no page names this codec inside of Parquet"),
    "snappy in the first column, zstd in the second",
)


refuse(
    "codec_lzo",
    V,
    in_chunk(PLAIN, {4: [I32, 3]}),
    "codec",
    at("v", 0),
    unchecked("no page names this codec inside of Parquet"),
    "the footer says LZO",
)
refuse(
    "codec_unknown",
    V,
    in_chunk(PLAIN, {4: [I32, 99]}),
    "footer",
    {},
    inferred("parquet.thrift has no codec 99"),
    "the footer says codec 99",
    also=["codec"],
)

# Pages and encodings.
TEXT = (pa.string(), ["a", "b", "a", None])
accept(
    "pages_plain_dictionary",
    "v varchar(8)",
    parquet({"v": TEXT}, use_dictionary=True),
    V1,
    "dictionary pages as format 1.0 writes them (PLAIN_DICTIONARY)",
)
accept(
    "pages_rle_dictionary",
    "v varchar(8)",
    parquet({"v": TEXT}, use_dictionary=True, version="2.6"),
    reported(ARROW_38000, "pyarrow 12's files with format 2.6 loaded"),
    "dictionary pages as newer writers write them, V1 data pages",
)
accept(
    "pages_many",
    V,
    parquet({"v": (pa.int64(), list(range(600)))}, data_page_size=64, write_batch_size=8),
    V1,
    "many data pages in one chunk",
)
refuse("pages_v2", V, parquet({"v": NUMBERS}, data_page_version="2.0"), "encoding", at("v", 0), V1, "V2 data pages")
NEW = inferred("the encoding came with Parquet 2; " + V1[1])
for name, kind, values, encoding in [
    ("delta_binary_packed", pa.int64(), [1, 2, 3], "DELTA_BINARY_PACKED"),
    ("byte_stream_split", pa.float64(), [1.0, 2.0], "BYTE_STREAM_SPLIT"),
    ("delta_byte_array", pa.string(), ["ab", "abc"], "DELTA_BYTE_ARRAY"),
    ("delta_length_byte_array", pa.string(), ["ab", "abc"], "DELTA_LENGTH_BYTE_ARRAY"),
    ("rle_boolean", pa.bool_(), [True, True], "RLE"),
]:
    target = {pa.int64(): V, pa.float64(): "v double precision", pa.bool_(): "v boolean"}.get(kind, "v varchar(8)")
    refuse(
        f"encoding_{name}",
        target,
        parquet({"v": (kind, values)}, column_encoding={"v": encoding}),
        "encoding",
        at("v", 0),
        NEW,
        encoding,
    )
refuse(
    "encoding_second_group",
    V,
    in_chunk(parquet({"v": NUMBERS}, groups=[2, 2]), {2: [LIST, (I32, [5, 3])]}, group=1),
    "encoding",
    at("v", 1),
    NEW,
    "the footer lists DELTA_BINARY_PACKED for the second row group only; its pages say PLAIN",
    also=["corrupt"],
)
accept(
    "format_version_2",
    V,
    parquet({"v": NUMBERS}, version="2.6"),
    reported(ARROW_38000, "pyarrow 12's files with format 2.6 loaded"),
    "the footer's version is 2, everything else as in 1.0",
)
accept(
    "arrow_schema_stored",
    V,
    parquet({"v": NUMBERS}, store_schema=True),
    reported(ARROW_38000, "pyarrow stores its schema by default"),
    "key-value metadata in the footer",
)
accept(
    "page_index",
    V,
    parquet({"v": NUMBERS}, write_page_index=True),
    inferred("a reader that does not know the index does not see it"),
    "column and offset index before the footer",
)
accept(
    "page_checksums",
    V,
    parquet({"v": NUMBERS}, write_page_checksum=True),
    inferred("the checksum is an optional field of the page header"),
    "pages with a CRC",
)

# Row groups.
accept(
    "groups_fifty",
    V,
    parquet({"v": (pa.int64(), list(range(50)))}, groups=[1] * 50, write_statistics=False),
    documented(SPECTRUM_FILES, "a row group is the unit of parallel reading"),
    "50 row groups of one row",
)
accept(
    "groups_none",
    V,
    parquet({"v": (pa.int64(), [])}),
    inferred("valid Parquet, and no rule forbids it"),
    "no rows, no row group",
)
accept(
    "group_without_rows",
    V,
    parquet({"v": (pa.int64(), [1, 2])}, groups=[1, 0, 1]),
    inferred("valid Parquet, and no rule forbids it"),
    "a row group of no rows between two",
)

# Row counts.
COUNT = inferred(
    "the counts of footer, row groups and columns contradict each other, so no count can be trusted; " + FORMAT
)


refuse(
    "rows_footer_says_more",
    V,
    in_footer(PLAIN, {3: [I64, 5]}),
    "row_count",
    {},
    COUNT,
    "5 rows by the footer, 4 by its row group",
)
refuse(
    "rows_group_says_fewer",
    V,
    in_group(in_footer(PLAIN, {3: [I64, 3]}), {3: [I64, 3]}),
    "row_count",
    at("v", 0),
    COUNT,
    "3 rows by footer and row group, 4 in the column",
    also=["corrupt"],
)
refuse(
    "rows_column_says_fewer",
    V,
    in_chunk(PLAIN, {5: [I64, 3]}),
    "row_count",
    at("v", 0),
    COUNT,
    "4 rows by the row group, 3 values by the column's metadata",
    also=["corrupt"],
)
UNEVEN = parquet({"a": NUMBERS, "v": NUMBERS})
refuse(
    "rows_columns_uneven",
    "a bigint, v bigint",
    in_chunk(UNEVEN, {5: [I64, 2]}, column=1),
    "row_count",
    at("v", 0),
    COUNT,
    "the second column claims fewer values than the first",
    also=["corrupt"],
)

# Damage.
DAMAGE = inferred("what cannot be read cannot be loaded; " + FORMAT)
NONE = parquet({"v": NUMBERS}, compression="none", write_page_checksum=True)
CHECKED = bytearray(NONE)
CHECKED[CHECKED.index(struct.pack("<q", 2))] ^= 1
refuse(
    "damage_checksum",
    V,
    bytes(CHECKED),
    "corrupt",
    at("v", 0),
    unchecked("no page says whether Redshift looks at a page's CRC; loading a changed value would be worse"),
    "one bit of a value is flipped; only the page's CRC shows it",
)


PAGES_END = chunk(footer(PLAIN))[9][1] + chunk(footer(PLAIN))[7][1]


def overwritten():
    """The compressed bytes of the only page are 0xFF, which snappy cannot read."""
    data, page = bytearray(PLAIN), chunk(footer(PLAIN))[9][1]
    reader = craft.Reader(PLAIN, page)
    size = reader.struct()[3][1]
    data[reader.at : reader.at + size] = b"\xff" * size
    return bytes(data)


refuse("damage_snappy", V, overwritten(), "corrupt", at("v", 0), DAMAGE, "a compressed page is overwritten with 0xFF")
refuse(
    "damage_offset_beyond_file",
    V,
    in_chunk(PLAIN, {9: [I64, 10**9]}),
    "corrupt",
    at("v", 0),
    DAMAGE,
    "the column's pages begin behind the end of the file",
)
refuse(
    "damage_negative_offset",
    V,
    in_chunk(PLAIN, {9: [I64, -4]}),
    "corrupt",
    at("v", 0),
    DAMAGE,
    "the column's pages begin before the file",
)
refuse(
    "damage_pages_missing",
    V,
    MAGIC + PLAIN[PAGES_END:],
    "corrupt",
    at("v", 0),
    DAMAGE,
    "magic and footer, no pages",
    also=["truncated"],
)
refuse(
    "damage_type_in_footer",
    V,
    in_schema(in_chunk(parquet({"v": (pa.int32(), [1, 2, 3])}), {1: [I32, 2]}), {1: [I32, 2]}),
    "footer",
    {},
    DAMAGE,
    "the footer says INT64, the pages hold INT32: too few bytes",
)
refuse(
    "column_in_other_file",
    V,
    in_column(PLAIN, {1: [BINARY, b"other.parquet"]}),
    "corrupt",
    at("v", 0),
    unchecked("no page says that Redshift follows a column into another file"),
    "the column's chunk is said to be in `other.parquet`",
)

# Encryption.
LOCKED = documented(SPECTRUM_FILES, "server-side encryption only, no client-side encryption")
refuse(
    "encrypted_footer", V, b"PARE" + PLAIN[4:-4] + b"PARE", "not_parquet", {}, LOCKED, "the magic of an encrypted footer"
)

# Not Parquet, or not all of it.
VERSION = inferred(
    f"what is no Parquet cannot be loaded as such: Invalid Parquet version number, in {SPECTRUM_TROUBLE}"
)
TAIL = struct.unpack("<I", PLAIN[-8:-4])[0]
# Beginnings and ends as the formats have them; what is between does not matter.
AVRO = b'Obj\x01\x04\x16avro.schema\x0c"long"\x14avro.codec\x08null\x00' + bytes(16) + b"\x02\x02\x02" + bytes(16)


ORC = b"ORC" + bytes(40) + b"\x08\x03\x10\x00\x82\xf4\x03\x03ORC\x0b"


def arrow_file():
    sink = pa.BufferOutputStream()
    with ipc.new_file(sink, pa.schema([("v", pa.int64())])) as writer:
        writer.write_table(pa.table({"v": [1]}))
    return sink.getvalue().to_pybytes()


for name, data, about in [
    ("empty_object", b"", "an object of no bytes"),
    ("magic_only", MAGIC, "four bytes"),
    ("magic_twice", MAGIC + MAGIC, "nothing between the magics"),
    ("csv", b"v\n1\n2\n3\n", "CSV"),
    ("json", b'{"v":1}\n{"v":2}\n', "JSON lines"),
    ("avro", AVRO, "Avro"),
    ("orc", ORC, "ORC"),
    ("arrow", arrow_file(), "an Arrow file"),
    ("gzipped", gzip.compress(PLAIN, 0, mtime=0), "a Parquet file inside gzip, under a name that does not say so"),
    ("first_magic_wrong", b"PAR2" + PLAIN[4:], "the magic at the beginning is wrong, that at the end is right"),
    ("last_magic_wrong", PLAIN[:-4] + b"PAR2", "the magic at the end is wrong"),
    ("trailing_garbage", PLAIN + b"\n", "a newline behind the end"),
    ("leading_garbage", b"\n" + PLAIN, "a newline before the beginning; every offset is off by one"),
]:
    refuse(
        f"file_{name}",
        V,
        data,
        "not_parquet",
        {},
        VERSION,
        about,
        also=["truncated"] if len(data) < 12 or data.startswith(MAGIC) else [],
    )
for name, data, about in [
    ("half", PLAIN[: len(PLAIN) // 2], "the first half of a file"),
    ("last_byte_missing", PLAIN[:-1], "all but the last byte"),
    ("footer_missing", PLAIN[: -8 - TAIL], "the pages, without footer and magic"),
]:
    refuse(f"truncated_{name}", V, data, "truncated", {}, VERSION, about, also=["not_parquet"])
for name, size, about in [
    ("too_long", len(PLAIN), "longer than the file"),
    ("zero", 0, "0"),
    ("negative", 0xFFFFFFFF, "4 GB, or -1"),
    ("one_short", TAIL - 1, "one byte less than it is"),
]:
    refuse(
        f"footer_length_{name}",
        V,
        PLAIN[:-8] + struct.pack("<I", size) + MAGIC,
        "footer",
        {},
        VERSION,
        f"the footer's length is given as {about}",
        also=["not_parquet", "truncated"],
    )
refuse(
    "footer_garbage",
    V,
    with_footer(PLAIN, b"\xff" * TAIL),
    "footer",
    {},
    VERSION,
    "the footer is 0xFF throughout",
    also=["not_parquet"],
)
refuse(
    "footer_without_schema",
    V,
    with_footer(PLAIN, {k: v for k, v in footer(PLAIN).items() if k != 2}),
    "footer",
    {},
    VERSION,
    "a required field of the footer is missing",
)
refuse(
    "footer_cut",
    V,
    with_footer(PLAIN, craft.thrift(footer(PLAIN))[: TAIL // 2]),
    "footer",
    {},
    VERSION,
    "half of a footer, its length given correctly",
)

# Names: COPY decompresses by a name's end, whatever is in the file.
FOLDER = "processed/spacex/launches/run=r1"
UNPACKED = documented(COLUMNAR, "a file with this extension is decompressed without any parameter")
accept(
    "key_ours",
    V,
    PLAIN,
    documented(COLUMNAR),
    "the name that our encoder gives",
    key=f"{FOLDER}/20261122T131200Z-d86ad4-00000.parquet",
)
accept(
    "key_without_extension",
    V,
    PLAIN,
    reported(ARROW_38000, "copy from 's3://bucket/test/test'"),
    "no extension",
    key=f"{FOLDER}/part-0",
)
accept(
    "key_snappy_parquet",
    V,
    PLAIN,
    reported(WRANGLER_280, "`….snappy.parquet` was read as Parquet"),
    "a name as the AWS SDK for pandas gives",
    key=f"{FOLDER}/part-0.snappy.parquet",
)
accept(
    "key_gz_parquet",
    V,
    PLAIN,
    inferred("an extension is a name's end, as `.snappy.parquet` shows"),
    "`.gz` inside the name",
    key=f"{FOLDER}/part-0.gz.parquet",
)
accept(
    "key_gz_in_folder",
    V,
    PLAIN,
    inferred("an extension is a name's end"),
    "`.gz` at the end of a folder's name",
    key="processed/spacex.gz/launches/run=r1/part-0.parquet",
)
for extension in ["gz", "snappy", "bz2"]:
    refuse(
        f"key_{extension}",
        V,
        PLAIN,
        "file_name",
        {},
        UNPACKED,
        f"a name that ends in `.{extension}`",
        key=f"{FOLDER}/part-0.parquet.{extension}",
    )
for extension in ["zst", "zstd", "lzo", "lz4", "deflate", "GZ", "Snappy"]:
    refuse(
        f"key_{'upper_' if extension[0].isupper() else ''}{extension.lower()}",
        V,
        PLAIN,
        "file_name",
        {},
        unchecked("the page names .gz, .snappy and .bz2; whether case matters and other codecs count it does not say"),
        f"a name that ends in `.{extension}`",
        key=f"{FOLDER}/part-0.parquet.{extension}",
    )
HIDDEN = {
    "underscore": "_part-0.parquet",
    "period": ".part-0.parquet",
    "hash": "#part-0.parquet",
    "tilde": "part-0.parquet~",
}
for name, key in HIDDEN.items():
    refuse(
        f"key_hidden_{name}",
        V,
        PLAIN,
        "file_name",
        {},
        unchecked(
            f"Spectrum ignores such files in a folder ({SPECTRUM_TABLES}); of files in a manifest no page speaks"
        ),
        f"the name `{key}`",
        key=f"{FOLDER}/{key}",
    )
