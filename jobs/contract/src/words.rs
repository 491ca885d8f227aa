//! Words that Redshift or PostgreSQL reserves, so that no table or column can use them as a name.
//!
//! Sources: Amazon Redshift Database Developer Guide, "Reserved words"; PostgreSQL manual, appendix C ("reserved").

const RESERVED: &str = "aes128 aes256 all allowoverwrite analyse analyze and any array as asc asymmetric \
authorization az64 backup between binary blanksasnull both bytedict bzip2 case cast check collate collation column \
concurrently connect constraint create credentials cross cube current_catalog current_date current_role \
current_schema current_time current_timestamp current_user current_user_id default deferrable deflate defrag delta \
delta32k desc disable distinct do else emptyasnull enable encode encrypt encryption end except explicit false fetch \
for foreign freeze from full globaldict256 globaldict64k grant group gzip having identity ignore ilike in initially \
inner intersect interval into is isnull join language lateral leading left like limit localtime localtimestamp lun \
luns lzo lzop minus mostly16 mostly32 mostly8 natural new not notnull null nulls off offline offset oid old on only \
open or order outer overlaps parallel partition percent permissions pivot placing primary qualify raw readratio \
recover references rejectlog resort respect restore returning right rowid select session_user similar snapshot some \
symmetric sysdate system system_user table tablesample tag tdes text255 text32k then timestamp to top trailing true \
truncatecolumns union unique unnest unpivot user using variadic verbose wallet when where window with without";

pub(crate) fn reserved(word: &str) -> bool {
    RESERVED.split(' ').any(|reserved| reserved == word)
}

/// The system columns of every table in PostgreSQL (manual, "System Columns") and Redshift. `oid` is also reserved. No
/// other column can have one of these names, but a table can.
pub(crate) const SYSTEM_COLUMNS: [&str; 6] = ["cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"];

/// Returns whether a table and its columns may have this name, if its characters and length are legal.
pub fn is_free(name: &str) -> bool {
    !reserved(name) && !SYSTEM_COLUMNS.contains(&name)
}
