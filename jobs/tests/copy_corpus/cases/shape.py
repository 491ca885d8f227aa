"""Columns: how many, which names, in which order, what may be null, and the files our own encoder writes."""

from pathlib import Path

import pyarrow as pa

import craft
from craft import parquet

from . import *

PAIR = "id bigint not null, name varchar(8)"
ID = ([pa.int64()], [1, 2, 3])
NAME = (pa.string(), ["a", None, "c"])

ANIMALS = (
    "id bigint not null, name varchar(16) not null, species varchar(32), legs bigint, weight_kg double precision, "
    "tame boolean, born_on date, fed_at timestamp, tags super, keeper_id varchar(8), _extra super, "
    "_row_hash varchar(32) not null"
)
MEALS = (
    "animal_id bigint not null, position bigint not null, food varchar(16), grams double precision, _extra super, "
    "_row_hash varchar(32) not null"
)
TICKETS = "ticket bigint not null, price_eur double precision, _extra super, _row_hash varchar(32) not null"


def recorded(name):
    return (Path(__file__).parent.parent / "files" / f"{name}.parquet").read_bytes()


OURS = inferred(
    "format 1.0, V1 pages, snappy, dictionary and plain pages, every type matched; that COPY takes UTF-8 text into "
    "SUPER is reported by " + DLT + " with SERIALIZETOJSON (it lands as a string), and not documented without it"
)
accept("ours_animals", ANIMALS, recorded("ours_animals"), OURS, "our encoder: every type, nulls, JSON text for SUPER")
accept("ours_animal_meals", MEALS, recorded("ours_animal_meals"), OURS, "our encoder: a child table")
accept(
    "ours_no_rows",
    TICKETS,
    recorded("ours_no_rows"),
    inferred(
        "valid Parquet, and no rule forbids it; our encoder writes one for an empty table; a loader can leave it out of "
        "the manifest"
    ),
    "our encoder: no rows and no row group",
)

accept(
    "two_columns",
    PAIR,
    parquet({"id": ID, "name": NAME}),
    documented(COLUMNAR, "number and order of columns match"),
    "a plain file",
)
refuse(
    "one_column_fewer",
    PAIR,
    parquet({"id": ID}),
    "column_count",
    {},
    documented(COLUMNAR, "the number of columns must match"),
    "`name` is missing",
)
refuse(
    "one_column_more",
    PAIR,
    parquet({"id": ID, "name": NAME, "extra": NAME}),
    "column_count",
    {},
    documented(COLUMNAR, "the number of columns must match"),
    "a third column at the end",
)
refuse(
    "no_columns",
    PAIR,
    parquet(pa.table({})),
    "column_count",
    {},
    documented(COLUMNAR, "the number of columns must match"),
    "a schema without any column",
)

POLICY = (
    "our rule: COPY is positional, and its column list is made from the file's order after the names were "
    "compared, so the file's names must be the table's, in the table's order"
)
refuse(
    "name_differs",
    PAIR,
    parquet({"id": ID, "title": NAME}),
    "column_name",
    at("name"),
    inferred(POLICY),
    "`title` where the table has `name`",
)
refuse(
    "name_in_other_case",
    PAIR,
    parquet({"id": ID, "Name": NAME}),
    "column_name",
    at("name"),
    inferred(POLICY + "; Redshift itself folds unquoted names to lower case"),
    "`Name` where the table has `name`",
)
refuse(
    "names_in_other_order",
    PAIR,
    parquet({"name": NAME, "id": ID}),
    "column_name",
    at("id"),
    inferred(POLICY),
    "the right names, swapped; the first difference is named",
)
refuse(
    "names_swapped_same_type",
    "a bigint, b bigint",
    parquet({"b": (pa.int64(), [1]), "a": (pa.int64(), [2])}),
    "column_name",
    at("a"),
    documented(COLUMNAR, "values go into columns in the file's order; " + POLICY),
    "COPY would load it and mix up the columns",
)
refuse(
    "name_twice",
    PAIR,
    parquet(pa.Table.from_arrays([pa.array([1]), pa.array(["a"])], names=["id", "id"])),
    "column_name",
    at("name"),
    inferred(POLICY),
    "both columns are called `id`",
)
refuse(
    "name_with_space",
    PAIR,
    parquet({"id": ID, "name ": NAME}),
    "column_name",
    at("name"),
    inferred(POLICY),
    "a blank after the name",
)

