"""How the corpus makes Parquet files: pyarrow for what it can write, a scalpel for the rest.

pyarrow writes correct files only. What it cannot write is made by reading a correct file's footer (Thrift's compact
protocol), changing fields by their numbers in parquet.thrift, and writing the footer back behind the same data pages.
"""

import io
import struct

import pyarrow as pa
import pyarrow.parquet as pq

MAGIC = b"PAR1"


def table(fields, metadata=None):
    """A table from `{name: array}`, or `{name: (type, values)}`; a type in a list, `([type], values)`, is required."""
    arrays, schema = [], []
    for name, column in fields.items():
        required = False
        if isinstance(column, tuple):
            kind, values = column
            if isinstance(kind, list):
                required, kind = True, kind[0]
            column = pa.array(values, kind)
        arrays.append(column)
        schema.append(pa.field(name, column.type, nullable=not required))
    return pa.Table.from_arrays(arrays, schema=pa.schema(schema, metadata))


def parquet(fields, groups=None, **options):
    """The bytes of a file as Redshift likes it: format 1.0, V1 data pages, snappy, plain pages, no Arrow schema.

    `groups` gives the rows of each row group; options are pyarrow's.
    """
    data = fields if isinstance(fields, pa.Table) else table(fields)
    settings = {
        "version": "1.0",
        "data_page_version": "1.0",
        "compression": "snappy",
        "use_dictionary": False,
        "store_schema": False,
        **options,
    }
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, data.schema, **settings) as writer:
        start = 0
        for rows in groups or ([data.num_rows] if data.num_rows else []):
            writer.write_table(data.slice(start, rows), row_group_size=max(rows, 1))
            start += rows
    return sink.getvalue()


# Thrift's compact protocol, without knowing any structure: a struct is {field number: [type, value]}, a list
# (element type, [values]). https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)


