//! Small Parquet files.

use std::path::Path;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

/// The values of a column.
pub enum Values {
    Texts(Vec<Option<String>>),
    Numbers(Vec<i64>),
}

/// A column of texts.
pub fn texts(values: &[&str]) -> Values {
    Values::Texts(values.iter().map(|value| Some((*value).to_owned())).collect())
}

/// Writes a file with this schema; returns its size.
pub fn write(path: &Path, schema: &str, columns: &[Values]) -> u64 {
    let schema = Arc::new(parse_message_type(schema).expect("a schema"));
    let file = std::fs::File::create(path).expect("a new file");
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(WriterProperties::default())).expect("a writer");
    let mut group = writer.next_row_group().expect("a row group");
    for column in columns {
        let mut open = group.next_column().expect("a column").expect("as many columns as in the schema");
        match column {
            Values::Texts(values) => {
                let present: Vec<ByteArray> = values.iter().flatten().map(|text| text.as_str().into()).collect();
                let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
                open.typed::<ByteArrayType>().write_batch(&present, Some(&levels), None).expect("values");
            }
            Values::Numbers(values) => _ = open.typed::<Int64Type>().write_batch(values, None, None).expect("values"),
        }
        open.close().expect("a column");
    }
    group.close().expect("a row group");
    writer.close().expect("a file");
    std::fs::metadata(path).expect("the file").len()
}