NOT_NULL = documented(CONVERSION, "NULL AS: loading nulls into a NOT NULL column fails")
accept(
    "required_into_not_null",
    "v bigint not null",
    parquet({"v": ([pa.int64()], [1, 2])}),
    MUST_MATCH,
    "required in the file, NOT NULL in the table",
)
accept(
    "required_into_nullable",
    "v bigint",
    parquet({"v": ([pa.int64()], [1, 2])}),
    MUST_MATCH,
    "required in the file, nullable in the table",
)
accept(
    "optional_without_null_into_not_null",
    "v bigint not null",
    parquet({"v": (pa.int64(), [1, 2])}),
    inferred("NOT NULL is about values; the file has no null"),
    "optional in the file, but no null in it",
)
accept(
    "nulls_into_nullable", "v bigint", parquet({"v": (pa.int64(), [None, 1, None])}), MUST_MATCH, "nulls where allowed"
)
accept("all_null", "v varchar(8)", parquet({"v": (pa.string(), [None, None])}), MUST_MATCH, "nothing but nulls")
refuse(
    "null_into_not_null",
    "v bigint not null",
    parquet({"v": (pa.int64(), [1, 2, None, 4])}),
    "null",
    at("v", 0, 2),
    NOT_NULL,
    "one null",
)
refuse(
    "null_in_second_group",
    "v bigint not null",
    parquet({"v": (pa.int64(), [1, 2, 3, None])}, groups=[2, 2]),
    "null",
    at("v", 1, 3),
    NOT_NULL,
    "the null is in the second row group",
)
refuse(
    "null_count_missing",
    "v bigint not null",
    parquet({"v": (pa.int64(), [1, None])}, write_statistics=False),
    "null",
    at("v", 0, 1),
    NOT_NULL,
    "no statistics: only the data shows the fault",
)
refuse(
    "null_count_lies",
    "v bigint not null",
    craft.statistics(parquet({"v": (pa.int64(), [1, None])}), nulls=0),
    "null",
    at("v", 0, 1),
    NOT_NULL,
    "the statistics say no null",
)
accept(
    "null_count_lies_the_other_way",
    "v bigint not null",
    craft.statistics(parquet({"v": (pa.int64(), [1, 2])}), nulls=1),
    NOT_NULL,
    "the statistics say one null, the data has none",
)
refuse(
    "null_row_hash",
    MEALS,
    parquet(
        {
            "animal_id": ([pa.int64()], [1, 2]),
            "position": ([pa.int64()], [1, 1]),
            "food": (pa.string(), ["hay", None]),
            "grams": (pa.float64(), [1.5, None]),
            "_extra": (pa.string(), [None, "{}"]),
            "_row_hash": (pa.string(), ["0" * 32, None]),
        }
    ),
    "null",
    at("_row_hash", 0, 1),
    NOT_NULL,
    "one null in the last of six columns",
)

LIST = pa.array([[1, 2], []], pa.list_(pa.int64()))
STRUCT = pa.array([{"x": 1}, {"x": 2}], pa.struct([("x", pa.int64())]))
MAP = pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64()))
NESTED = documented(
    SUPER_COPY, "structures and arrays go into SUPER by SERIALIZETOJSON only, which our COPY does not say"
)
for name, array in {"list": LIST, "struct": STRUCT, "map": MAP}.items():
    refuse(f"{name}_into_super", "v super", parquet({"v": array}), "nested", at("v"), NESTED, f"a {name} for SUPER")
    refuse(
        f"{name}_into_bigint",
        "v bigint",
        parquet({"v": array}),
        "nested",
        at("v"),
        MUST_MATCH,
        f"a {name} for a plain column",
    )
refuse(
    "struct_beside_columns",
    PAIR,
    parquet({"id": ID, "name": pa.array([{"x": "a"}] * 3)}),
    "nested",
    at("name"),
    MUST_MATCH,
    "a struct with one leaf: as many leaves as the table has columns",
)


refuse(
    "repeated_without_list",
    "v bigint",
    craft.in_schema(parquet({"v": (pa.int64(), [])}), {3: [craft.I32, 2]}),
    "nested",
    at("v"),
    MUST_MATCH,
    "the old form of a list: a repeated field outside any group",
)