class Reader:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def zigzag(self):
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def struct(self):
        fields, number = {}, 0
        while (head := self.byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self.zigzag()
            fields[number] = [head & 15, self.value(head & 15)]
        return fields

    def value(self, kind):
        if kind in (TRUE, FALSE):
            return kind == TRUE
        if kind == BYTE:
            return self.byte()
        if kind in (I16, I32, I64):
            return self.zigzag()
        if kind == DOUBLE:
            self.at += 8
            return self.data[self.at - 8 : self.at]
        if kind == BINARY:
            size = self.varint()
            self.at += size
            return bytes(self.data[self.at - size : self.at])
        if kind in (LIST, SET):
            head = self.byte()
            size = self.varint() if head >> 4 == 15 else head >> 4
            element = head & 15
            if element in (TRUE, FALSE):
                return (element, [self.byte() == TRUE for _ in range(size)])
            return (element, [self.value(element) for _ in range(size)])
        if kind == STRUCT:
            return self.struct()
        raise ValueError(f"Thrift type {kind}")


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def zigzag(value):
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def thrift(fields):
    """The bytes of a struct."""
    out, last = bytearray(), 0
    for number, (kind, value) in sorted(fields.items()):
        if kind in (TRUE, FALSE):
            kind = TRUE if value else FALSE
        out += bytes([(number - last) << 4 | kind]) if number - last < 16 else bytes([kind]) + zigzag(number)
        out += thrift_value(kind, value)
        last = number
    return bytes(out) + b"\0"


def thrift_value(kind, value):
    if kind in (TRUE, FALSE):
        return b""
    if kind == BYTE:
        return bytes([value])
    if kind in (I16, I32, I64):
        return zigzag(value)
    if kind == DOUBLE:
        return value
    if kind == BINARY:
        return varint(len(value)) + value
    if kind in (LIST, SET):
        element, values = value
        head = (
            bytes([len(values) << 4 | element]) if len(values) < 15 else bytes([0xF0 | element]) + varint(len(values))
        )
        if element in (TRUE, FALSE):
            return head + bytes(TRUE if item else FALSE for item in values)
        return head + b"".join(thrift_value(element, item) for item in values)
    return thrift(value)


def footer(data):
    """A file's FileMetaData."""
    size = struct.unpack("<I", data[-8:-4])[0]
    return Reader(data[-8 - size : -8]).struct()


def with_footer(data, meta):
    """The same pages under another footer."""
    size = struct.unpack("<I", data[-8:-4])[0]
    packed = meta if isinstance(meta, bytes) else thrift(meta)
    return data[: -8 - size] + packed + struct.pack("<I", len(packed)) + MAGIC


def edited(data, edit):
    """The file after `edit(footer)`."""
    meta = footer(data)
    edit(meta)
    return with_footer(data, meta)


def element(meta, index=1):
    """A SchemaElement; the first after the root is 1."""
    return meta[2][1][1][index]


def chunk(meta, group=0, column=0):
    """A ColumnMetaData."""
    return row_group(meta, group)[1][1][1][column][3][1]


def row_group(meta, group=0):
    """A RowGroup."""
    return meta[4][1][1][group]


def in_chunk(data, fields, group=0, column=0):
    """The file with other fields in a ColumnMetaData."""
    return edited(data, lambda meta: chunk(meta, group, column).update(fields))


def in_column(data, fields, group=0, column=0):
    """The file with other fields in a ColumnChunk, which holds the ColumnMetaData."""
    return edited(data, lambda meta: row_group(meta, group)[1][1][1][column].update(fields))


def in_group(data, fields, group=0):
    """The file with other fields in a RowGroup."""
    return edited(data, lambda meta: row_group(meta, group).update(fields))


def in_footer(data, fields):
    """The file with other fields in its FileMetaData."""
    return edited(data, lambda meta: meta.update(fields))


def in_schema(data, fields, index=1):
    """The file with other fields in a SchemaElement."""
    return edited(data, lambda meta: element(meta, index).update(fields))


# parquet.thrift: ConvertedType's numbers, and LogicalType's as the union it is.
CONVERTED = {"UTF8": 0, "ENUM": 4, "DECIMAL": 5, "JSON": 19, "INTERVAL": 21}
LOGICAL = {"UTF8": 1, "ENUM": 4, "JSON": 12, "UUID": 14}


def annotated(data, kind, index=1):
    """The file with another meaning of a column's bytes; `kind` is a name above or None for no annotation."""

    def edit(meta):
        field = element(meta, index)
        field.pop(6, None)
        field.pop(10, None)
        if kind in CONVERTED:
            field[6] = [I32, CONVERTED[kind]]
        if kind in LOGICAL:
            field[10] = [STRUCT, {LOGICAL[kind]: [STRUCT, {}]}]

    return edited(data, edit)



def statistics(data, group=0, column=0, **values):
    """The file with other statistics of a column chunk: low, high, nulls, exact (bytes, bytes, int, bool)."""

    def edit(meta):
        stats = chunk(meta, group, column).setdefault(12, [STRUCT, {}])[1]
        for name, numbers in {"low": (2, 6), "high": (1, 5)}.items():
            if name in values:
                for number in numbers:
                    stats.pop(number, None)
                stats[numbers[1]] = [BINARY, values[name]]
        if "nulls" in values:
            stats[3] = [I64, values["nulls"]]
        if "exact" in values:
            stats[7] = stats[8] = [TRUE, values["exact"]]

    return edited(data, edit)


def day(year, month=1, month_day=1):
    """Days since 1970-01-01 in the proleptic Gregorian calendar; year 0 is 1 BC, -4712 is 4713 BC."""
    # https://howardhinnant.github.io/date_algorithms.html#days_from_civil
    year -= month <= 2
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + month_day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def micros(year, month=1, month_day=1):
    """Microseconds since 1970-01-01T00:00:00Z at the day's beginning."""
    return day(year, month, month_day) * 86_400_000_000
